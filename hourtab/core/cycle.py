"""One cycle, from the state before it to the state after it, in the order of ledger §3–5: corrections
give back, decisions are carried, the pool opens, entries draw, the end settles.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from hourtab.core.coverage import coverage
from hourtab.core.cycles import Cycle
from hourtab.core.drawing import Drawn, Room, Standing, draw
from hourtab.core.entries import Authorisation, Decision, Entry, TopUp, charges_of
from hourtab.core.lots import (
    Lapsed,
    Lot,
    Pool,
    Taken,
    base_lot,
    reinstate,
    returned_lot,
    topup_lot,
)
from hourtab.core.overage import Settlement, decided, settled
from hourtab.core.payments import Accounts, Part, Returned, shares
from hourtab.core.results import ClosingState, CycleTotals, Line, State


class CorrectionError(ValueError):
    """A correction gives back more than was charged. `entry` is its id."""

    def __init__(self, entry: str) -> None:
        super().__init__("gives back more than was charged")
        self.entry = entry


@dataclass(slots=True)
class Events:
    """What posts in one cycle: entries in entry order, decisions in the order they were made."""

    entries: list[Entry] = field(default_factory=list)
    topups: list[TopUp] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    transferred: int = 0
    planned: int = 0


class Played(NamedTuple):
    """A cycle as it came out, the lines of its entries, and the state the next one opens with."""

    totals: CycleTotals
    lines: Sequence[Line]
    closing: ClosingState


def play(
    cycle: Cycle,
    opening: ClosingState,
    events: Events,
    standing: Standing,
    *,
    is_open: bool,
    is_closed: bool,
) -> Played:
    """Play a cycle. An open one is settled as its end would settle it now, but nothing lapses."""
    accounts = Accounts(opening.paid, opening.awaiting, opening.debt)
    used_of = dict(opening.authorised)
    charges = charges_of(events.entries, cycle.terms)
    back = _give_back(events.entries, charges, accounts)
    carried = _carry_decisions(cycle, events.decisions, accounts)
    room = _open_pool(cycle, opening, events, charges, standing, back, accounts)
    drawn = draw(events.entries, charges, room, standing, used_of, back)
    end = _settle(cycle, events, room, drawn, accounts)

    billed_at = _billed_at(back, carried, drawn, end.settlement)
    settled_here = sum(some.settled for some in back.values()) + sum(carried.taken.values())
    reinstated = {
        f"reinstated:{entry}": sum(some.amount for some in taken)
        for entry, taken in room.reinstated.items()
    }
    closing = ClosingState(
        index=cycle.index + 1,
        lots=tuple(end.living),
        lapsed=tuple(end.lapsed),
        taken=tuple(some for taken in room.reinstated.values() for some in taken),
        debt=accounts.debt,
        authorised=used_of,
        awaiting=accounts.awaiting,
        paid=accounts.paid,
    )
    totals = CycleTotals(
        starts_on=cycle.starts_on,
        ends_on=cycle.ends_on,
        cap=cycle.cap,
        carried_in=room.carried_in,
        topped_up=room.topped_up,
        transferred=room.granted - cycle.cap,
        reinstated=sum(reinstated.values()),
        debt_in=room.debt_in,
        available=room.available,
        used=drawn.used,
        planned=0 if is_closed else events.planned,
        drawn=reinstated | room.pool.drawn(),
        overage=drawn.overage,
        authorised=sum(part.amount for part in drawn.bills),
        billed=sum(billed_at.values()),
        absorbed=end.settlement.of("absorbed")
        + carried.of("absorbed")
        - sum(some.absorbed for some in back.values()),
        awaiting=end.settlement.of("awaiting"),
        settled=settled_here,
        expired=0 if is_open else end.expired,
        trimmed=0 if is_open else end.trimmed,
        carried_out=room.pool.held if is_open else sum(lot.left for lot in end.living),
        debt_out=accounts.debt,
        remaining=max(0, room.available - drawn.used),
        state=_state(cycle, is_open=is_open, is_closed=is_closed),
        ceiling=_ceiling(cycle, standing.authorisations, opening),
        lapsing=end.expired + end.trimmed,
        billed_at=billed_at,
        decided={**carried.taken, **end.settlement.taken},
        pending=accounts.awaiting,
        revived=_revived(room.reinstated),
        coverage=coverage(drawn.steps, room.pool.covers(), room.by_debt, end.settlement.segments),
        closing=None if is_open else closing,
    )
    return Played(totals, drawn.lines, closing)


def _give_back(
    entries: Sequence[Entry], charges: Sequence[int], accounts: Accounts
) -> dict[str, Returned]:
    """Give back what negative corrections take off their originals, the way those were paid."""
    found: dict[str, Returned] = {}
    if min(charges, default=0) >= 0:
        return found
    for entry, charged in zip(entries, charges, strict=True):
        if charged < 0:
            returned = accounts.give_back(entry.corrects or "", -charged)
            if returned is None:
                raise CorrectionError(entry.id)
            found[entry.id] = returned
    return found


@dataclass(frozen=True, slots=True)
class _Carried:
    segments: Sequence[Part]
    taken: Mapping[str, int]

    def of(self, fate: str) -> int:
        return sum(part.amount for part in self.segments if part.fate == fate)


def _carry_decisions(cycle: Cycle, decisions: Sequence[Decision], accounts: Accounts) -> _Carried:
    """Settle what awaited in cycles that were closed when it was decided."""
    segments: list[Part] = []
    taken: dict[str, int] = {}
    for decision in decisions:
        if decision.cycle != cycle.starts_on:
            about = decision.cycle.isoformat()
            amount = taken[decision.id] = min(decision.amount, accounts.awaiting.get(about, 0))
            if amount:
                parts = decided(decision, amount, accounts.debt, cycle)
                accounts.decide(about, parts)
                segments += parts
    return _Carried(segments, taken)


def _open_pool(
    cycle: Cycle,
    opening: ClosingState,
    events: Events,
    charges: Sequence[int],
    standing: Standing,
    back: Mapping[str, Returned],
    accounts: Accounts,
) -> Room:
    """Grant the lots of the cycle, find what late work may use of what lapsed, and let debt draw."""
    # Late entries are dated before the cycle, so that they come first.
    late = takewhile(
        lambda pair: pair[0].on < cycle.starts_on, zip(events.entries, charges, strict=True)
    )
    reinstated = reinstate(
        standing.lapses,
        [
            (entry.id, standing.index_of(entry.on), charged)
            for entry, charged in late
            if charged > 0
        ],
    )
    granted = 0 if cycle.is_paused else max(0, cycle.cap + events.transferred)
    lots = [base_lot(cycle, granted)] if granted else []
    given = [returned_lot(cycle, entry, some.hours) for entry, some in back.items() if some.hours]
    given += [topup_lot(cycle, topup) for topup in events.topups]
    pool = Pool(opening.lots, [*lots, *given], cycle)
    topped_up, carried_in = (sum(lot.left for lot in some) for some in (given, opening.lots))
    extra = sum(some.amount for taken in reinstated.values() for some in taken)
    debt_in = accounts.debt
    by_debt = debt_in - pool.draw(debt_in)
    accounts.pay_debt(by_debt)
    available = carried_in + granted + topped_up + extra - debt_in
    return Room(pool, granted, topped_up, carried_in, debt_in, by_debt, available, reinstated)


@dataclass(frozen=True, slots=True)
class _End:
    settlement: Settlement
    living: Sequence[Lot]
    expired: int
    trimmed: int
    lapsed: Sequence[Lapsed]


def _settle(cycle: Cycle, events: Events, room: Room, drawn: Drawn, accounts: Accounts) -> _End:
    """Let lots expire, trim what rolls over, and settle what nothing covered (ledger §3)."""
    living, expired, trimmed, lapsed = room.pool.settle(cycle.terms.rollover.limit(room.granted))
    own = [decision for decision in events.decisions if decision.cycle == cycle.starts_on]
    settlement = settled(drawn.unauthorised, accounts.debt, own, cycle)
    if settlement.recovered.amount:
        accounts.bill_debt(settlement.recovered.amount, settlement.recovered.rate)
    accounts.debt += settlement.of("debt")
    if awaiting := settlement.of("awaiting"):
        accounts.awaiting[cycle.starts_on.isoformat()] = awaiting
    for entry, direct, start, length in drawn.traces:
        accounts.note(entry, [*direct, *shares(settlement.segments, start, length)])
    return _End(settlement, living, expired, trimmed, lapsed)


def _billed_at(
    back: Mapping[str, Returned], carried: _Carried, drawn: Drawn, settlement: Settlement
) -> dict[int | None, int]:
    found = Counter[int | None]()
    for part in (*carried.segments, *drawn.bills, *settlement.bills):
        if part.fate == "billed":
            found[part.rate] += part.amount
    for some in back.values():
        found.subtract(some.credit)
    return {rate: amount for rate, amount in found.items() if amount}


def _state(cycle: Cycle, *, is_open: bool, is_closed: bool) -> State:
    if is_closed:
        return "closed"
    if cycle.is_paused:
        return "paused"
    return "open" if is_open else "ended"


def _ceiling(cycle: Cycle, authorisations: Sequence[Authorisation], opening: ClosingState) -> int:
    """Return what authorisations that touch this cycle had left when it began."""
    return sum(
        approval.amount - opening.authorised.get(approval.id, 0)
        for approval in authorisations
        if approval.from_ < cycle.ends_before and approval.until >= cycle.starts_on
    )


def _revived(reinstated: Mapping[str, Sequence[Taken]]) -> dict[str, int]:
    """Return what late work took of what had lapsed, by the index of the cycle it lapsed in."""
    found: dict[str, int] = {}
    for taken in reinstated.values():
        for some in taken:
            found[str(some.cycle)] = found.get(str(some.cycle), 0) + some.amount
    return found
