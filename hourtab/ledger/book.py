"""The book of a retainer: everything its ledger says as of one day, read once, when it is asked for.

A write carries its book along, so that nothing is read twice; what it changes of terms, pauses, end
or closes, the book is told by `renew`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from hourtab.core.cycles import Calendar, Cycle
from hourtab.core.document import states
from hourtab.core.entries import Close, Ledger
from hourtab.core.results import ClosingState, CycleTotals, Statement
from hourtab.ledger.errors import EverythingClosed
from hourtab.ledger.models import Cycle as CycleRow
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.cycles import cycles_of, known_up_to, opening_before, resume
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class Resumed:
    """A calculation from a closing state on: the state, what was read, and what came out."""

    opening: ClosingState
    ledger: Ledger
    result: Statement


@dataclass(frozen=True, slots=True)
class Tail:
    """One of the last cached cycles. `known` says how many are cached up to it."""

    index: int
    ends_on: date | None
    available: int
    used: int
    closing: dict[str, Any] | None
    known: int

    @property
    def is_reached(self) -> bool:
        """Are all cycles before it cached, too?"""
        return self.known == self.index + 1


class Book:
    """The ledger of one retainer as of `today`."""

    def __init__(self, retainer: Retainer, today: date) -> None:
        self.retainer, self.today = retainer, today

    def renew(self) -> None:
        """Forget what was read: terms, pauses, the end or what is closed has changed."""
        for name in ("calendar", "closes", "_tail"):
            self.__dict__.pop(name, None)
        self.retainer.forget_terms()

    def forget_cycles(self) -> None:
        """Read the cached cycles again when they are asked for: they were computed anew."""
        self.__dict__.pop("_tail", None)

    @cached_property
    def calendar(self) -> Calendar:
        """Its cycles."""
        return self.retainer.calendar()

    @cached_property
    def closes(self) -> Sequence[Close]:
        """The closed cycles, in order, each with the date of its first statement."""
        return entries.closes_of(self.retainer)

    @property
    def closed(self) -> int:
        """How many cycles are closed: the first ones, without a gap."""
        return len(self.closes)

    def unclosed(self) -> Sequence[Cycle]:
        """Return the cycles through today's that are not closed."""
        return self.calendar.through(self.today)[self.closed :]

    def posting(self, on: date) -> date | None:
        """Return the start of the cycle in which an entry of that day posts when its own is closed;
        None where it is not.

        Raises `LedgerError` where every cycle is closed: then only reopening takes late work
        (ledger §5).
        """
        return posting(self.calendar, self.closed, on)

    def balance(self) -> int | None:
        """Return what is left as it was computed last, below 0 where more was used; None before
        the start.
        """
        return self._tail[0].available - self._tail[0].used if self._tail else None

    @property
    def last(self) -> int | None:
        """The index of the last cached cycle."""
        return self._tail[0].index if self._tail else None

    def opening(self, on: date) -> ClosingState:
        """Return the latest cached closing state before `on`: the only one that is decoded.

        Only cycles that are cached without a gap and have ended by today count.
        """
        end = min(on, self.today)
        for row in self._tail:
            if row.closing and row.is_reached and row.ends_on is not None and row.ends_on < end:
                return states.closing_from_json(row.closing)
        if not self._tail or not self._tail[-1].index:
            return ClosingState()
        return opening_before(self.retainer, on, self.today)

    def resume(
        self, since: date, *, until: date | None = None, texts: Sequence[str] = (), **changes: Any
    ) -> Resumed:
        """Compute from the closing state before the cycle of `since` through today, or `until`.

        `changes` replace parts of the ledger: what it would be with other terms, entries, closes.
        """
        until = until or self.today
        opening = self.opening(max(since, self.retainer.starts_on))
        cycles = self.calendar.through(until)[opening.index :]
        if not cycles:
            return Resumed(opening, entries.nothing_of(self.retainer), Statement((), ()))
        ledger = entries.ledger_of(
            self.retainer, cycles[0].starts_on if opening.index else None, texts, self.closes
        )
        ledger = replace(ledger, **changes) if changes else ledger
        return Resumed(opening, ledger, resume(self.retainer, ledger, until, opening))

    def cycles(self) -> Sequence[CycleTotals]:
        """Return all cycles through the one that holds today."""
        return cycles_of(self.retainer, self.today)

    @cached_property
    def _tail(self) -> Sequence[Tail]:
        rows = CycleRow.objects.filter(retainer=self.retainer).order_by("-index")
        return [
            Tail(*row)
            for row in rows.annotate(known=known_up_to()).values_list(
                "index", "ends_on", "totals__available", "totals__used", "closing", "known"
            )[:2]
        ]


def posting(calendar: Calendar, closed: int, on: date) -> date | None:
    """Return what `Book.posting` says where the first `closed` cycles are closed."""
    own = calendar.cycle_of(on)
    if own is None or own.index >= closed:
        return None
    last = calendar.through(own.starts_on)[-1]
    while last.index < closed:
        following = calendar.cycle_of(last.ends_before)
        if following is None:
            raise EverythingClosed()
        last = following
    return last.starts_on
