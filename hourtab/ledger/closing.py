"""Closing: a cycle becomes a statement that never changes by itself (ledger §5)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hourtab.accounts.models import Member
from hourtab.core.cycles import FOR_EVER, Cycle
from hourtab.core.document.states import closing_json
from hourtab.core.document.write import terms_json
from hourtab.core.entries import Close, Ledger
from hourtab.core.results import ClosingState, CycleTotals
from hourtab.core.results import Statement as Result
from hourtab.ledger import cache, clock, queries, writes
from hourtab.ledger.models import Statement, Write
from hourtab.retainers.models import Retainer


def closed_count(retainer: Retainer) -> int:
    """Return how many cycles are closed: the first ones, without a gap."""
    return Statement.objects.filter(retainer=retainer, version=1).count()


def due_on(cycle: Cycle) -> date | None:
    """Return the date on which a cycle closes by itself: its last day, a day, and the grace; None
    where it never ends.
    """
    return (
        None
        if cycle.ends_before == FOR_EVER
        else cycle.ends_before + timedelta(days=cycle.terms.grace_days)
    )


def is_history(retainer: Retainer, cycle: Cycle) -> bool:
    """Had this cycle ended before the retainer was opened here? Then it closes by hand alone."""
    return cycle.ends_on < retainer.today(retainer.opened_at)


def unclosed(retainer: Retainer, today: date, closed: int | None = None) -> Sequence[Cycle]:
    """Return the cycles through today's that are not closed; `closed` says how many are, where that
    is known already.
    """
    return retainer.calendar().through(today)[
        closed_count(retainer) if closed is None else closed :
    ]


def close_due(retainer: Retainer, now: datetime) -> int:
    """Close every cycle of a locked retainer whose grace is over; returns how many.

    Stops at the first that is not due or is history: a cycle closes by itself only when all before
    it are closed. It is closed on the day it was due, however late this runs, and by no clock that
    is doubted.
    """
    today = retainer.today(now)
    due: list[Close] = []
    latest = (
        Statement.objects.filter(retainer=retainer, version=1)
        .order_by("-number")
        .values_list("closed_on", flat=True)
        .first()
    )
    for cycle in unclosed(retainer, today):
        on = due_on(cycle)
        if on is None or on > today or is_history(retainer, cycle):
            break
        latest = max(on, latest or on)
        due.append(Close(cycle.starts_on, latest))
    if not due or not clock.is_believed(now):
        return 0
    for close, _row in zip(due, freeze(retainer, due, None, now), strict=True):
        this = writes.begin(retainer, Write.Kind.CLOSE, None, now, label=close.cycle.isoformat())
        this.record("close", cycle=close.cycle.isoformat(), on=close.on.isoformat())
        writes.seal(this)
    retainer.touch()
    return len(due)


def freeze(
    retainer: Retainer, closes: Sequence[Close], by: Member | None, now: datetime
) -> list[Statement]:
    """Store the next cycles of a locked retainer, in order, as the first versions of their
    statements.
    """
    today, first = retainer.today(now), closes[0].cycle
    opening, book, result = _computed(retainer, first, today, closes)
    wanted = {close.cycle: close.on for close in closes}
    rows = [
        _row(
            retainer,
            index,
            cycle,
            before,
            lines,
            closed_on=wanted[cycle.starts_on],
            made_at=now,
            by=by,
        )
        for index, before, cycle, lines in _frozen(retainer, opening, result)
        if cycle.starts_on in wanted
    ]
    Statement.objects.bulk_create(rows)
    cache.keep(retainer, opening.index, result.cycles, book.entries, today)
    return rows


def version_anew(
    retainer: Retainer, since: date, by: Member | None, now: datetime, reason: str
) -> list[Statement]:
    """Store another version of every statement of a locked retainer from the cycle that starts on
    `since` on.
    """
    today = retainer.today(now)
    standing = {row.starts_on: row for row in queries.statements(retainer)}
    opening, book, result = _computed(retainer, since, today)
    rows = []
    for index, before, cycle, lines in _frozen(retainer, opening, result):
        if (earlier := standing.get(cycle.starts_on)) and cycle.starts_on >= since:
            row = _row(
                retainer,
                index,
                cycle,
                before,
                lines,
                closed_on=earlier.closed_on,
                made_at=now,
                by=by,
            )
            row.version, row.reason = earlier.version + 1, reason
            rows.append(row)
    Statement.objects.bulk_create(rows)
    cache.keep(retainer, opening.index, result.cycles, book.entries, today)
    return rows


def _computed(
    retainer: Retainer, since: date, today: date, closes: Sequence[Close] = ()
) -> tuple[ClosingState, Ledger, Result]:
    opening = queries.opening_before(retainer, since, today)
    book = queries.ledger_of(
        retainer, retainer.calendar().through(today)[opening.index].starts_on, queries.NAMES
    )
    closed = replace(book, closes=[*book.closes, *closes])
    return opening, book, queries.resume(retainer, closed, today, opening)


type _Frozen = tuple[int, ClosingState, CycleTotals, list[list[int]]]


def _frozen(retainer: Retainer, opening: ClosingState, result: Result) -> Iterator[_Frozen]:
    """Yield every settled cycle with the state before it, and its lines with the revisions they
    stand on.
    """
    if not result.cycles:
        return
    rows = queries.latest(retainer).filter(entry__posts_on__gte=result.cycles[0].starts_on)
    revisions = dict(rows.values_list("entry__key", "pk"))
    before = opening
    for index, (cycle, lines) in enumerate(result.by_cycle(), opening.index):
        if cycle.closing is None:
            return
        yield index, before, cycle, [[revisions[line.entry], *line[1:]] for line in lines]
        before = cycle.closing


def _row(
    retainer: Retainer,
    index: int,
    cycle: CycleTotals,
    opening: ClosingState,
    lines: list[list[int]],
    **more: Any,
) -> Statement:
    """Return a statement that is not stored yet. How corrected entries were paid is no part of it:
    that comes later.
    """
    assert cycle.closing is not None
    return Statement(
        retainer=retainer,
        number=index + 1,
        starts_on=cycle.starts_on,
        ends_on=cycle.ends_on,
        terms=terms_json(queries.terms_at(retainer, cycle.starts_on)),
        totals=queries.totals_json(cycle),
        opening=closing_json(opening) | {"paid": {}},
        closing=closing_json(cycle.closing) | {"paid": {}},
        lines=lines,
        **more,
    )
