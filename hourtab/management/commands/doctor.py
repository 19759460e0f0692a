"""`hourtab doctor`: look the installation over, and say the way out of what is not well."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.management.command import Command as Base
from hourtab.operating.doctor import look_over

_SIGNS = {"ok": "ok   ", "look": "look ", "wrong": "WRONG"}


class Command(Base):
    """Look the installation over."""

    help = "Check settings, keys, mail, clock, database, disk, worker and backups."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each finding; status 1 where something is wrong."""
        found = list(look_over(timezone.now()))
        wrong = sum(finding.level == "wrong" for finding in found)
        if options["json"]:
            self.print_json({"findings": [asdict(finding) for finding in found], "wrong": wrong})
        else:
            for finding in found:
                way_out = f"\n             → {finding.way_out}" if finding.way_out else ""
                self.stdout.write(
                    f"{_SIGNS[finding.level]}  {finding.about}: {finding.said}{way_out}"
                )
        if wrong:
            self.leave(f"{wrong} of {len(found)} checks found something wrong.", 1)
