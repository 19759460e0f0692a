"""THE calculation: what every cycle granted, used and left, from what was agreed and what happened.

`statement` is a pure function of the ledger and a date. It can resume from the closing state of any settled cycle;
resumed equals from scratch.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Literal, NamedTuple

from hourtab.core.amounts import HOUR, charge, half_up
from hourtab.core.cycles import Calendar, Cycle
from hourtab.core.entries import FREE_OUTCOMES, Authorisation, Entry, Ledger, TopUp
from hourtab.core.lots import Lapsed, Lot, Pool, base_lot, topup_lot
from hourtab.core.terms import Terms, Unit

State = Literal["open", "ended", "closed", "paused"]


@dataclass(frozen=True, slots=True)
class ClosingState:
    """What the next cycle needs to know of everything before it. `index` is the next cycle's."""

    index: int = 0
    lots: Sequence[Lot] = ()
    lapsed: Sequence[Lapsed] = ()
    debt: int = 0
    authorised: Mapping[str, int] = field(default_factory=dict)
    awaiting: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CycleTotals:
    """One cycle as its statement shows it (ledger §10).

    Beside the document's keys: `ceiling`, what approvals that touch it allowed when it began; `lapsing`, what its end
    takes away if nothing more is used; `billed_at`, what was billed, by rate (None = not agreed).
    """

    starts_on: date
    ends_on: date
    cap: int
    carried_in: int
    topped_up: int
    transferred: int
    reinstated: int
    debt_in: int
    available: int
    used: int
    planned: int
    drawn: Mapping[str, int]
    overage: int
    authorised: int
    billed: int
    absorbed: int
    awaiting: int
    settled: int
    expired: int
    trimmed: int
    carried_out: int
    debt_out: int
    remaining: int
    state: State
    ceiling: int = 0
    lapsing: int = 0
    billed_at: Mapping[int | None, int] = field(default_factory=dict)
    closing: ClosingState | None = None


class Line(NamedTuple):
    """One entry as charged: what lots covered, what went beyond them, and what was available after it."""

    entry: str
    charged: int
    covered: int
    overage: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """All cycles from the opening to the one that holds the date, and a line for every entry in them."""

    cycles: Sequence[CycleTotals]
    lines: Sequence[Line]


@dataclass(slots=True)
class _Events:
    """What happened in one cycle."""

    entries: list[Entry] = field(default_factory=list)
    topups: list[TopUp] = field(default_factory=list)
    transferred: int = 0
    planned: int = 0


def statement(ledger: Ledger, as_of: date, opening: ClosingState | None = None) -> Statement:
    """Compute every cycle through the one that holds `as_of`, from the first or from an `opening`.

    The cycle that holds `as_of` is open: nothing in it has expired. Entries after `as_of` are planned and in no total.
    Before the start there are no cycles; after the end all are settled. Raises `CycleError` for terms that do not fit.
    """
    calendar = Calendar(ledger.retainer, ledger.terms, ledger.pauses)
    state = opening or ClosingState()
    cycles = calendar.through(as_of)[state.index :]
    if not cycles:
        return Statement((), ())
    events = _events_by_cycle(ledger, calendar, cycles[0].starts_on, as_of)
    authorisations = sorted(ledger.authorisations, key=lambda a: (a.until, a.from_, a.id))
    totals: list[CycleTotals] = []
    lines: list[Line] = []
    for cycle in cycles:
        play = _Play(cycle, state, events[cycle.index], authorisations, is_open=as_of in cycle)
        totals.append(play.totals())
        lines.extend(play.lines)
        state = play.closing
    return Statement(totals, lines)


def money(amount: int, rate: int, unit: Unit = "hour") -> int:
    """Return the price in minor units of `amount` at `rate` per hour or counted unit, half up (ledger §4)."""
    return half_up(amount * rate, HOUR if unit == "hour" else 100)


def charged_for(entry: Entry, terms: Terms) -> int:
    """Return what `entry` draws under `terms`: nothing outside the retainer's scope or when it was called off in time."""
    if entry.scope != "retainer" or entry.outcome in FREE_OUTCOMES:
        return 0
    return charge(entry.amount, terms.rounding, entry.weight)


def _events_by_cycle(ledger: Ledger, calendar: Calendar, since: date, as_of: date) -> dict[int, _Events]:
    """File everything dated from `since` through the cycle of `as_of` under the index of its cycle."""
    events: dict[int, _Events] = defaultdict(_Events)
    end = calendar.through(as_of)[-1].ends_before

    @cache
    def at(on: date) -> _Events | None:
        cycle = calendar.cycle_of(on) if since <= on < end or on == end == date.max else None
        return events[cycle.index] if cycle else None

    for entry in sorted(ledger.entries, key=lambda entry: entry.order):
        if not (cell := at(entry.on)):
            continue
        if entry.on <= as_of:
            cell.entries.append(entry)
        elif cycle := calendar.cycle_of(entry.on):
            cell.planned += charged_for(entry, cycle.terms)
    for topup in ledger.topups:
        if cell := at(topup.on):
            cell.topups.append(topup)
    for transfer in ledger.transfers:
        if cell := at(transfer.on):
            cell.transferred += transfer.amount
    for hold in ledger.holds:
        if as_of <= hold.until and (cell := at(hold.from_)):
            cell.planned += hold.amount
    return events


class _Play:
    """One cycle, played from the state before it to the state after it."""

    def __init__(
        self, cycle: Cycle, opening: ClosingState, events: _Events, authorisations: Sequence[Authorisation], *, is_open: bool
    ) -> None:
        self.cycle, self.opening, self.events, self.is_open = cycle, opening, events, is_open
        self.authorisations = authorisations
        self.granted = 0 if cycle.is_paused else max(0, cycle.cap + events.transferred)
        base = [base_lot(cycle, self.granted)] if self.granted else []
        self.pool = Pool(opening.lots, [*base, *(topup_lot(cycle, topup) for topup in events.topups)], cycle)
        self.topped_up = sum(topup.amount for topup in events.topups)
        self.carried_in = sum(lot.left for lot in opening.lots)
        self.available = self.carried_in + self.granted + self.topped_up - opening.debt
        self.used_of = dict(opening.authorised)
        self.billed_at: dict[int | None, int] = defaultdict(int)
        self.authorised = 0
        self.debt = self.pool.draw(opening.debt)
        self.lines = self._lines()
        self.used = sum(line.charged for line in self.lines)
        self.overage = sum(line.overage for line in self.lines)
        self.held = self.pool.held
        self._settle()

    def _lines(self) -> list[Line]:
        lines, balance = [], self.available
        for entry in self.events.entries:
            charged = charged_for(entry, self.cycle.terms)
            overage = self.pool.draw(charged)
            balance -= charged
            if overage:
                self._authorise(entry.on, overage)
            lines.append(Line(entry.id, charged, charged - overage, overage, balance))
        return lines

    def _authorise(self, on: date, overage: int) -> None:
        for authorisation in self.authorisations:
            if authorisation.covers(on):
                taken = min(overage, authorisation.amount - self.used_of.get(authorisation.id, 0))
                if taken > 0:
                    self.used_of[authorisation.id] = self.used_of.get(authorisation.id, 0) + taken
                    self.billed_at[authorisation.rate] += taken
                    self.authorised += taken
                    overage -= taken

    def _settle(self) -> None:
        """Settle overage and debt at the end of the cycle, or as settling now would (ledger §3)."""
        terms = self.cycle.terms
        rest = self.overage - self.authorised
        self.absorbed = rest if terms.overage.policy == "absorb" else 0
        self.awaiting = rest if terms.overage.policy == "ask" else 0
        bill = rest if terms.overage.policy == "bill" else 0
        if terms.overage.policy == "deduct":
            total = self.debt + rest
            self.debt = total if terms.overage.debt_max is None else min(total, terms.overage.debt_max)
            bill = total - self.debt
        if self.cycle.is_last:
            bill, self.debt = bill + self.debt, 0
        if bill:
            self.billed_at[terms.overage.rate] += bill
        self.billed = self.authorised + bill
        self.living, self.expired, self.trimmed, self.lapsed = self.pool.settle(terms.rollover.limit(self.granted))

    @property
    def closing(self) -> ClosingState:
        """The state the next cycle opens with."""
        awaiting = dict(self.opening.awaiting)
        if self.awaiting:
            awaiting[self.cycle.starts_on.isoformat()] = self.awaiting
        return ClosingState(
            index=self.cycle.index + 1,
            lots=tuple(self.living),
            lapsed=(*self.opening.lapsed, *self.lapsed),
            debt=self.debt,
            authorised=self.used_of,
            awaiting=awaiting,
        )

    def totals(self) -> CycleTotals:
        """The cycle as its statement shows it."""
        cycle = self.cycle
        return CycleTotals(
            starts_on=cycle.starts_on,
            ends_on=cycle.ends_on,
            cap=cycle.cap,
            carried_in=self.carried_in,
            topped_up=self.topped_up,
            transferred=self.granted - cycle.cap,
            reinstated=0,
            debt_in=self.opening.debt,
            available=self.available,
            used=self.used,
            planned=self.events.planned,
            drawn=self.pool.drawn(),
            overage=self.overage,
            authorised=self.authorised,
            billed=self.billed,
            absorbed=self.absorbed,
            awaiting=self.awaiting,
            settled=0,
            expired=0 if self.is_open else self.expired,
            trimmed=0 if self.is_open else self.trimmed,
            carried_out=self.held if self.is_open else sum(lot.left for lot in self.living),
            debt_out=self.debt,
            remaining=max(0, self.available - self.used),
            state="paused" if cycle.is_paused else "open" if self.is_open else "ended",
            ceiling=self._ceiling(),
            lapsing=self.expired + self.trimmed,
            billed_at=dict(self.billed_at),
            closing=None if self.is_open else self.closing,
        )

    def _ceiling(self) -> int:
        """What authorisations that touch this cycle had left when it began."""
        touching = [a for a in self.authorisations if a.from_ < self.cycle.ends_before and a.until >= self.cycle.starts_on]
        return sum(a.amount - self.opening.authorised.get(a.id, 0) for a in touching)
