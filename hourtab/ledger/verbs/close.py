"""Closing by hand, and reopening: what a person does to statements (ledger §5)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from hourtab.accounts.models import Member
from hourtab.core.document.chain import canonical
from hourtab.core.entries import Close
from hourtab.core.results import CycleTotals
from hourtab.ledger.book import Book
from hourtab.ledger.errors import (
    LogChanged,
    NothingToClose,
    NothingToReopen,
    NotOverYet,
    NotReopened,
    ReasonMissing,
)
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry, Statement, Write
from hourtab.ledger.reading import closed, cycles, entries
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.writing import freeze, record
from hourtab.ledger.writing.chain import Writing
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer


@whole
def close_cycles(
    retainer: Retainer, through: date, *, by: Member | None, now: datetime
) -> Sequence[Statement]:
    """Close by hand every cycle up to the one that starts on `through`.

    Raises `LedgerError` where that one is not over, or closed already.
    """
    with record.writing(
        retainer, Write.Kind.CLOSE, by=by, now=now, label=through.isoformat(), is_news=False
    ) as this:
        retainer, today = this.retainer, this.retainer.today(now)
        chosen = [cycle for cycle in closed.unclosed(retainer, today) if cycle.starts_on <= through]
        if not chosen or chosen[-1].starts_on != through:
            raise NothingToClose(day=through)
        if (end := chosen[-1].ends_before) > today:
            raise NotOverYet(day=end)
        closes = [Close(cycle.starts_on, today) for cycle in chosen]
        for close in closes:
            this.record("close", cycle=close.cycle.isoformat(), on=close.on.isoformat())
        return freeze.freeze(this.book, closes, by, now)


@dataclass(frozen=True, slots=True)
class Difference:
    """What reopening would make of one cycle: as it stands, and as it would be."""

    before: CycleTotals
    after: CycleTotals


def reopening(
    retainer: Retainer, since: date, now: datetime, *, add: Sequence[Work] = ()
) -> tuple[list[Difference], str]:
    """Return the whole difference that reopening would make, and its fingerprint. Stores nothing.

    Raises `LedgerError` where no closed cycle starts on `since`.
    """
    with transaction.atomic():
        locked = record.lock(retainer)
        freeze.close_due(Book(locked, locked.today(now)), now)
        before = cycles.cycles_of(locked, retainer.today(now))
        _reopen(retainer, since, by=None, now=now, reason="-", add=add)
        after = cycles.cycles_of(record.lock(retainer), retainer.today(now))
        transaction.set_rollback(True)
    found = [
        Difference(one, two)
        for one, two in zip(before, after, strict=True)
        if two.starts_on >= since
    ]
    shown = [[cycles.totals_json(item.before), cycles.totals_json(item.after)] for item in found]
    return found, hashlib.sha256(canonical(shown)).hexdigest()[:16]


@whole
def reopen_cycle(
    retainer: Retainer,
    since: date,
    *,
    by: Member | None,
    now: datetime,
    reason: str,
    expect: str = "",
    add: Sequence[Work] = (),
) -> Sequence[Statement]:
    """Let late entries of the closed cycles from `since` on post where they belong, with a new
    version of each statement.

    Corrections become what the lines themselves say; `add` is more late work. With `expect`, the
    fingerprint of the difference that was shown, another one is refused. Earlier versions stay.
    """
    if not reason.strip():
        raise ReasonMissing()
    record.lock(retainer)
    if expect and expect != reopening(retainer, since, now, add=add)[1]:
        raise LogChanged()
    return _reopen(retainer, since, by=by, now=now, reason=reason, add=add)


def _reopen(
    retainer: Retainer,
    since: date,
    *,
    by: Member | None,
    now: datetime,
    reason: str,
    add: Sequence[Work],
) -> Sequence[Statement]:
    with record.writing(
        retainer, Write.Kind.REOPEN, by=by, now=now, label=since.isoformat(), reason=reason
    ) as this:
        retainer = this.retainer
        if not Statement.objects.filter(retainer=retainer, starts_on=since).exists():
            raise NothingToReopen(day=since)
        this.record("reopen", cycle=since.isoformat())
        for work in add:
            if work.on < since or retainer.calendar().cycle_of(work.on) is None:
                raise NotReopened(on=work.on)
            record.add_entry(
                this, Entry(key=corrections.new_key(retainer, work.content)), work, reason=reason
            )
        _post_where_they_belong(this, since, reason)
        return freeze.version_anew(this.book, since, by, now, reason)


def _post_where_they_belong(this: Writing, since: date, reason: str) -> None:
    """Fold corrections into the lines they correct, and let late entries of the reopened cycles
    post in their own.
    """
    late = entries.latest(this.retainer).filter(entry__on__gte=since).exclude(posted=None)
    corrected = late.filter(entry__corrects__posts_on__gte=since).values_list(
        "entry__corrects", flat=True
    )
    for entry in (
        Entry.objects.filter(pk__in=set(corrected))
        .select_related("corrects", "retainer")
        .order_by("pk")
    ):
        corrections.fold(this, entry, reason)
    for row in late.filter(entry__corrects=None).select_related("entry").order_by("pk"):
        if corrections.is_closed_on(this.retainer, row.on):
            record.revise(
                this,
                row.entry,
                Work.of(row)._replace(posted=None),
                number=row.number + 1,
                reason=reason,
            )
