"""`hourtab web`: one web process. Start as many as there are cores."""

from typing import Any

import uvicorn
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser

from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, is_migrated
from hourtab.sharing.services import key_fits


class Command(Base):
    """Serve pages."""

    help = "Serve pages in this process."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an address."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--fd", type=int, help="a listening socket to take over")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop."""
        if not is_migrated():
            raise Refused("This database is not up to date. Run: hourtab migrate")
        if not key_fits():
            raise Refused(
                "LINK_KEY is not the one this database's links were made with: no link would open. Set it, or restore var/keys."
            )
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        uvicorn.run(
            "hourtab.asgi:app",
            host=options["host"],
            port=options["port"],
            fd=options["fd"],
            access_log=False,
            log_level="warning",
            server_header=False,
            # Whom to believe is Django's and allauth's to say, by TRUSTED_PROXIES.
            proxy_headers=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=30,
            limit_concurrency=None,
        )
