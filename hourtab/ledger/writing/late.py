"""Where lines post: in their own cycle, or, where that is closed, in the earliest unclosed one
(ledger §5).
"""

from datetime import date

from hourtab.ledger.book import posting
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry
from hourtab.ledger.reading import closed
from hourtab.retainers.models import Retainer


class Late:
    """What is closed of a retainer, and where late lines go; asked for many lines at once."""

    def __init__(self, retainer: Retainer) -> None:
        self.retainer = retainer
        self.closed = closed.closed_count(retainer)
        self.calendar = retainer.calendar()
        self.known: dict[date, date | None] = {}

    def is_closed(self, on: date) -> bool:
        """Is the cycle of that day closed?"""
        cycle = self.calendar.cycle_of(on) if self.closed else None
        return cycle is not None and cycle.index < self.closed

    def posting(self, on: date) -> date | None:
        """Return the start of the cycle in which a line of that day posts when its own is closed;
        None where it is not.

        Raises `LedgerError` where every cycle is closed.
        """
        if on not in self.known:
            self.known[on] = posting(self.calendar, self.closed, on) if self.closed else None
        return self.known[on]

    def posted(self, work: Work, entry: Entry | None = None) -> Work:
        """Return a line as it posts; one that is there already and keeps its day posts where it
        did.
        """
        if not self.closed:
            return work
        if entry and not entry.is_withdrawn and entry.on == work.on:
            return work._replace(posted=entry.posts_on if entry.posts_on != entry.on else None)
        return work._replace(posted=self.posting(work.on))
