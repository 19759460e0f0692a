"""Closing: a cycle becomes a statement that never changes by itself (ledger §5)."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from hourtab.accounts.models import Member
from hourtab.core.document.states import closing_json
from hourtab.core.document.write import terms_json
from hourtab.core.entries import Close
from hourtab.core.results import ClosingState, CycleTotals
from hourtab.ledger.book import Book, Resumed
from hourtab.ledger.models import Statement, Write
from hourtab.ledger.reading import cycles, entries, statements, terms
from hourtab.ledger.reading.closed import due_on, is_history
from hourtab.ledger.writing import cache, chain, clock
from hourtab.retainers.models import Retainer


def close_due(book: Book, now: datetime) -> int:
    """Close every cycle of a locked retainer whose grace is over; returns how many.

    Stops at the first that is not due or is history: a cycle closes by itself only when all before
    it are closed. It is closed on the day it was due, however late this runs, and not while the
    clock is doubted.
    """
    due: list[Close] = []
    latest = book.closes[-1].on if book.closes else None
    for cycle in book.unclosed():
        on = due_on(cycle)
        if on is None or on > book.today or is_history(book.retainer, cycle):
            break
        latest = max(on, latest or on)
        due.append(Close(cycle.starts_on, latest))
    if not due or not clock.is_believed(now):
        return 0
    for close, _row in zip(due, freeze(book, due, None, now), strict=True):
        this = chain.begin(book, Write.Kind.CLOSE, None, now, label=close.cycle.isoformat())
        this.record("close", cycle=close.cycle.isoformat(), on=close.on.isoformat())
        chain.seal(this)
    book.retainer.touch()
    return len(due)


def freeze(
    book: Book, closes: Sequence[Close], by: Member | None, now: datetime
) -> list[Statement]:
    """Store the next cycles of a locked retainer, in order, as the first versions of their
    statements.
    """
    every = [*book.closes, *closes]
    resumed = book.resume(closes[0].cycle, texts=entries.NAMES, closes=every)
    wanted = {close.cycle: close.on for close in closes}
    rows = [
        _row(book, index, cycle, before, lines, wanted[cycle.starts_on], now, by)
        for index, before, cycle, lines in _frozen(book.retainer, resumed)
        if cycle.starts_on in wanted
    ]
    Statement.objects.bulk_create(rows)
    _keep(book, resumed)
    return rows


def version_anew(
    book: Book, since: date, by: Member | None, now: datetime, reason: str
) -> list[Statement]:
    """Store another version of every statement of a locked retainer from the cycle that starts on
    `since` on.
    """
    standing = {row.starts_on: row for row in statements.statements_of(book.retainer)}
    resumed = book.resume(since, texts=entries.NAMES)
    rows = []
    for index, before, cycle, lines in _frozen(book.retainer, resumed):
        if (earlier := standing.get(cycle.starts_on)) and cycle.starts_on >= since:
            row = _row(book, index, cycle, before, lines, earlier.closed_on, now, by)
            row.version, row.reason = earlier.version + 1, reason
            rows.append(row)
    Statement.objects.bulk_create(rows)
    _keep(book, resumed)
    return rows


def _keep(book: Book, resumed: Resumed) -> None:
    """Cache what was computed, and forget what was closed before."""
    fresh = cache.Fresh(resumed.opening.index, resumed.result.cycles)
    cache.keep(book, fresh, resumed.ledger.entries)
    book.renew()


type _Frozen = tuple[int, ClosingState, CycleTotals, list[list[int]]]


def _frozen(retainer: Retainer, resumed: Resumed) -> Iterator[_Frozen]:
    """Yield every settled cycle with the state before it, and its lines with the revisions they
    stand on.
    """
    before, result = resumed.opening, resumed.result
    if not result.cycles:
        return
    rows = entries.latest(retainer).filter(entry__posts_on__gte=result.cycles[0].starts_on)
    revisions = dict(rows.values_list("entry__key", "pk"))
    for index, (cycle, lines) in enumerate(result.by_cycle(), before.index):
        if cycle.closing is None:
            return
        yield index, before, cycle, [[revisions[line.entry], *line[1:]] for line in lines]
        before = cycle.closing


def _row(
    book: Book,
    index: int,
    cycle: CycleTotals,
    opening: ClosingState,
    lines: list[list[int]],
    closed_on: date,
    now: datetime,
    by: Member | None,
) -> Statement:
    """Return a statement that is not stored yet. How corrected entries were paid is no part of it:
    that comes later.
    """
    assert cycle.closing is not None
    return Statement(
        retainer=book.retainer,
        number=index + 1,
        starts_on=cycle.starts_on,
        ends_on=cycle.ends_on,
        closed_on=closed_on,
        made_at=now,
        by=by,
        terms=terms_json(terms.terms_at(book.retainer, cycle.starts_on)),
        totals=cycles.totals_json(cycle),
        opening=closing_json(opening) | {"paid": {}},
        closing=closing_json(cycle.closing) | {"paid": {}},
        lines=lines,
    )
