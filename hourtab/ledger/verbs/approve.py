"""Approved extra hours: headroom at a price, for work of a stretch of days (ledger §4)."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.core.amounts import LONGEST
from hourtab.core.cycles import FIRST_DAY, LAST_DAY
from hourtab.core.results import Line, paid_by
from hourtab.ledger.book import Book
from hourtab.ledger.errors import (
    ApprovalEndsBeforeItBegins,
    ApprovalOutOfBounds,
    ExtraHoursOutOfBounds,
    RateMissing,
)
from hourtab.ledger.models import Authorisation, Decision, Revision, Write
from hourtab.ledger.reading import closed, cycles, statements
from hourtab.ledger.verbs.checks import check_rate
from hourtab.ledger.verbs.log import decide
from hourtab.ledger.writing import freeze, record
from hourtab.ledger.writing.record import writing
from hourtab.lib.database import in_chunks
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for


@whole
def authorise(
    retainer: Retainer,
    *,
    key: str,
    amount: int,
    rate: int | None,
    starts_on: date,
    ends_on: date,
    approved_by: str,
    by: Member | None,
    now: datetime,
    reason: str = "",
    is_emergency: bool = False,
) -> Authorisation | None:
    """Approve up to `amount` beyond the hours for work from `starts_on` to `ends_on`, both
    included, billed at `rate`.

    What awaits a decision in closed cycles of these days is decided first: their statements stay,
    the earliest unclosed cycle carries it, and the rest of the amount holds from there on (ledger
    §4). Returns None where nothing is left for that. Raises `LedgerError` for a window or a rate
    that is none; a `key` that is known already is refused by the database.
    """
    retainer = record.lock(retainer)
    if not 0 < amount <= LONGEST:
        raise ExtraHoursOutOfBounds()
    if rate is None:
        raise RateMissing()
    check_rate(rate)
    if not starts_on >= FIRST_DAY or ends_on > LAST_DAY:
        raise ApprovalOutOfBounds(first=FIRST_DAY, last=LAST_DAY)
    if ends_on < starts_on:
        raise ApprovalEndsBeforeItBegins()
    today = retainer.today(now)
    freeze.close_due(Book(retainer, today), now)
    left = amount
    for cycle_on, awaiting in _awaiting_in_closed(retainer, starts_on, ends_on, today):
        taken = min(left, awaiting)
        if taken:
            decide(
                retainer,
                cycle_on=cycle_on,
                amount=taken,
                outcome=Decision.Outcome.BILL,
                rate=rate,
                by=by,
                now=now,
                reason=_("Approved by %(name)s. %(reason)s")
                % {"name": approved_by, "reason": reason},
            )
            left -= taken
    unclosed = closed.unclosed(retainer, max(today, retainer.starts_on))
    since = max(starts_on, unclosed[0].starts_on) if unclosed else None
    if not left or since is None or ends_on < since:
        return None
    hours = words_for(retainer).amount(left)
    with writing(
        retainer, Write.Kind.APPROVE, by=by, now=now, reason=reason, label=f"{hours}, {approved_by}"
    ) as this:
        row = Authorisation(
            retainer=this.retainer,
            key=key,
            amount=left,
            rate=rate,
            starts_on=since,
            ends_on=ends_on,
            reason=reason,
            is_emergency=is_emergency,
            approved_by=approved_by,
            by=by,
            at=now,
        )
        row.save()
        days = {"from": since.isoformat(), "until": ends_on.isoformat()}
        this.record("authorisation", id=key, amount=left, rate=rate, **days)
        this.touches(since)
    return row


def _awaiting_in_closed(
    retainer: Retainer, first: date, last: date, today: date
) -> list[tuple[date, int]]:
    """Return what awaits a decision in closed cycles for work of these days, the earliest cycle
    first.
    """
    current = cycles.current_cycle(retainer, today)
    pending = dict(current.pending) if current else {}
    found = []
    for row in statements.statements_of(retainer):
        awaits = pending.get(row.starts_on.isoformat(), 0)
        if awaits and row.starts_on <= last and (row.ends_on is None or first <= row.ends_on):
            found.append(
                (row.starts_on, min(awaits, _awaiting_of_days(retainer, row.pk, first, last)))
            )
    return found


def _awaiting_of_days(retainer: Retainer, statement: int, first: date, last: date) -> int:
    """Return how much of a statement's time awaited a decision when it was closed, for work of
    these days.
    """
    row = retainer.statements.get(pk=statement)
    cycle = cycles.totals_from_json(row.totals)
    lines = [Line("", *figures) for _pk, *figures in row.lines]
    awaiting = {
        line[0]: sum(part.amount for part in paid_by(cycle, said) if part.source == "awaiting")
        for line, said in zip(row.lines, lines, strict=True)
        if said.overage > 0
    }
    inside = 0
    for some in in_chunks([pk for pk, amount in awaiting.items() if amount]):
        inside += sum(
            awaiting[pk]
            for pk in Revision.objects.filter(pk__in=some, on__range=(first, last)).values_list(
                "pk", flat=True
            )
        )
    return inside
