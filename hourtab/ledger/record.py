"""The record: the steps every write of the ledger shares. A write locks, revises, and finishes."""

from datetime import date, datetime

from hourtab.accounts.models import Member
from hourtab.core.cycles import FOR_EVER
from hourtab.core.documents import closing_json
from hourtab.core.statement import statement
from hourtab.ledger import queries
from hourtab.ledger.models import Cycle, Entry, Revision
from hourtab.ledger.work import Work, new_salt
from hourtab.retainers.models import Retainer


class LedgerError(ValueError):
    """A rule of the ledger stands against this; the message says which. Nothing was stored."""


def lock(retainer: Retainer) -> Retainer:
    """Return the retainer as it is now, locked until the transaction ends."""
    return Retainer.objects.select_for_update(of=("self",)).select_related("workspace", "client").get(pk=retainer.pk)


def latest_work(entry: Entry) -> Work:
    """Return what an entry says now, withdrawn or not."""
    return Work.of(Revision.objects.get(entry=entry, number=Entry.objects.values_list("number", flat=True).get(pk=entry.pk)))


def revise(
    entry: Entry,
    work: Work,
    *,
    number: int,
    by: Member | None,
    now: datetime,
    reason: str = "",
) -> None:
    """Add a revision and point the entry at it."""
    salt = new_salt()
    values = work._asdict()
    Revision(
        entry=entry,
        number=number,
        **values,
        reason=reason,
        by=by,
        at=now,
        salt=salt,
        digest=work.digest(salt),
    ).save()
    Entry.objects.filter(pk=entry.pk).point(number=number, on=work.on, started=work.started, is_withdrawn=work.is_withdrawn)


def finish(retainer: Retainer, since: date, now: datetime, source: str = "") -> None:
    """End a write: fresh cycles, then the as-of line, then the version, last."""
    refresh(retainer, since, retainer.today(now))
    Retainer.objects.filter(pk=retainer.pk).update(as_of=now, as_of_source=source)
    retainer.touch()


def refresh(retainer: Retainer, since: date, today: date) -> None:
    """Compute the cached cycles anew from the one that holds `since`, resuming from the closing state before it."""
    opening, _settled = queries.closing_before(retainer, max(since, retainer.starts_on), today)
    calendar = retainer.calendar().through(today)[opening.index :]
    fresh = statement(queries.ledger_of(retainer, calendar[0].starts_on), today, opening).cycles if calendar else ()
    Cycle.objects.filter(retainer=retainer, index__gte=opening.index).delete()
    Cycle.objects.bulk_create(
        Cycle(
            retainer=retainer,
            index=opening.index + i,
            starts_on=cycle.starts_on,
            ends_on=None if cycle.ends_on == FOR_EVER else cycle.ends_on,
            totals=queries.totals_json(cycle),
            closing=closing_json(cycle.closing) if cycle.closing else None,
        )
        for i, cycle in enumerate(fresh)
    )
    Retainer.objects.filter(pk=retainer.pk).update(balanced_on=today)
