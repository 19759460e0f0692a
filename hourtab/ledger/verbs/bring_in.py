"""What an import does to a retainer, in bulk: one transaction, and the way back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import F, prefetch_related_objects
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.ledger.errors import (
    ClosedError,
    LinesChangedSince,
)
from hourtab.ledger.line import Work, numbered
from hourtab.ledger.models import Entry, Revision, Source, Write
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.writing import bulk
from hourtab.ledger.writing.bulk import Change, Listing, NewEntry
from hourtab.ledger.writing.chain import Writing
from hourtab.ledger.writing.late import Late
from hourtab.ledger.writing.record import writing
from hourtab.lib.database import in_chunks
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer


class SourceRow(NamedTuple):
    """A row of a file that becomes an entry: its work, its line, its digest as the source's own
    row, and its number there.
    """

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


@whole
def apply_batch(
    retainer: Retainer, batch: Batch, *, by: Member | None, now: datetime, tool: str
) -> list[Listing]:
    """Write everything a file changes in one transaction; return what `undo_batch` needs to take it
    back.

    `change` and `withdraw` name entries; `relist` and `unlist` only note what the source says now
    of an entry that was edited here and stays as it is. What stands in a closed cycle is corrected,
    what comes too late for its own posts in the earliest unclosed one.
    """
    label, source = _("%(tool)s import") % {"tool": tool}, f"import:{tool}"[:40]
    with writing(
        retainer, Write.Kind.IMPORT, by=by, now=now, label=label, batch=batch.ref, source=source
    ) as this:
        retainer = this.retainer
        # An import changes no terms and no pauses: they are read once for all that follows.
        prefetch_related_objects([retainer], "terms", "pauses")
        named = [pk for pk, _row in (*batch.change, *batch.relist)] + [
            *batch.withdraw,
            *batch.unlist,
        ]
        entries = Entry.objects.select_related("corrects", "retainer").in_bulk(named)
        returning, fresh = _sort_new(retainer, batch)
        rewritten = [*((entries[pk], row) for pk, row in batch.change), *returning]
        moved = [
            Listing.of(entry)
            for entry in (*entries.values(), *(entry for entry, _row in returning))
        ]

        late = Late(retainer)
        changes = [
            Change(entry, late.posted(row.work, entry), row.line) for entry, row in rewritten
        ]
        said = bulk.latest_revisions(batch.withdraw)
        gone = _("No longer in the source")
        changes += [
            Change(entries[pk], Work.of(said[pk]).withdrawn(), None, gone)
            for pk in batch.withdraw
            if not entries[pk].is_withdrawn
        ]
        _change(this, changes, late)
        listed = [*((entry.pk, row) for entry, row in rewritten), *batch.relist]
        bulk.list_entries([Listing(pk, row.work.on, row.digest, True) for pk, row in listed])
        unlisted = [entries[pk] for pk in (*batch.withdraw, *batch.unlist)]
        bulk.list_entries([replace(Listing.of(entry), is_listed=False) for entry in unlisted])
        if late.closed:
            fresh = [new._replace(work=late.posted(new.work)) for new in fresh]
        bulk.insert_entries(this, batch.source.pk, fresh)
        this.touches(*{new.work.posts_on for new in fresh})
        return moved


def _change(this: Writing, changes: Sequence[Change], late: Late) -> None:
    """Revise entries in bulk, and correct one by one those that stand in closed cycles."""
    frozen = [
        change
        for change in changes
        if late.is_closed(change.entry.posts_on) and not change.entry.is_withdrawn
    ]
    kept = {change.entry.pk for change in frozen}
    for change in frozen:
        corrections.correct(this, change.entry, change.work, change.reason)
    bulk.revise_entries(this, [change for change in changes if change.entry.pk not in kept])


def _sort_new(
    retainer: Retainer, batch: Batch
) -> tuple[list[tuple[Entry, SourceRow]], list[NewEntry]]:
    """Part new rows into those whose withdrawn entry comes back (an import undone), and those with
    a key of their own.
    """
    taken = _Keys(retainer, batch)
    seen: Counter[str] = Counter()
    returning: list[tuple[int, SourceRow]] = []
    fresh: list[NewEntry] = []
    for row in batch.add:
        while True:
            seen[row.digest] += 1
            number = seen[row.digest]
            entry, may_return = taken.of(row.digest, number)
            if entry is None:
                key = numbered(row.digest, number)
                fresh.append(NewEntry(key, row.work, row.line, row.digest, row.ref))
                break
            if may_return:
                returning.append((entry, row))
                break
    entries = Entry.objects.select_related("corrects", "retainer").in_bulk(
        [entry for entry, _row in returning]
    )
    return [(entries[entry], row) for entry, row in returning], fresh


class _Keys:
    """The keys that rows of a batch may want and that entries have already. As many are asked for
    as there are rows of a digest, and twice as many where those are taken: never all that the
    retainer has.
    """

    def __init__(self, retainer: Retainer, batch: Batch) -> None:
        self.retainer, self.source = retainer, batch.source.pk
        self.known: dict[str, tuple[int, bool]] = {}
        self.asked = Counter(row.digest for row in batch.add)
        self._ask({digest: (1, count) for digest, count in self.asked.items()})

    def of(self, digest: str, number: int) -> tuple[int | None, bool]:
        """Return the entry that has this key, and whether it may come back; None where it is
        free.
        """
        if number > (last := self.asked[digest]):
            self.asked[digest] = 2 * last
            self._ask({digest: (last + 1, 2 * last)})
        return self.known.get(numbered(digest, number), (None, False))

    def _ask(self, wanted: dict[str, tuple[int, int]]) -> None:
        keys = [
            numbered(digest, number)
            for digest, (first, last) in wanted.items()
            for number in range(first, last + 1)
        ]
        columns = ("key", "pk", "source_id", "is_withdrawn", "is_listed")
        for some in in_chunks(keys):
            rows = Entry.objects.filter(retainer=self.retainer, key__in=some)
            for key, pk, of, is_withdrawn, is_listed in rows.values_list(*columns):
                self.known[key] = pk, of == self.source and is_withdrawn and not is_listed


@whole
def undo_batch(
    retainer: Retainer,
    ref: str,
    listings: Sequence[Listing],
    *,
    by: Member | None,
    now: datetime,
    corrects: bool = False,
) -> int:
    """Take back all that the batch `ref` did; returns how many lines that were.

    Raises `LedgerError`, naming the lines, where one of them does not say any more what the batch
    wrote, or, unless it `corrects` them, where one stands in a cycle that was closed since.
    """
    label = _("import undone")
    with writing(
        retainer, Write.Kind.UNDO, by=by, now=now, label=label, batch=f"{ref}~", source="undo:"
    ) as this:
        written = Revision.objects.filter(write__batch=ref, entry__retainer=retainer)
        done = list(written.select_related("entry__corrects", "entry__retainer"))
        _refuse_changed(done)
        late = Late(this.retainer)
        if not corrects:
            _refuse_closed(done, late)
        before: dict[int, Revision] = {}
        for some in in_chunks([row.entry_id for row in done if row.number > 1]):
            earlier = Revision.objects.filter(
                entry__in=some, number__lt=F("entry__number")
            ).order_by("number")
            numbers = {row.entry_id: row.number for row in done}
            before |= {
                row.entry_id: row for row in earlier if row.number == numbers[row.entry_id] - 1
            }
        changes = [
            Change(row.entry, _work_before(row, before.get(row.entry_id)), None, _("Import undone"))
            for row in done
        ]
        _change(this, changes, late)
        known = {listing.entry for listing in listings}
        added = [
            replace(Listing.of(row.entry), is_listed=False)
            for row in done
            if row.entry_id not in known
        ]
        bulk.list_entries([*added, *listings])
        this.touches(*(row.entry.corrects.posts_on for row in done if row.entry.corrects))
        return len(done)


def _refuse_changed(done: Sequence[Revision]) -> None:
    latest = bulk.latest_revisions([row.entry_id for row in done])
    later = [row for row in done if Work.of(latest[row.entry_id]) != Work.of(row)]
    if later:
        raise LinesChangedSince(later=len(later), named=_named(later))


def _refuse_closed(done: Sequence[Revision], late: Late) -> None:
    frozen = [row for row in done if late.is_closed(row.entry.posts_on)]
    if frozen:
        raise ClosedError(count=len(frozen), named=_named(frozen))


def _named(rows: Sequence[Revision]) -> str:
    return ", ".join(f"{row.on} “{row.description[:40]}”" for row in rows[:5])


def _work_before(row: Revision, previous: Revision | None) -> Work:
    """Return what an entry said before the batch; one that the batch made is withdrawn."""
    return Work.of(previous) if previous else Work.of(row).withdrawn()
