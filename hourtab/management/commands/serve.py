"""`hourtab serve`: everything a small machine needs: migrate, then web and worker in one."""

import os
import signal
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser

from hourtab.management.command import Command as Base
from hourtab.management.commands.web import take_port
from hourtab.management.setup import migrate_if_needed


class Command(Base):
    """Serve."""

    help = "Bring the database up to date, then serve pages and do what is due. Never makes an account."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an address."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop; the worker ends with it."""
        take_port(options["host"], options["port"])
        migrate_if_needed()
        # uvicorn hands a signal on once it has shut down; as an exception it lets the worker be
        # ended too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        worker = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "hourtab", "worker", "--parent", str(os.getpid())]
        )
        self.stdout.write(f"HourTab is at {settings.SITE_URL} (stop it with Ctrl+C)")
        self.stdout.flush()
        try:
            call_command("web", host=options["host"], port=options["port"])
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        finally:
            worker.terminate()
            worker.wait(timeout=15)
