"""What an import does to a retainer, in bulk: one transaction, and the way back."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.ledger.record import LedgerError, finish, latest_work, lock, revise
from hourtab.ledger.work import Work, key_of
from hourtab.lib.database import insert_rows, is_sqlite, reserve_ids
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of a file that becomes an entry: its work, its line, and its digest as the source's own row."""

    work: Work
    line: int
    digest: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What an import does to one retainer, all at once."""

    ref: str
    source: Source
    add: Sequence[SourceRow] = ()
    change: Sequence[tuple[int, SourceRow]] = ()
    withdraw: Sequence[int] = ()
    relist: Sequence[tuple[int, SourceRow]] = ()
    unlist: Sequence[int] = ()

    @property
    def is_empty(self) -> bool:
        """Would nothing happen?"""
        return not (self.add or self.change or self.withdraw or self.relist or self.unlist)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source said of an entry before an import moved it."""

    entry: int
    source_on: date | None
    source_digest: str
    is_listed: bool

    @classmethod
    def of(cls, entry: Entry) -> "Listing":
        """Return what it says now."""
        return cls(entry.pk, entry.source_on, entry.source_digest, entry.is_listed)


@transaction.atomic
def apply_batch(retainer: Retainer, batch: Batch, *, by: Member | None, now: datetime, label: str) -> list[Listing]:
    """Write everything a file changes in one transaction; return what `undo_batch` needs to take it back.

    `change` and `withdraw` name entries; `relist` and `unlist` only note what the source says now of an entry that
    was edited here and stays as it is.
    """
    retainer = lock(retainer)
    named = [pk for pk, _ in (*batch.change, *batch.relist)] + [*batch.withdraw, *batch.unlist]
    entries = Entry.objects.in_bulk(named)
    returning, fresh = _sort_new(retainer, batch)
    moved = [Listing.of(entry) for entry in (*entries.values(), *(entry for entry, _ in returning))]
    touched = [row.work.on for row in batch.add] + [entry.on for entry in entries.values()]
    for entry, row in (*((entries[pk], row) for pk, row in batch.change), *returning):
        touched += [entry.on, row.work.on]
        revise(entry, row.work, number=entry.number + 1, by=by, now=now, batch=batch.ref, line=row.line)
    for pk in batch.withdraw:
        entry = entries[pk]
        if not entry.is_withdrawn:
            work = latest_work(entry).withdrawn()
            revise(entry, work, number=entry.number + 1, by=by, now=now, batch=batch.ref, reason="No longer in the source")
    Entry.objects.filter(pk__in=[*batch.withdraw, *batch.unlist]).point(is_listed=False)
    for pk, row in (*batch.change, *batch.relist, *((entry.pk, row) for entry, row in returning)):
        Entry.objects.filter(pk=pk).point(source_on=row.work.on, source_digest=row.digest, is_listed=True)
    _insert(retainer, batch, fresh, by, now)
    finish(retainer, min(touched, default=retainer.starts_on), now, label)
    return moved


def _sort_new(retainer: Retainer, batch: Batch) -> tuple[list[tuple[Entry, SourceRow]], list[tuple[str, SourceRow]]]:
    """Part new rows into those whose withdrawn entry comes back (an import undone), and those with a key of their own."""
    secret = bytes(retainer.workspace.digest_key)
    taken = {entry.key: entry for entry in Entry.objects.filter(retainer=retainer, source=batch.source)} if batch.add else {}
    seen: Counter[str] = Counter()
    returning, fresh = [], []
    for row in batch.add:
        content = f"{batch.source.pk}\0{row.digest}"
        while True:
            seen[row.digest] += 1
            key = key_of(content, secret, seen[row.digest])
            entry = taken.get(key)
            if entry is None:
                fresh.append((key, row))
                break
            if entry.is_withdrawn and not entry.is_listed:
                returning.append((entry, row))
                break
    return returning, fresh


def _insert(retainer: Retainer, batch: Batch, fresh: Sequence[tuple[str, SourceRow]], by: Member | None, now: datetime) -> None:
    """Insert new entries with their first revisions, in bulk."""
    ids = reserve_ids(Entry, len(fresh))
    plain = is_sqlite()
    instant: Any = now.replace(tzinfo=None).isoformat(" ") if plain else now
    author = by.pk if by else None
    salts = os.urandom(16 * len(fresh)).hex()
    heads, revisions = [], []
    for i, (pk, (key, row)) in enumerate(zip(ids, fresh, strict=True)):
        work, salt = row.work, salts[32 * i : 32 * i + 32]
        on: Any = work.on.isoformat() if plain else work.on
        started: Any = work.started.isoformat() if plain and work.started else work.started
        heads.append((pk, retainer.pk, key, on, started, 1, False, batch.source.pk, on, row.digest, True))
        revisions.append(
            (pk, 1, on, started, work.amount, work.weight, work.scope, work.category, work.project, work.person, work.description,
             work.outcome, False, "", author, instant, batch.ref, row.line, salt, work.digest(salt)),
        )  # fmt: skip
    insert_rows(Entry, _HEAD, heads)
    insert_rows(Revision, _REVISION, revisions)


_HEAD = (
    "id",
    "retainer_id",
    "key",
    "on",
    "started",
    "number",
    "is_withdrawn",
    "source_id",
    "source_on",
    "source_digest",
    "is_listed",
)
_REVISION = (
    "entry_id", "number", "on", "started", "amount", "weight", "scope", "category", "project", "person", "description",
    "outcome", "is_withdrawn", "reason", "by_id", "at", "batch", "line", "salt", "digest",
)  # fmt: skip


@transaction.atomic
def undo_batch(retainer: Retainer, ref: str, listings: Sequence[Listing], *, by: Member | None, now: datetime, label: str) -> int:
    """Take back all that the batch `ref` did; returns how many lines that were.

    Raises `LedgerError`, naming the lines, where one of them does not say any more what the batch wrote.
    """
    retainer = lock(retainer)
    done = list(Revision.objects.filter(batch=ref, entry__retainer=retainer).select_related("entry"))
    latest = {
        row.entry_id: row for row in Revision.objects.filter(entry__in=[r.entry_id for r in done], number=F("entry__number"))
    }
    later = [row for row in done if Work.of(latest[row.entry_id]) != Work.of(row)]
    if later:
        named = ", ".join(f"{row.on} “{row.description[:40]}”" for row in later[:5])
        raise LedgerError(
            _("%(later)s lines of this import were changed since: %(named)s. Take those changes back first.")
            % {"later": len(later), "named": named}
        )
    before = {
        (row.entry_id, row.number): row
        for row in Revision.objects.filter(entry__in=[row.entry_id for row in done if row.number > 1])
    }
    since = []
    for row in done:
        previous = before.get((row.entry_id, row.number - 1))
        work = Work.of(previous) if previous else Work.of(row).withdrawn()
        since += [row.on, work.on]
        revise(row.entry, work, number=row.entry.number + 1, by=by, now=now, reason="Import undone", batch=f"{ref}~")
    known = {listing.entry for listing in listings}
    Entry.objects.filter(pk__in=[row.entry_id for row in done if row.entry_id not in known]).point(is_listed=False)
    for listing in listings:
        Entry.objects.filter(pk=listing.entry).point(
            source_on=listing.source_on, source_digest=listing.source_digest, is_listed=listing.is_listed
        )
    finish(retainer, min(since, default=retainer.starts_on), now, label)
    return len(done)
