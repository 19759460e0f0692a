"""`hourtab worker`: does what is due. Several may run; each thing is done once."""

import logging
import os
import signal
import threading
import time
from typing import Any

from django.core.management.base import CommandParser
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from hourtab.management.command import Command as Base
from hourtab.schedule import SCHEDULE

log = logging.getLogger(__name__)


class Command(Base):
    """Work through the schedule."""

    help = "Do what is due, until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to stop after one round."""
        parser.add_argument("--parent", type=int, help="end when this process has ended")
        parser.add_argument("--once", action="store_true", help="do what is due now and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        due = dict.fromkeys((name for name, _, _ in SCHEDULE), 0.0)
        while not stop.is_set() and options["parent"] in (None, os.getppid()):
            for name, period, job in SCHEDULE:
                if due[name] <= time.monotonic():
                    self._do(name, job)
                    due[name] = time.monotonic() + period.total_seconds()
            if options["once"]:
                return
            stop.wait(1)

    def _do(self, name: str, job: Any) -> None:
        close_old_connections()
        try:
            done = job(timezone.now())
        except OperationalError as error:
            # Every job would say so with a stack trace, every second.
            log.error("Could not %s: %s Tried again next time.", name, _first_line(error))
        except Exception:
            log.exception("Could not %s; tried again next time.", name)
        else:
            if done:
                log.info("%s: %s", name, done)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
