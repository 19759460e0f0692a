"""`hourtab worker`: does what is due. Several may run; each thing is done once."""

import logging
import os
import signal
from typing import Any

from django.core.management.base import CommandParser

from hourtab.management.command import Command as Base
from hourtab.schedule import SCHEDULE
from hourtab.worker.lanes import Lane, do_once, work
from hourtab.worker.rows import stopping


class Command(Base):
    """Work through the schedule."""

    help = "Do what is due, until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which lanes to work in, and whether to stop after one round."""
        parser.add_argument("--parent", type=int, help="end when this process has ended")
        parser.add_argument("--once", action="store_true", help="do what is due now and end")
        parser.add_argument(
            "--lane",
            action="append",
            choices=list(Lane),
            help="work in this lane alone; repeatable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work."""
        lanes = options["lane"] or list(Lane)
        jobs = [job for job in SCHEDULE if job.lane in lanes]
        if options["once"]:
            do_once(jobs)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if not work(jobs, lambda: options["parent"] not in (None, os.getppid())):
            # A lane waits for somebody who does not answer. What it was at is safe to cut off; the
            # interpreter's own way out would wait for it.
            logging.shutdown()
            os._exit(0)
