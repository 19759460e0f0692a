"""Writing the ledger. Every function locks the retainer first, writes, refreshes the cycles and counts the version up.

Nothing is overwritten: an edit adds a revision, a withdrawal leaves a tombstone. Instants are arguments.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.core.amounts import HOUR, LONGEST
from hourtab.core.cycles import FOR_EVER, LAST_DAY
from hourtab.core.documents import closing_json
from hourtab.core.statement import statement
from hourtab.ledger import queries
from hourtab.ledger.models import Cycle, Entry, Revision, Source, TopUp
from hourtab.ledger.work import Work, key_of, new_salt
from hourtab.lib.database import insert_rows, is_sqlite, reserve_ids
from hourtab.retainers.models import Category, Retainer

LONGEST_ENTRY = 1000 * HOUR


class LedgerError(ValueError):
    """A rule of the ledger stands against this; the message says which. Nothing was stored."""


@transaction.atomic
def log_time(retainer: Retainer, work: Work, *, by: Member | None, now: datetime, source: str = "") -> Entry:
    """Store one line of work. `work.amount` must be positive and its date inside the retainer; else `LedgerError`."""
    retainer = lock(retainer)
    _check(retainer, work)
    if work.amount == 0:
        raise LedgerError(_("Nothing was worked: the time must be more than 0."))
    secret = bytes(retainer.workspace.digest_key)
    first = key_of(work.content, secret, 0).partition("-")[0]
    occurrence = Entry.objects.filter(retainer=retainer, key__gt=f"{first}-", key__lt=f"{first}.").count() + 1
    entry = Entry(retainer=retainer, key=key_of(work.content, secret, occurrence), on=work.on, started=work.started)
    entry.save()
    _revise(entry, work, number=1, by=by, now=now)
    _finish(retainer, work.on, now, source)
    return entry


@transaction.atomic
def edit_entry(entry: Entry, work: Work, *, by: Member | None, now: datetime, reason: str = "", seen: int | None = None) -> Entry:
    """Add a revision. With `seen`, the revision number the editor saw, a change made in between is refused."""
    retainer = lock(entry.retainer)
    entry = Entry.objects.get(pk=entry.pk)
    if seen is not None and seen != entry.number:
        raise LedgerError(_("This line was changed in the meantime. Look at it again before you change it."))
    _check(retainer, work)
    before = entry.on
    _revise(entry, work, number=entry.number + 1, by=by, now=now, reason=reason)
    _finish(retainer, min(before, work.on), now)
    return entry


def withdraw_entry(entry: Entry, *, by: Member | None, now: datetime, reason: str = "") -> Entry:
    """Take a line out of the log, leaving a tombstone with the reason."""
    return edit_entry(entry, latest_work(entry).withdrawn(), by=by, now=now, reason=reason)


def restore_entry(entry: Entry, *, by: Member | None, now: datetime, reason: str = "") -> Entry:
    """Put a withdrawn line back as it was."""
    return edit_entry(entry, replace(latest_work(entry), is_withdrawn=False), by=by, now=now, reason=reason)


def latest_work(entry: Entry) -> Work:
    """Return what an entry says now, withdrawn or not."""
    return Work.of(Revision.objects.get(entry=entry, number=Entry.objects.values_list("number", flat=True).get(pk=entry.pk)))


@transaction.atomic
def top_up(
    retainer: Retainer, *, seconds: int, on: date, by: Member | None, now: datetime, kind: str = "topup",
    until: date | None = None, forever: bool = False, reason: str = "",
) -> TopUp:  # fmt: skip
    """Grant extra hours for the whole cycle of `on`, through the cycle of `until` (None = its own)."""
    retainer = lock(retainer)
    if seconds <= 0 or seconds > LONGEST:
        raise LedgerError(_("Extra hours must be more than 0 and less than 100,000."))
    cycle = retainer.calendar().cycle_of(on)
    if cycle is None:
        raise LedgerError(_("%(on)s is not within this retainer.") % {"on": on})
    if until is not None and until < on:
        raise LedgerError(_("The extra hours would expire before they begin."))
    number = TopUp.objects.filter(retainer=retainer).count() + 1
    topup = TopUp(
        retainer=retainer, key=f"t{number:03d}", on=on, amount=seconds, kind=kind, until=until, is_forever=forever,
        reason=reason, by=by, at=now,
    )  # fmt: skip
    topup.save()
    _finish(retainer, on, now)
    return topup


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
        _revise(entry, row.work, number=entry.number + 1, by=by, now=now, batch=batch.ref, line=row.line)
    for pk in batch.withdraw:
        entry = entries[pk]
        if not entry.is_withdrawn:
            work = latest_work(entry).withdrawn()
            _revise(entry, work, number=entry.number + 1, by=by, now=now, batch=batch.ref, reason="No longer in the source")
    Entry.objects.filter(pk__in=[*batch.withdraw, *batch.unlist]).point(is_listed=False)
    for pk, row in (*batch.change, *batch.relist, *((entry.pk, row) for entry, row in returning)):
        Entry.objects.filter(pk=pk).point(source_on=row.work.on, source_digest=row.digest, is_listed=True)
    _insert(retainer, batch, fresh, by, now)
    _finish(retainer, min(touched, default=retainer.starts_on), now, label)
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
        _revise(row.entry, work, number=row.entry.number + 1, by=by, now=now, reason="Import undone", batch=f"{ref}~")
    known = {listing.entry for listing in listings}
    Entry.objects.filter(pk__in=[row.entry_id for row in done if row.entry_id not in known]).point(is_listed=False)
    for listing in listings:
        Entry.objects.filter(pk=listing.entry).point(
            source_on=listing.source_on, source_digest=listing.source_digest, is_listed=listing.is_listed
        )
    _finish(retainer, min(since, default=retainer.starts_on), now, label)
    return len(done)


def know_category(retainer: Retainer, name: str) -> Category:
    """Make `name` a category of the retainer from now on."""
    category, _made = Category.objects.get_or_create(retainer=retainer, name=name)
    return category


def lock(retainer: Retainer) -> Retainer:
    """Return the retainer as it is now, locked until the transaction ends."""
    return Retainer.objects.select_for_update(of=("self",)).select_related("workspace", "client").get(pk=retainer.pk)


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


def _finish(retainer: Retainer, since: date, now: datetime, source: str = "") -> None:
    """End a write: fresh cycles, then the as-of line, then the version, last."""
    refresh(retainer, since, retainer.today(now))
    Retainer.objects.filter(pk=retainer.pk).update(as_of=now, as_of_source=source)
    retainer.touch()


_LENGTHS = {"category": 60, "project": 200, "person": 120, "description": 100_000}


def _check(retainer: Retainer, work: Work) -> None:
    for name, most in _LENGTHS.items():
        if len(getattr(work, name)) > most:
            raise LedgerError(_("The %(name)s is longer than %(most)s characters.") % {"name": name, "most": f"{most:,}"})
    if work.amount < 0 or work.amount > LONGEST_ENTRY:
        raise LedgerError(_("The time must be between 0 and 1,000 hours."))
    if retainer.calendar().cycle_of(work.on) is None:
        edge = (
            _("starts on %(starts_on)s") % {"starts_on": retainer.starts_on}
            if work.on < retainer.starts_on
            else _("ends on %(last_day)s") % {"last_day": retainer.ends_on or LAST_DAY}
        )
        raise LedgerError(_("%(on)s is not within this retainer: it %(edge)s.") % {"on": work.on, "edge": edge})


def _revise(
    entry: Entry,
    work: Work,
    *,
    number: int,
    by: Member | None,
    now: datetime,
    reason: str = "",
    batch: str = "",
    line: int | None = None,
) -> None:
    salt = new_salt()
    values = {name: getattr(work, name) for name in Work.__slots__}
    Revision(
        entry=entry,
        number=number,
        **values,
        reason=reason,
        by=by,
        at=now,
        batch=batch,
        line=line,
        salt=salt,
        digest=work.digest(salt),
    ).save()
    Entry.objects.filter(pk=entry.pk).point(number=number, on=work.on, started=work.started, is_withdrawn=work.is_withdrawn)
