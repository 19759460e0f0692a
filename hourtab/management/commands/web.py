"""`hourtab web`: one web process, or several behind one port; one that ends is started anew."""

import contextlib
import os
import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import CommandParser
from uvicorn.supervisors import Multiprocess

from hourtab.lane.connection import Connection
from hourtab.lib import metrics
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, is_migrated
from hourtab.management.setup import make_ready
from hourtab.sharing.services import key_fits

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

STUCK_MS = 45_000
"""A connection that has not taken what was sent for so long is closed: its viewer has vanished."""


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; what it accepts does not outlive its viewer for long."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MS)
    listener.bind((host, port))
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def allow_many_viewers() -> None:
    """Let this process hold as many connections as the system allows it: every open page is one."""
    if resource is not None:
        _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def take_port(host: str, port: int) -> None:
    """Refuse a port that is in use; where another one than the settings' is served, links name that
    one.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(
                f"Port {port} of {host} cannot be used: {error.strerror}. Another one: PORT=9000"
            ) from None
    if port != settings.PORT and f"http://localhost:{settings.PORT}" == settings.SITE_URL:
        settings.SITE_URL = f"http://localhost:{port}"


class Command(Base):
    """Serve pages."""

    help = "Serve pages in this process."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an address."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument(
            "--processes",
            type=int,
            default=1,
            choices=range(1, 65),
            metavar="N",
            help="as many as there are cores",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop."""
        take_port(options["host"], options["port"])
        if not is_migrated():
            raise Refused("This database is not up to date. Run: hourtab migrate")
        if not key_fits():
            raise Refused(
                "LINK_KEY is not the one this database's links were made with: no link would "
                "open. Set it, or restore var/keys."
            )
        make_ready()
        config = uvicorn.Config(
            "hourtab.asgi:app",
            host=options["host"],
            port=options["port"],
            workers=options["processes"],
            access_log=False,
            # What uvicorn logs goes through our formatters: its own would print messages of
            # exceptions.
            log_config=None,
            http=Connection,
            log_level="warning",
            server_header=False,
            # Whom to believe is Django's and allauth's to say, by TRUSTED_PROXIES.
            proxy_headers=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=30,
            # A process that is busy for some seconds is not one that hangs.
            timeout_worker_healthcheck=30,
            limit_concurrency=None,
        )
        allow_many_viewers()
        listener = bound(options["host"], options["port"])
        with metrics.shared():
            if options["processes"] == 1:
                uvicorn.Server(config).run(sockets=[listener])
            else:
                os.environ["PORT"] = str(options["port"])
                Multiprocess(config, sockets=[listener]).run()
