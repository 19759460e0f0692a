"""Many entries and revisions at once, as fast as the database takes them. For `batches` alone,
inside its transaction.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import F

from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.writing.chain import Writing
from hourtab.lib.database import (
    driver_values,
    for_driver,
    in_chunks,
    insert_rows,
    reserve_ids,
    update_rows,
)


@dataclass(frozen=True, slots=True)
class Change:
    """A new revision of an entry that exists."""

    entry: Entry
    work: Work
    line: int | None = None
    reason: str = ""


class NewEntry(NamedTuple):
    """An entry that does not exist yet, as its source lists it."""

    key: str
    work: Work
    line: int
    source_digest: str
    source_ref: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source says of an entry: kept before an import moves it, so that it can be put
    back.
    """

    entry: int
    source_on: date | None
    source_digest: str
    is_listed: bool

    @classmethod
    def of(cls, entry: Entry) -> "Listing":
        """Return what it says now."""
        return cls(entry.pk, entry.source_on, entry.source_digest, entry.is_listed)


def latest_revisions(entries: Sequence[int]) -> dict[int, Revision]:
    """Return the latest revision of each entry."""
    found: dict[int, Revision] = {}
    for some in in_chunks(entries):
        found |= {
            row.entry_id: row
            for row in Revision.objects.filter(entry__in=some, number=F("entry__number"))
        }
    return found


def insert_entries(this: Writing, source: int, new: Sequence[NewEntry]) -> None:
    """Insert entries with their first revisions."""
    ids = list(reserve_ids(Entry, len(new)))
    convert, retainer = driver_values(), this.retainer.pk
    heads = [
        (
            pk,
            retainer,
            item.key,
            convert(item.work.on),
            item.work.began,
            1,
            False,
            convert(item.work.posts_on),
            source,
            convert(item.work.on),
            item.source_digest,
            item.source_ref,
            True,
        )
        for pk, item in zip(ids, new, strict=True)
    ]
    insert_rows(Entry, _HEAD, heads)
    _insert_revisions(
        this,
        [(pk, item.key, 1, item.work, item.line, "") for pk, item in zip(ids, new, strict=True)],
    )


def revise_entries(this: Writing, changes: Sequence[Change]) -> None:
    """Add a revision to each entry and point it there."""
    if not changes:
        return
    rows = [
        (item.entry.pk, item.entry.key, item.entry.number + 1, item.work, item.line, item.reason)
        for item in changes
    ]
    corrected = {item.entry.pk: item.entry.corrects.key for item in changes if item.entry.corrects}
    _insert_revisions(this, rows, corrected)
    heads = [
        (number, for_driver(work.on), work.began, work.is_withdrawn, for_driver(work.posts_on), pk)
        for pk, _key, number, work, *_rest in rows
    ]
    update_rows(Entry, ("number", "on", "began", "is_withdrawn", "posts_on"), heads)
    this.touches(
        *(item.entry.posts_on for item in changes), *(item.work.posts_on for item in changes)
    )


def list_entries(listings: Sequence[Listing]) -> None:
    """Note what the source says of each entry."""
    if not listings:
        return
    rows = [
        (for_driver(listing.source_on), listing.source_digest, listing.is_listed, listing.entry)
        for listing in listings
    ]
    update_rows(Entry, ("source_on", "source_digest", "is_listed"), rows)


def _insert_revisions(
    this: Writing,
    items: Sequence[tuple[int, str, int, Work, int | None, str]],
    corrected: Mapping[int, str] | None = None,
) -> None:
    write, convert, corrected = this.row.pk, driver_values(), corrected or {}
    salts = os.urandom(16 * len(items)).hex()
    rows: list[tuple[Any, ...]] = []
    for i, (pk, key, number, work, line, reason) in enumerate(items):
        salt = salts[32 * i : 32 * i + 32]
        on, amount, started, *said, posted = work
        digest = work.digest(
            key, number, work.texts_digest(salt), corrected.get(pk, "") if corrected else ""
        )
        this.digests.append(digest)
        rows.append(
            (
                pk,
                number,
                convert(on),
                convert(started),
                amount,
                *said,
                convert(posted),
                reason,
                write,
                line,
                salt,
                "",
                digest,
            )
        )
    insert_rows(Revision, _REVISION, rows)


_HEAD = (
    "id",
    "retainer_id",
    "key",
    "on",
    "began",
    "number",
    "is_withdrawn",
    "posts_on",
    "source_id",
    "source_on",
    "source_digest",
    "source_ref",
    "is_listed",
)
_REVISION = (
    "entry_id",
    "number",
    "on",
    "started",
    "amount",
    "weight",
    "scope",
    "category",
    "project",
    "person",
    "description",
    "outcome",
    "weighted_by",
    "is_withdrawn",
    "posted",
    "reason",
    "write_id",
    "line",
    "salt",
    "erased",
    "digest",
)
