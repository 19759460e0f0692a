"""One cycle, from the state before it to the state after it, in the order of ledger §3–5: corrections
give back, decisions are carried, the pool opens, entries draw, the end settles.
"""

from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from typing import NamedTuple

from hourtab.core.amounts import charge
from hourtab.core.coverage import BEYOND, POOL, Cover, add_step, coverage
from hourtab.core.cycles import Cycle
from hourtab.core.entries import FREE_OUTCOMES, Authorisation, Decision, Entry, TopUp
from hourtab.core.lots import (
    Lapsed,
    Lapses,
    Lot,
    Pool,
    Taken,
    base_lot,
    reinstate,
    returned_lot,
    topup_lot,
)
from hourtab.core.overage import Settlement, authorised, decided, settled
from hourtab.core.payments import Accounts, Part, Returned, shares
from hourtab.core.results import ClosingState, CycleTotals, Line, State
from hourtab.core.terms import Terms


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


@dataclass(frozen=True, slots=True)
class Standing:
    """What goes for all cycles: approvals in the order of their use, the entries that are
    corrected, the index of the cycle of a date, and what lapsed before.
    """

    authorisations: Sequence[Authorisation]
    corrected: frozenset[str]
    index_of: Callable[[date], int]
    lapses: Lapses


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
    charges = _charges(events.entries, cycle.terms)
    back = _give_back(events.entries, charges, accounts)
    carried = _carry_decisions(cycle, events.decisions, accounts)
    room = _open_pool(cycle, opening, events, charges, standing, back, accounts)
    drawn = _draw(events.entries, charges, room, standing, used_of, back)
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


def _charges(entries: Sequence[Entry], terms: Terms) -> list[int]:
    """Return what each entry draws (see `charged_for`). A log repeats few amounts, so that each is
    rounded once.
    """
    known: dict[tuple[int, int], int] = {}
    charges: list[int] = []
    add, rounding = charges.append, terms.rounding
    for entry in entries:
        if entry.scope != "retainer" or entry.outcome in FREE_OUTCOMES:
            add(0)
        elif entry.corrects is not None:
            add(entry.amount)
        else:
            said = (entry.amount, entry.weight)
            if said not in known:
                known[said] = charge(entry.amount, rounding, entry.weight)
            add(known[said])
    return charges


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


@dataclass(frozen=True, slots=True)
class _Room:
    """The hours of a cycle when its entries begin to draw: debt has drawn already."""

    pool: Pool
    granted: int
    topped_up: int
    carried_in: int
    debt_in: int
    by_debt: int
    available: int
    reinstated: Mapping[str, Sequence[Taken]]


def _open_pool(
    cycle: Cycle,
    opening: ClosingState,
    events: Events,
    charges: Sequence[int],
    standing: Standing,
    back: Mapping[str, Returned],
    accounts: Accounts,
) -> _Room:
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
    return _Room(pool, granted, topped_up, carried_in, debt_in, by_debt, available, reinstated)


@dataclass(slots=True)
class _Drawn:
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


def _draw(
    entries: Sequence[Entry],
    charges: Sequence[int],
    room: _Room,
    standing: Standing,
    used_of: MutableMapping[str, int],
    back: Mapping[str, Returned],
) -> _Drawn:
    """Let the entries draw in their order: a late one its reinstated hours, then the pool, then
    approvals; what is left is to be settled.
    """
    drawn, corrected, reinstated = _Drawn(), standing.corrected, room.reinstated
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
    drawn: _Drawn,
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


@dataclass(frozen=True, slots=True)
class _End:
    settlement: Settlement
    living: Sequence[Lot]
    expired: int
    trimmed: int
    lapsed: Sequence[Lapsed]


def _settle(cycle: Cycle, events: Events, room: _Room, drawn: _Drawn, accounts: Accounts) -> _End:
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
    back: Mapping[str, Returned], carried: _Carried, drawn: _Drawn, settlement: Settlement
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
