"""`hourtab web`: one web process. Start as many as there are cores."""

import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import CommandParser

from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, is_migrated
from hourtab.management.setup import make_ready
from hourtab.sharing.services import key_fits


def take_port(host: str, port: int) -> None:
    """Refuse a port that is in use; where another one than the settings' is served, links name that one."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(f"Port {port} of {host} cannot be used: {error.strerror}. Another one: PORT=9000") from None
    if port != settings.PORT and f"http://localhost:{settings.PORT}" == settings.SITE_URL:
        settings.SITE_URL = f"http://localhost:{port}"


class Command(Base):
    """Serve pages."""

    help = "Serve pages in this process."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an address."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop."""
        take_port(options["host"], options["port"])
        if not is_migrated():
            raise Refused("This database is not up to date. Run: hourtab migrate")
        if not key_fits():
            raise Refused(
                "LINK_KEY is not the one this database's links were made with: no link would open. Set it, or restore var/keys."
            )
        make_ready()
        uvicorn.run(
            "hourtab.asgi:app",
            host=options["host"],
            port=options["port"],
            access_log=False,
            log_level="warning",
            server_header=False,
            # Whom to believe is Django's and allauth's to say, by TRUSTED_PROXIES.
            proxy_headers=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=30,
            limit_concurrency=None,
        )
