"""`hourtab balance`: the cycle a date falls in, as numbers and as the sentence on the page."""

from datetime import date
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.core.cycles import FIRST_DAY, LAST_DAY
from hourtab.core.document.write import cycle_json
from hourtab.ledger.reading import cycles
from hourtab.ledger.saying.words import headline
from hourtab.lib.database import snapshot
from hourtab.lib.words import Words
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer


class Command(Base):
    """Print a balance."""

    help = "Print the balance of a retainer."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the reference and, if not today, a date."""
        parser.add_argument("ref", help="reference of the retainer")
        parser.add_argument("--on", help="a date, like 2027-06-30 (default: today)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        with snapshot():
            retainer = find_retainer(options["ref"])
            on = _date(options["on"]) if options["on"] else retainer.today(timezone.now())
            totals = cycles.current_cycle(retainer, on)
        if totals is None:
            raise Refused(
                f"{retainer} starts on {retainer.starts_on}; there is no balance on {on}."
            )
        words = Words(retainer.workspace.locale, retainer.workspace.hour_format, retainer.unit)
        if options["json"]:
            self.print_json(
                cycle_json(totals) | {"headline": headline(totals, words).replace("\u00a0", " ")}
            )
        else:
            self.stdout.write(
                f"{retainer}, {words.stretch(totals.starts_on, totals.ends_on)}: {headline(totals, words)}"
            )


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"--on: “{text}” is not a date. Write for example 2027-06-30.", 2) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Refused(f"--on: {day} is not between {FIRST_DAY} and {LAST_DAY}.", 2)
    return day
