"""Logging what a quick line says: read it where the retainer it means is today, and store it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from hourtab.accounts.models import Member
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry
from hourtab.ledger.quick import line as quick_line
from hourtab.ledger.quick.line import QuickLine
from hourtab.ledger.reading import cycles
from hourtab.ledger.saying.words import headline
from hourtab.ledger.verbs.categorise import know_category
from hourtab.ledger.verbs.log import log_time
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for


@dataclass(frozen=True, slots=True)
class Logged:
    """A line as it was understood, and the entry it became."""

    line: QuickLine
    work: Work
    entry: Entry

    def plain(self, now: datetime) -> dict[str, Any]:
        """Return it as plain values, with the headline of the balance it left."""
        retainer = Retainer.objects.select_related("client", "workspace").get(
            pk=self.line.retainer.pk
        )
        totals = cycles.current_cycle(retainer, retainer.today(now))
        summary = headline(totals, words_for(retainer)).replace("\u00a0", " ") if totals else ""
        return {
            "ref": retainer.ref,
            "retainer": str(retainer),
            "entry": self.entry.key,
            "on": self.work.on.isoformat(),
            "seconds": self.work.amount,
            "category": self.work.category,
            "description": self.work.description,
            "headline": summary,
        }


@whole
def log_line(
    text: str,
    retainers: Sequence[Retainer],
    *,
    by: Member | None,
    now: datetime,
    category: str = "",
    person: str = "",
) -> Logged:
    """Read a line against the retainers it may mean, and log it. `category`, where given, is known
    from now on, unless the line is refused.

    Raises `QuickLineError` for a line that is not understood, and `LedgerError`.
    """
    today = retainers[0].today(now) if retainers else timezone.localdate()
    line = quick_line.read(text, retainers, today)
    if line.retainer.today(now) != today:
        line = quick_line.read(text, retainers, line.retainer.today(now))
    kind = category or line.category
    work = Work(line.on, line.seconds, category=kind, description=line.description, person=person)
    entry = log_time(line.retainer, work, by=by, now=now)
    if category:
        know_category(line.retainer, category)
    return Logged(line, work, entry)
