"""Entries draw in their order: a late one what lapsed since its own cycle, then the pool, then what
was approved beyond it; what is left is to be settled (ledger §3, §4).
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from hourtab.core.coverage import BEYOND, POOL, Cover, add_step
from hourtab.core.entries import Authorisation, Entry
from hourtab.core.lots import Lapses, Pool, Taken
from hourtab.core.overage import authorised
from hourtab.core.payments import Part, Returned
from hourtab.core.results import Line


@dataclass(frozen=True, slots=True)
class Standing:
    """What goes for all cycles: approvals in the order of their use, the entries that are
    corrected, the index of the cycle of a date, and what lapsed before.
    """

    authorisations: Sequence[Authorisation]
    corrected: frozenset[str]
    index_of: Callable[[date], int]
    lapses: Lapses


@dataclass(frozen=True, slots=True)
class Room:
    """The hours of a cycle when its entries begin to draw: debt has drawn already."""

    pool: Pool
    granted: int
    topped_up: int
    carried_in: int
    debt_in: int
    by_debt: int
    available: int
    reinstated: Mapping[str, Sequence[Taken]]


@dataclass(slots=True)
class Drawn:
    """What the entries of a cycle drew. `traces` are the corrected ones: what paid for each at
    once, then where its part of the unauthorised overage begins, and how long that is.
    """

    lines: list[Line] = field(default_factory=list)
    steps: list[Cover] = field(default_factory=list)
    bills: list[Part] = field(default_factory=list)
    traces: list[tuple[str, list[Part], int, int]] = field(default_factory=list)
    used: int = 0
    overage: int = 0
    unauthorised: int = 0


def draw(
    entries: Sequence[Entry],
    charges: Sequence[int],
    room: Room,
    standing: Standing,
    used_of: MutableMapping[str, int],
    back: Mapping[str, Returned],
) -> Drawn:
    """Let the entries draw in their order: a late one its reinstated hours, then the pool, then
    approvals; what is left is to be settled.
    """
    drawn, corrected, reinstated = Drawn(), standing.corrected, room.reinstated
    steps = drawn.steps
    held = left = room.pool.held
    balance, pooled = room.available, 0
    new, add = tuple.__new__, drawn.lines.append  # A call of `Line` costs as much as all the rest.
    for entry, charged in zip(entries, charges, strict=True):
        name = entry.id
        if charged < 0:
            hours = back[name].hours
            add(new(Line, (name, charged, -hours, charged + hours, balance)))
            drawn.overage += charged + hours
            continue
        own = 0
        if reinstated and name in reinstated:
            own = sum(some.amount for some in reinstated[name])
            add_step(steps, POOL, pooled)
            add_step(steps, f"reinstated:{name}", own)
            pooled = 0
        covered = charged - own if charged - own <= left else left
        overage = charged - own - covered
        left -= covered
        balance -= charged
        pooled += covered
        parts: list[Part] = []
        if overage:
            add_step(steps, POOL, pooled)
            pooled = 0
            parts = _beyond(drawn, entry.on, overage, standing.authorisations, used_of)
        if corrected and (root := entry.corrects or name) in corrected:
            rest = overage - sum(part.amount for part in parts)
            direct = [Part("drawn", charged - overage), *parts]
            drawn.traces.append((root, direct, drawn.unauthorised - rest, rest))
        add(new(Line, (name, charged, charged - overage, overage, balance)))
    add_step(steps, POOL, pooled)
    drawn.used = room.available - balance
    room.pool.draw(held - left)
    return drawn


def _beyond(
    drawn: Drawn,
    on: date,
    overage: int,
    authorisations: Sequence[Authorisation],
    used_of: MutableMapping[str, int],
) -> list[Part]:
    """Use approved extra hours for what no lot covered, and note the rest; return what they took."""
    parts: list[Part] = []
    rest = overage
    if authorisations:
        for approval, part in authorised(authorisations, used_of, on, overage):
            add_step(drawn.steps, f"authorisation:{approval}", part.amount, part.rate)
            parts.append(part)
            rest -= part.amount
    add_step(drawn.steps, BEYOND, rest)
    drawn.bills += parts
    drawn.overage += overage
    drawn.unauthorised += rest
    return parts
