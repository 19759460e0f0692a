"""What an import does to a retainer, in bulk: one transaction, and the way back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.ledger import bulk
from hourtab.ledger.bulk import Change, Listing, NewEntry
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.ledger.record import LedgerError, finish, lock
from hourtab.ledger.work import Work, numbered
from hourtab.lib.database import in_chunks
from hourtab.retainers.models import Retainer


class SourceRow(NamedTuple):
    """A row of a file that becomes an entry: its work, its line, its digest as the source's own row, and its number there."""

    work: Work
    line: int
    digest: str
    ref: str = ""


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


@transaction.atomic
def apply_batch(retainer: Retainer, batch: Batch, *, by: Member | None, now: datetime, label: str) -> list[Listing]:
    """Write everything a file changes in one transaction; return what `undo_batch` needs to take it back.

    `change` and `withdraw` name entries; `relist` and `unlist` only note what the source says now of an entry that
    was edited here and stays as it is.
    """
    retainer = lock(retainer)
    named = [pk for pk, _row in (*batch.change, *batch.relist)] + [*batch.withdraw, *batch.unlist]
    entries = Entry.objects.in_bulk(named)
    returning, fresh = _sort_new(retainer, batch)
    rewritten = [*((entries[pk], row) for pk, row in batch.change), *returning]
    moved = [Listing.of(entry) for entry in (*entries.values(), *(entry for entry, _row in returning))]

    changes = [Change(entry, row.work, row.line) for entry, row in rewritten]
    said = bulk.latest_revisions(batch.withdraw)
    gone = _("No longer in the source")
    changes += [
        Change(entries[pk], Work.of(said[pk]).withdrawn(), None, gone) for pk in batch.withdraw if not entries[pk].is_withdrawn
    ]
    bulk.revise_entries(changes, by=by, now=now, batch=batch.ref)
    listed = [*((entry.pk, row) for entry, row in rewritten), *batch.relist]
    bulk.list_entries([Listing(pk, row.work.on, row.digest, True) for pk, row in listed])
    unlisted = [entries[pk] for pk in (*batch.withdraw, *batch.unlist)]
    bulk.list_entries([replace(Listing.of(entry), is_listed=False) for entry in unlisted])
    bulk.insert_entries(retainer, batch.source.pk, fresh, by=by, now=now, batch=batch.ref)

    touched = (
        [row.work.on for row in batch.add] + [change.entry.on for change in changes] + [change.work.on for change in changes]
    )
    finish(retainer, min(touched, default=retainer.today(now)), now, label)
    return moved


def _sort_new(retainer: Retainer, batch: Batch) -> tuple[list[tuple[Entry, SourceRow]], list[NewEntry]]:
    """Part new rows into those whose withdrawn entry comes back (an import undone), and those with a key of their own."""
    source = batch.source.pk
    known = Entry.objects.filter(retainer=retainer).exclude(source=None) if batch.add else Entry.objects.none()
    taken = {
        key: (pk, of == source and withdrawn and not listed)
        for key, pk, of, withdrawn, listed in known.values_list("key", "pk", "source_id", "is_withdrawn", "is_listed").iterator()
    }
    seen: Counter[str] = Counter()
    returning: list[tuple[int, SourceRow]] = []
    fresh: list[NewEntry] = []
    for row in batch.add:
        while True:
            seen[row.digest] += 1
            key = numbered(row.digest, seen[row.digest])
            if key not in taken:
                fresh.append(NewEntry(key, row.work, row.line, row.digest, row.ref))
                break
            entry, may_return = taken[key]
            if may_return:
                returning.append((entry, row))
                break
    entries = Entry.objects.in_bulk([entry for entry, _row in returning])
    return [(entries[entry], row) for entry, row in returning], fresh


@transaction.atomic
def undo_batch(retainer: Retainer, ref: str, listings: Sequence[Listing], *, by: Member | None, now: datetime, label: str) -> int:
    """Take back all that the batch `ref` did; returns how many lines that were.

    Raises `LedgerError`, naming the lines, where one of them does not say any more what the batch wrote.
    """
    retainer = lock(retainer)
    done = list(Revision.objects.filter(batch=ref, entry__retainer=retainer).select_related("entry"))
    _refuse_changed(done)
    before: dict[int, Revision] = {}
    for some in in_chunks([row.entry_id for row in done if row.number > 1]):
        earlier = Revision.objects.filter(entry__in=some, number__lt=F("entry__number")).order_by("number")
        numbers = {row.entry_id: row.number for row in done}
        before |= {row.entry_id: row for row in earlier if row.number == numbers[row.entry_id] - 1}
    changes = [Change(row.entry, _work_before(row, before.get(row.entry_id)), None, _("Import undone")) for row in done]
    bulk.revise_entries(changes, by=by, now=now, batch=f"{ref}~")
    known = {listing.entry for listing in listings}
    added = [replace(Listing.of(row.entry), is_listed=False) for row in done if row.entry_id not in known]
    bulk.list_entries([*added, *listings])
    touched = [row.on for row in done] + [change.work.on for change in changes]
    finish(retainer, min(touched, default=retainer.today(now)), now, label)
    return len(done)


def _refuse_changed(done: Sequence[Revision]) -> None:
    latest = bulk.latest_revisions([row.entry_id for row in done])
    later = [row for row in done if Work.of(latest[row.entry_id]) != Work.of(row)]
    if later:
        named = ", ".join(f"{row.on} “{row.description[:40]}”" for row in later[:5])
        raise LedgerError(
            _("%(later)s lines of this import were changed since: %(named)s. Take those changes back first.")
            % {"later": len(later), "named": named}
        )


def _work_before(row: Revision, previous: Revision | None) -> Work:
    """Return what an entry said before the batch; one that the batch made is withdrawn."""
    return Work.of(previous) if previous else Work.of(row).withdrawn()
