"""THE calculation: what every cycle granted, used and left, from what was agreed and what happened.

`statement` is a pure function of the ledger and a date. It can resume from the closing state of any
settled cycle; resumed equals from scratch.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cache

from hourtab.core.cycle import Events, play
from hourtab.core.cycles import Calendar, Cycle
from hourtab.core.drawing import Standing
from hourtab.core.entries import Decision, Ledger, charged_for, in_entry_order
from hourtab.core.lots import Lapses, Past
from hourtab.core.results import ClosingState, CycleTotals, Line, Statement


def statement(
    ledger: Ledger,
    as_of: date,
    opening: ClosingState | None = None,
    past: Past | None = None,
) -> Statement:
    """Compute every cycle through the one that holds `as_of`, from the first or from an `opening`.

    The cycle that holds `as_of` is open: nothing in it has expired. Entries after `as_of` are
    planned and in no total. Before the start there are no cycles; after the end all are settled.
    Late work may use what lapsed before the opening: `past` is asked for those closing states, and
    only then. Raises `CycleError` for terms that do not fit, and `CorrectionError` where more is
    given back than was charged.
    """
    calendar = Calendar(ledger.retainer, ledger.terms, ledger.pauses)
    state = opening or ClosingState()
    cycles = calendar.through(as_of)[state.index :]
    if not cycles:
        return Statement((), ())
    closed = {close.cycle for close in ledger.closes if close.on <= as_of}
    events = _events_by_cycle(ledger, calendar, cycles[0].starts_on, as_of)
    standing = Standing(
        authorisations=sorted(ledger.authorisations, key=lambda a: (a.until, a.from_, a.id)),
        corrected=frozenset(entry.corrects for entry in ledger.entries if entry.corrects),
        index_of=lambda on: _index(calendar, on),
        lapses=Lapses(state.index, past or _unknown),
    )
    totals: list[CycleTotals] = []
    lines: list[Line] = []
    counts: list[int] = []
    for cycle in cycles:
        played = play(
            cycle,
            state,
            events[cycle.index],
            standing,
            is_open=as_of in cycle,
            is_closed=cycle.starts_on in closed,
        )
        totals.append(played.totals)
        lines.extend(played.lines)
        counts.append(len(played.lines))
        state = played.closing
        standing.lapses.add(state)
    return Statement(totals, lines, counts)


def _unknown(index: int) -> Sequence[ClosingState]:
    raise ValueError(f"late work asks for what lapsed since cycle {index}: pass `past`")


def carrying_cycle(ledger: Ledger, calendar: Calendar, decision: Decision) -> Cycle | None:
    """Return the cycle that carries a decision: its own while that is unclosed, else the earliest
    unclosed one (ledger §3).

    None where all cycles of an ended retainer are closed. On the day of a close a decision without
    `posted` is after it.
    """
    if decision.posted is not None:
        return calendar.cycle_of(decision.posted)
    closed = {close.cycle for close in ledger.closes if close.on <= decision.on}
    if decision.cycle not in closed:
        return calendar.cycle_of(decision.cycle)
    return next(
        (cycle for cycle in calendar.through(decision.on) if cycle.starts_on not in closed), None
    )


def _index(calendar: Calendar, on: date) -> int:
    cycle = calendar.cycle_of(on)
    return cycle.index if cycle else -1


def _events_by_cycle(
    ledger: Ledger, calendar: Calendar, since: date, as_of: date
) -> dict[int, Events]:
    """File everything that posts from `since` through the cycle of `as_of` under the index of its
    cycle.
    """
    events: dict[int, Events] = defaultdict(Events)
    end = calendar.through(as_of)[-1].ends_before

    @cache
    def at(on: date) -> Events | None:
        cycle = calendar.cycle_of(on) if since <= on < end or on == end == date.max else None
        return events[cycle.index] if cycle else None

    for on, entries in in_entry_order(ledger.entries):
        here, is_planned = at(on), on > as_of
        for entry in entries:
            cell = here if entry.posted is None else at(entry.posted)
            if cell is None:
                continue
            if not is_planned:
                cell.entries.append(entry)
            elif cycle := calendar.cycle_of(on):
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
    for decision in sorted(ledger.decisions, key=lambda decision: (decision.on, decision.id)):
        carrying = carrying_cycle(ledger, calendar, decision) if decision.on <= as_of else None
        if carrying and (cell := at(carrying.starts_on)):
            cell.decisions.append(decision)
    return events
