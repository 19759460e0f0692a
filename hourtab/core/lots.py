"""Lots: hours that may be drawn until they expire; granted, drawn, expired and trimmed in whole
cycles (ledger §3).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple, Protocol

from hourtab.core.coverage import Cover
from hourtab.core.cycles import Cycle
from hourtab.core.entries import TopUp

Kind = Literal["goodwill", "reinstated", "base", "topup"]
_NEVER = 10**9
"""An index no cycle reaches."""
_RANK: dict[Kind, int] = {"goodwill": 0, "reinstated": 1, "base": 2, "topup": 3}


@dataclass(frozen=True, slots=True)
class Lot:
    """Hours granted together. A lot with K lives through cycle `last` by index, a top-up through
    the cycle of `until`.

    None in both means for ever.
    """

    kind: Kind
    id: str
    born: int
    born_on: date
    granted: int
    left: int
    last: int | None = None
    until: date | None = None

    @property
    def key(self) -> str:
        """How statements name it: `base:2027-01-31`, `topup:t1`."""
        return f"{self.kind}:{self.id}"

    def expires_after(self, cycle: Cycle) -> int:
        """Return the index of its last usable cycle as it stands in `cycle`, by the terms and
        pauses known by then.

        A pause or new terms that come later do not reorder what was drawn before them.
        """
        if self.until is not None:
            return cycle.index + cycle.distance(self.until)
        return _NEVER if self.last is None else self.last

    def has_further_cycle(self, cycle: Cycle) -> bool:
        """Can it still be drawn after `cycle`?"""
        if cycle.is_last:
            return False
        if self.until is not None:
            return self.until >= cycle.ends_before
        return cycle.is_paused or self.last is None or self.last > cycle.index


class Lapsed(NamedTuple):
    """Hours of a lot that expired or were trimmed at the end of a cycle."""

    kind: Kind
    id: str
    born: int
    born_on: date
    amount: int


class Taken(NamedTuple):
    """What late work took of what had lapsed: of the lapse in that `place` of the end of a `cycle`,
    by its index.
    """

    cycle: int
    place: int
    amount: int


class End(Protocol):
    """The end of the cycle before `index`: what lapsed in it, and what late work took in that
    cycle of earlier lapses.
    """

    @property
    def index(self) -> int: ...
    @property
    def lapsed(self) -> Sequence[Lapsed]: ...
    @property
    def taken(self) -> Sequence[Taken]: ...


type Past = Callable[[int], Sequence[End]]
"""Returns the ends of the cycles from an index up to the opening."""


class Lapses:
    """What lapsed at the ends of earlier cycles, read as far back as late work asks for it."""

    def __init__(self, first: int, past: Past) -> None:
        """Begin with the cycle `first`; `past` is asked for what lies before it only when needed."""
        self._first = first
        self._past = past
        self._ends: list[End] = []

    def add(self, end: End) -> None:
        """Take over the end of the next cycle."""
        self._ends.append(end)

    def since(self, index: int) -> list[tuple[Lapsed, Taken]]:
        """Return what was usable in the cycle with that index and has lapsed since, each with what
        is still left of it, the oldest lot first.
        """
        if index < self._first:
            self._ends[:0] = self._past(index)
            self._first = index
        later = [end for end in self._ends if end.index > index]
        gone = Counter[tuple[int, int]]()
        for end in later:
            for taken in end.taken:
                gone[taken.cycle, taken.place] += taken.amount
        found = []
        for end in later:
            for place, item in enumerate(end.lapsed):
                left = item.amount - gone[end.index - 1, place]
                if item.born <= index and left:
                    found.append((item, Taken(end.index - 1, place, left)))
        return sorted(
            found, key=lambda each: (each[0].born, each[0].born_on, each[0].id, each[1][:2])
        )


def reinstate(lapses: Lapses, late: Iterable[tuple[str, int, int]]) -> dict[str, list[Taken]]:
    """Return what each late entry takes of what was usable in its own cycle and has lapsed since.

    `late` are entries in their order: id, index of the own cycle, and how much each could use.
    """
    found: dict[str, list[Taken]] = {}
    gone = Counter[tuple[int, int]]()
    for entry, index, wanted in late:
        some: list[Taken] = []
        for _item, there in lapses.since(index) if wanted else ():
            amount = min(wanted, there.amount - gone[there[:2]])
            if amount > 0:
                gone[there[:2]] += amount
                wanted -= amount
                some.append(there._replace(amount=amount))
        if some:
            found[entry] = some
    return found


class Pool:
    """The lots that may be drawn in one cycle, in draw order: expiry soonest first, then kind, then
    age.
    """

    def __init__(self, held: Iterable[Lot], granted: Iterable[Lot], cycle: Cycle) -> None:
        """Take over the lots `held` from before, and those `granted` in this cycle."""
        carried = [_skip_pause(lot) if cycle.is_paused else lot for lot in held]
        self._cycle = cycle
        self._lots = sorted([*carried, *granted], key=self._draw_order)
        self._left = [lot.left for lot in self._lots]
        self._next = 0

    def _draw_order(self, lot: Lot) -> tuple[int, int, int, date, str]:
        return (lot.expires_after(self._cycle), _RANK[lot.kind], lot.born, lot.born_on, lot.id)

    def draw(self, amount: int) -> int:
        """Take `amount` out of the lots in draw order; return what they could not cover."""
        while amount and self._next < len(self._lots):
            taken = min(amount, self._left[self._next])
            self._left[self._next] -= taken
            amount -= taken
            if not self._left[self._next]:
                self._next += 1
        return amount

    @property
    def held(self) -> int:
        """What is left in all lots."""
        return sum(self._left)

    def drawn(self) -> dict[str, int]:
        """Return what was taken in this cycle, by lot, in draw order."""
        found: dict[str, int] = {}
        for lot, left in self._pairs():
            if lot.left > left:
                # A goodwill lot and a correction may have the same name.
                found[lot.key] = found.get(lot.key, 0) + lot.left - left
        return found

    def covers(self) -> list[Cover]:
        """Return the same as a coverage."""
        return [Cover(lot.key, lot.left - left) for lot, left in self._pairs() if lot.left > left]

    def settle(self, limit: int | None) -> tuple[Sequence[Lot], int, int, Sequence[Lapsed]]:
        """Expire what has no further cycle, then trim base lots to `limit`, in draw order.

        Returns the lots that live on, the amounts expired and trimmed, and a record of both.
        """
        expired, lapsed, living = 0, [], []
        for lot, left in self._pairs():
            if not left:
                continue
            if lot.has_further_cycle(self._cycle):
                living.append(replace(lot, left=left))
            else:
                expired += left
                lapsed.append(self._lapse(lot, left))
        base = sum(lot.left for lot in living if lot.kind == "base")
        excess = 0 if limit is None or self._cycle.is_paused else max(0, base - limit)
        trimmed, kept = excess, []
        for lot in living:
            cut = min(excess, lot.left) if lot.kind == "base" else 0
            excess -= cut
            if cut:
                lapsed.append(self._lapse(lot, cut))
            if lot.left > cut:
                kept.append(replace(lot, left=lot.left - cut))
        return kept, expired, trimmed, lapsed

    def _lapse(self, lot: Lot, amount: int) -> Lapsed:
        return Lapsed(lot.kind, lot.id, lot.born, lot.born_on, amount)

    def _pairs(self) -> Iterable[tuple[Lot, int]]:
        return zip(self._lots, self._left, strict=True)


def base_lot(cycle: Cycle, amount: int) -> Lot:
    """Return the lot a cycle grants, with the rollover of the terms of its birth."""
    cycles = cycle.terms.rollover.cycles
    last = None if cycles is None else cycle.index + cycles
    return Lot(
        "base", cycle.starts_on.isoformat(), cycle.index, cycle.starts_on, amount, amount, last=last
    )


def returned_lot(cycle: Cycle, correction: str, amount: int) -> Lot:
    """Return the goodwill lot that a negative correction gives back in `cycle`: usable through it
    and K cycles more.
    """
    return replace(base_lot(cycle, amount), kind="goodwill", id=correction)


def topup_lot(cycle: Cycle, topup: TopUp) -> Lot:
    """Return the lot of a top-up made in `cycle`."""
    until = (
        cycle.ends_on if topup.until is None else None if topup.until == "never" else topup.until
    )
    return Lot(topup.kind, topup.id, cycle.index, topup.on, topup.amount, topup.amount, until=until)


def _skip_pause(lot: Lot) -> Lot:
    return replace(lot, last=lot.last + 1) if lot.last is not None else lot
