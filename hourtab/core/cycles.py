"""Cycles: which stretch between two resets a date falls in (ledger §1).

A grid runs both ways from its anchor; every date belongs to exactly one cycle of it. A calendar
strings together the grids of a retainer's terms, cut to its start and end.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from hourtab.core.amounts import half_up
from hourtab.core.terms import Cadence, Retainer, Terms

_WEEKS = {"week": 7, "two_weeks": 14}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
FOR_EVER = date.max
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""No date of a ledger lies outside."""
DAY = timedelta(days=1)


class CycleError(ValueError):
    """A date does not fit the grid of cycles. `index` is the place in the list of terms, where
    there is one.
    """

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


def start(anchor: date, cadence: Cadence, k: int) -> date:
    """Return the first day of cycle `k`, always counted from the anchor, the day clamped to the
    month's last.
    """
    if cadence in _WEEKS:
        return anchor + timedelta(days=_WEEKS[cadence] * k)
    months = anchor.year * 12 + anchor.month - 1 + _MONTHS[cadence] * k
    year, month = divmod(months, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def index_of(anchor: date, cadence: Cadence, on: date) -> int:
    """Return the k of the cycle that holds `on`; negative before the anchor."""
    if cadence in _WEEKS:
        return (on - anchor).days // _WEEKS[cadence]
    k = ((on.year - anchor.year) * 12 + on.month - anchor.month) // _MONTHS[cadence]
    return k if start(anchor, cadence, k) <= on else k - 1


@dataclass(frozen=True, slots=True)
class Cycle:
    """One stretch between two resets: `[starts_on, ends_before)`, with the terms valid in it.

    `cap` is what its base lot is born with: the terms' cap, or a stub's share; 0 while paused.
    """

    index: int
    starts_on: date
    ends_before: date
    terms: Terms
    cap: int
    is_last: bool = False
    is_paused: bool = False

    @property
    def ends_on(self) -> date:
        """The last day."""
        return self.ends_before if self.ends_before == FOR_EVER else self.ends_before - DAY

    def __contains__(self, on: date) -> bool:
        return self.starts_on <= on < self.ends_before or on == self.ends_before == FOR_EVER

    @property
    def grid_days(self) -> int:
        """How many days its whole grid cycle has: what a share is divided by, also in a stub."""
        if self.terms.cadence == "once":
            return (self.ends_before - self.starts_on).days
        k = index_of(self.terms.anchor_on, self.terms.cadence, self.starts_on)
        return (
            start(self.terms.anchor_on, self.terms.cadence, k + 1)
            - start(self.terms.anchor_on, self.terms.cadence, k)
        ).days

    def distance(self, on: date) -> int:
        """Return how many resets lie between this cycle and `on`, by the terms valid now, whatever
        comes later.
        """
        cadence, anchor = self.terms.cadence, self.terms.anchor_on
        if cadence == "once":
            return 0
        return max(0, index_of(anchor, cadence, on) - index_of(anchor, cadence, self.starts_on))


class Calendar:
    """The cycles of a retainer, in order, as far as they are asked for."""

    def __init__(
        self, retainer: Retainer, terms: Sequence[Terms], pauses: Collection[date] = ()
    ) -> None:
        """Check that the terms fit each other; raise `CycleError` where a version does not start a
        cycle.
        """
        self.retainer = retainer
        self.terms = terms
        self.pauses = pauses
        self._ends_before = _after(retainer.ends_on)
        self._check()
        self._cycles: list[Cycle] = []
        self._starts: list[date] = []
        self._source = self._walk()

    def _check(self) -> None:
        retainer, terms = self.retainer, self.terms
        if not terms or terms[0].effective_on > retainer.starts_on:
            raise CycleError(
                "the first terms take effect after the retainer starts", 0 if terms else None
            )
        if retainer.ends_on is not None and retainer.ends_on < retainer.starts_on:
            raise CycleError("the retainer ends before it starts")
        for i, (before, after) in enumerate(pairwise(terms), 1):
            day = after.effective_on
            if day <= max(before.effective_on, retainer.starts_on):
                raise CycleError(
                    f"{day} is not after the version before it and the retainer's start", i
                )
            if retainer.ends_on is not None and day > retainer.ends_on:
                raise CycleError(f"{day} is after the retainer's end", i)
            if before.cadence == "once":
                raise CycleError("a prepaid block is one cycle: no later terms can start in it", i)
            k = index_of(before.anchor_on, before.cadence, day)
            if start(before.anchor_on, before.cadence, k) != day:
                following = start(before.anchor_on, before.cadence, k + 1)
                raise CycleError(
                    f"{day} does not start a cycle of the terms before; the next cycle starts {following}",
                    i,
                )

    def _walk(self) -> Iterator[Cycle]:
        index, day = 0, self.retainer.starts_on
        for i, terms in enumerate(self.terms):
            until = self.terms[i + 1].effective_on if i + 1 < len(self.terms) else self._ends_before
            while day < until:
                yield (cycle := self._cycle(index, day, terms, until))
                index, day = index + 1, cycle.ends_before

    def _cycle(self, index: int, day: date, terms: Terms, until: date) -> Cycle:
        if terms.cadence == "once":
            first, full_end = day, until
        else:
            k = index_of(terms.anchor_on, terms.cadence, day)
            first = start(terms.anchor_on, terms.cadence, k)
            full_end = start(terms.anchor_on, terms.cadence, k + 1)
        cap = terms.cap
        if first != day and terms.stub == "none":
            cap = 0
        elif first != day and terms.stub == "prorated":
            cap = prorate(
                cap, (full_end - day).days, (full_end - first).days, self.retainer.quantum
            )
        paused = day in self.pauses
        end = min(full_end, until)
        return Cycle(
            index,
            day,
            end,
            terms,
            0 if paused else cap,
            end == self._ends_before != FOR_EVER,
            paused,
        )

    def cycle_of(self, on: date) -> Cycle | None:
        """Return the cycle that holds `on`; None before the start, after the end, and beyond
        `LAST_DAY`.
        """
        if on < self.retainer.starts_on or on > LAST_DAY or on >= self._ends_before != FOR_EVER:
            return None
        while not self._cycles or self._cycles[-1].ends_before <= on:
            cycle = next(self._source)
            self._cycles.append(cycle)
            self._starts.append(cycle.starts_on)
        return self._cycles[bisect_right(self._starts, on) - 1]

    def through(self, on: date) -> Sequence[Cycle]:
        """Return all cycles from the first to the one that holds `on` (all of them after the
        end).
        """
        if on < self.retainer.starts_on:
            return ()
        last = self.cycle_of(min(on, LAST_DAY, self._ends_before - DAY))
        return self._cycles[: last.index + 1] if last else ()

    def starts_cycle(self, on: date) -> bool:
        """Is `on` the first day of a cycle?"""
        cycle = self.cycle_of(on)
        return cycle is not None and cycle.starts_on == on


def prorate(amount: int, days: int, cycle_days: int, quantum: int) -> int:
    """Return the share of `amount` for `days` of a full grid cycle, half up to a `quantum`, rounded
    once (ledger §1).
    """
    return half_up(amount * days, cycle_days * quantum) * quantum


def _after(day: date | None) -> date:
    return FOR_EVER if day is None else day + DAY
