"""Lots: hours that may be drawn until they expire; granted, drawn, expired and trimmed in whole
cycles (ledger §3).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from hourtab.core.cycles import Cycle
from hourtab.core.entries import TopUp

Kind = Literal["goodwill", "reinstated", "base", "topup"]
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

    def expires_after(self, cycle: Cycle) -> float:
        """Return the index of its last usable cycle as it stands in `cycle`, by the terms and
        pauses known by then.

        A pause or new terms that come later do not reorder what was drawn before them.
        """
        if self.until is not None:
            return cycle.index + cycle.distance(self.until)
        return math.inf if self.last is None else self.last

    def has_further_cycle(self, cycle: Cycle) -> bool:
        """Can it still be drawn after `cycle`?"""
        if cycle.is_last:
            return False
        if self.until is not None:
            return self.until >= cycle.ends_before
        return cycle.is_paused or self.last is None or self.last > cycle.index


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Hours that expired or were trimmed at the end of cycle `lapsed`; `reinstated` of them were
    used later.
    """

    kind: Kind
    id: str
    born: int
    lapsed: int
    amount: int
    reinstated: int = 0

    def was_usable_in(self, index: int) -> bool:
        """Could these hours be drawn in the cycle with that index?"""
        return self.born <= index <= self.lapsed


def reinstate(lapsed: list[Lapsed], index: int, wanted: int) -> int:
    """Take up to `wanted` of what was usable in cycle `index` and has lapsed since, oldest first
    (ledger §5).

    Notes in `lapsed` what was taken, and returns how much that is.
    """
    taken = 0
    for place in sorted(range(len(lapsed)), key=lambda i: (lapsed[i].born, lapsed[i].lapsed, i)):
        item = lapsed[place]
        some = (
            min(wanted - taken, item.amount - item.reinstated) if item.was_usable_in(index) else 0
        )
        if some > 0:
            lapsed[place] = replace(item, reinstated=item.reinstated + some)
            taken += some
    return taken


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

    def _draw_order(self, lot: Lot) -> tuple[float, int, int, date, str]:
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
        return {lot.key: lot.left - left for lot, left in self._pairs() if lot.left > left}

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
        return Lapsed(lot.kind, lot.id, lot.born, self._cycle.index, amount)

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
