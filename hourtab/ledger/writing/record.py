"""The record: what every write of the ledger shares.

A write locks the retainer, closes what is due, writes, computes the cycles anew, adds its link to
the chain, and counts the version up, last.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from hourtab.accounts.models import Member
from hourtab.ledger.book import Book
from hourtab.ledger.line import Work, new_salt
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.writing import cache, chain, freeze
from hourtab.ledger.writing.chain import Kind, Writing
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
    # Every verb is `whole` already: a savepoint of its own would be one more.
    with transaction.atomic(savepoint=False):
        retainer = lock(retainer)
        book = Book(retainer, retainer.today(now))
        freeze.close_due(book, now)
        if retainer.balanced_on != book.today:
            cache.refresh(book, book.today)
        this = chain.begin(book, kind, by, now, reason=reason, label=label, batch=batch)
        yield this
        fresh = cache.refresh(book, this.since) if this.since is not None else None
        chain.seal(this, fresh)
        retainer.touch(**({"as_of": now, "as_of_source": source} if is_news else {}))


def lock(retainer: Retainer) -> Retainer:
    """Return the retainer as it is now, locked until the transaction ends."""
    return _rows().get(pk=retainer.pk)


def lock_all(retainers: Iterable[Retainer]) -> list[Retainer]:
    """Return several retainers as they are now, locked in the order of their keys, each once."""
    return list(_rows().filter(pk__in=[retainer.pk for retainer in retainers]).order_by("pk"))


def _rows() -> QuerySet[Retainer]:
    rows = locked(Retainer.objects.all()).select_related("workspace", "client")
    return rows.prefetch_related("terms", "pauses")


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
    _add_revision(this, entry, work, number=1, reason=reason, wanted=wanted)
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
    _add_revision(this, entry, work, number=number, reason=reason, wanted=wanted)
    Entry.objects.filter(pk=entry.pk).point(
        number=number,
        on=work.on,
        began=work.began,
        is_withdrawn=work.is_withdrawn,
        posts_on=work.posts_on,
    )


def _add_revision(this: Writing, entry: Entry, work: Work, *, number: int, **said: Any) -> None:
    salt, corrects = new_salt(), entry.corrects.key if entry.corrects else ""
    digest = work.digest(entry.key, number, work.texts_digest(salt), corrects)
    figures = work._asdict()
    Revision(
        entry=entry, number=number, **figures, **said, write=this.row, salt=salt, digest=digest
    ).save()
    this.digests.append(digest)
    this.touches(entry.posts_on, work.posts_on)
