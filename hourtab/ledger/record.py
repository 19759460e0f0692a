"""The record: what every write of the ledger shares.

A write locks the retainer, closes what is due, writes, computes the cycles anew, adds its link to
the chain, and counts the version up, last.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from hourtab.accounts.models import Member
from hourtab.ledger import cache, closing, writes
from hourtab.ledger.errors import (
    EverythingClosed,
)
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.work import Work, new_salt
from hourtab.ledger.writes import Kind, Writing
from hourtab.lib.locking import locked
from hourtab.retainers.models import Retainer


@contextmanager
def writing(
    retainer: Retainer,
    kind: Kind,
    *,
    by: Member | None,
    now: datetime,
    reason: str = "",
    label: str = "",
    batch: str = "",
    source: str = "",
    is_news: bool = True,
) -> Iterator[Writing]:
    """Write the ledger of one retainer in one transaction: everything in the block, or nothing.

    `source` is what the as-of line says it came from; a write that is no news leaves that line as
    it was.
    """
    with transaction.atomic():
        retainer = lock(retainer)
        closing.close_due(retainer, now)
        today = retainer.today(now)
        if retainer.balanced_on != today:
            cache.refresh(retainer, today, today)
        this = writes.begin(retainer, kind, by, now, reason=reason, label=label, batch=batch)
        yield this
        if this.since is not None:
            cache.refresh(retainer, this.since, today)
        writes.seal(this)
        if is_news:
            Retainer.objects.filter(pk=retainer.pk).update(as_of=now, as_of_source=source)
        retainer.touch()


def lock(retainer: Retainer) -> Retainer:
    """Return the retainer as it is now, locked until the transaction ends."""
    return _rows().get(pk=retainer.pk)


def lock_all(retainers: Iterable[Retainer]) -> list[Retainer]:
    """Return several retainers as they are now, locked in the order of their keys, each once."""
    return list(_rows().filter(pk__in=[retainer.pk for retainer in retainers]).order_by("pk"))


def _rows() -> QuerySet[Retainer]:
    return locked(Retainer.objects.all()).select_related("workspace", "client")


def posting(retainer: Retainer, on: date) -> date | None:
    """Return the start of the cycle in which an entry of that day posts when its own is closed;
    None where it is not.

    Raises `LedgerError` where every cycle is closed: then only reopening takes late work (ledger
    §5).
    """
    calendar, closed = retainer.calendar(), closing.closed_count(retainer)
    own = calendar.cycle_of(on)
    if own is None or own.index >= closed:
        return None
    last = calendar.through(own.starts_on)[-1]
    while last.index < closed:
        following = calendar.cycle_of(last.ends_before)
        if following is None:
            raise EverythingClosed()
        last = following
    return last.starts_on


def latest_work(entry: Entry) -> Work:
    """Return what an entry says now, withdrawn or not."""
    return Work.of(
        Revision.objects.get(
            entry=entry, number=Entry.objects.values_list("number", flat=True).get(pk=entry.pk)
        )
    )


def add_entry(
    this: Writing,
    entry: Entry,
    work: Work,
    *,
    reason: str = "",
    wanted: dict[str, Any] | None = None,
) -> Entry:
    """Store a new entry with its first revision."""
    entry.retainer, entry.on, entry.began, entry.posts_on = (
        this.retainer,
        work.on,
        work.began,
        work.posts_on,
    )
    entry.save()
    revise(this, entry, work, number=1, reason=reason, wanted=wanted)
    return entry


def revise(
    this: Writing,
    entry: Entry,
    work: Work,
    *,
    number: int,
    reason: str = "",
    wanted: dict[str, Any] | None = None,
) -> None:
    """Add a revision and point the entry at it."""
    salt, corrects = new_salt(), entry.corrects.key if entry.corrects else ""
    digest = work.digest(entry.key, number, work.texts_digest(salt), corrects)
    Revision(
        entry=entry,
        number=number,
        **work._asdict(),
        reason=reason,
        wanted=wanted,
        write=this.row,
        salt=salt,
        digest=digest,
    ).save()
    Entry.objects.filter(pk=entry.pk).point(
        number=number,
        on=work.on,
        began=work.began,
        is_withdrawn=work.is_withdrawn,
        posts_on=work.posts_on,
    )
    this.digests.append(digest)
    this.touches(entry.posts_on, work.posts_on)
