"""Examining, applying and undoing imports. An import is one transaction: whole, or not there."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.core.entries import Entry as CoreEntry
from hourtab.core.entries import Ledger
from hourtab.core.statement import statement
from hourtab.imports.errors import Open, Refusal
from hourtab.imports.models import Import
from hourtab.imports.parsing import Parsed, parse, recognise
from hourtab.imports.planning import Choice, Plan, choose, make_plan
from hourtab.ledger import batches, queries, record
from hourtab.ledger.bulk import Listing
from hourtab.ledger.models import Revision, Source
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and how it is to be taken."""

    name: str
    content: bytes
    answers: Mapping[str, str]
    all_rows: bool = False
    only_add: bool = False

    @property
    def digest(self) -> str:
        """The file's SHA-256."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Examined:
    """A file, and what it would do."""

    upload: Upload
    plan: Plan
    source: Source | None
    choice: Choice
    before: int
    after: int
    stored: int

    @property
    def fingerprint(self) -> str:
        """Digest of everything that would happen: an apply that would do something else than was shown is refused."""
        shown = repr([(o.kind, o.line, o.on, o.seconds) for o in self.plan.outcomes])
        return hashlib.sha256(f"{self.upload.digest}{shown}{self.plan.window}".encode()).hexdigest()[:16]


def examine(upload: Upload, retainer: Retainer, now: datetime) -> Examined:
    """Read a file and plan what it would do; stores nothing. Raises `Refusal` or `Open`."""
    _parsed, source, choice, plan = _plan(upload, retainer)
    today = retainer.today(now)
    before, after = _balances(retainer, plan, today)
    return Examined(upload, plan, source, choice, before, after, _stored(retainer, source, plan))


@transaction.atomic
def apply(
    upload: Upload, retainer: Retainer, *, by: Member | None, now: datetime, draft: Import | None = None, expect: str = ""
) -> Import:
    """Bring a file in. With `expect`, the fingerprint that was shown, anything else is refused."""
    retainer = record.lock(retainer)
    if draft is not None:
        draft = Import.objects.select_for_update(of=("self",)).get(pk=draft.pk)
        if draft.state != Import.State.DRAFT:
            raise Refusal(_("This file has been applied already."))
    parsed, source, choice, plan = _plan(upload, retainer)
    if expect and expect != Examined(upload, plan, source, choice, 0, 0, 0).fingerprint:
        raise Refusal(_("The log has changed since this preview was made. Look at it again."))
    source = _locked_source(retainer, parsed)
    done = draft or Import(workspace=retainer.workspace, retainer=retainer, by=by)
    batch = plan.batch(done.ref, source)
    before = _balance(retainer, now)
    label = _("%(tool)s import") % {"tool": parsed.tool.label}
    listings = [] if batch.is_empty else batches.apply_batch(retainer, batch, by=by, now=now, label=label)
    _remember(source, retainer, parsed, choice)
    window = plan.window or (None, None)
    done.source, done.state, done.applied_at, done.content = source, Import.State.APPLIED, now, None
    done.file_name, done.file_digest = upload.name[:200], upload.digest
    done.window_from, done.window_until = window
    done.answers = dict(upload.answers)
    done.counts = plan.counts | {
        "file_seconds": parsed.seconds,
        "new_seconds": plan.new_seconds,
        "before": before,
        "after": _balance(retainer, now),
    }
    done.outcomes = [[o.line, o.kind, o.why] for o in plan.outcomes]
    done.flags = [[flag.line, flag.why] for flag in plan.flags]
    done.listings = [asdict(listing) | {"source_on": listing.source_on and listing.source_on.isoformat()} for listing in listings]
    done.save()
    return done


@transaction.atomic
def undo(done: Import, *, by: Member | None, now: datetime) -> Import:
    """Take an import back: the statement is what it was before. Raises `LedgerError` where later changes stand in the way."""
    retainer = record.lock(done.retainer)
    done = Import.objects.select_for_update(of=("self",)).select_related("source", "retainer").get(pk=done.pk)
    if done.state != Import.State.APPLIED:
        raise record.LedgerError(_("This import is %(state)s; there is nothing to undo.") % {"state": done.get_state_display()})
    listings = [
        Listing(**raw | {"source_on": raw["source_on"] and date.fromisoformat(raw["source_on"])}) for raw in done.listings
    ]
    _refuse_if_later(done, listings)
    batches.undo_batch(retainer, done.ref, listings, by=by, now=now, label=_("import undone"))
    done.state, done.undone_at = Import.State.UNDONE, now
    done.save(update_fields=["state", "undone_at"])
    return done


def stored_seconds(retainer: Retainer, source: Source | None) -> int:
    """Return the raw time a retainer holds from a source."""
    if source is None:
        return 0
    return sum(queries.latest(retainer).filter(entry__source=source).values_list("amount", flat=True))


def _plan(upload: Upload, retainer: Retainer) -> tuple[Parsed, Source | None, Choice, Plan]:
    source = None
    answers = dict(upload.answers)
    try:
        parsed = parse(upload.content, upload.name, answers)
    except Open:
        # The same tool was asked before: what was answered then is used, except for what was answered now.
        source, answers = _remembered_for(upload, retainer)
        parsed = parse(upload.content, upload.name, answers)
    source = Source.objects.filter(workspace=retainer.workspace, tool=parsed.tool.key).first()
    remembered = (source.answers.get("choices", {}) if source else {}).get(retainer.ref, {})
    choice = choose(parsed, retainer, answers, remembered, all_rows=upload.all_rows)
    plan = make_plan(parsed, retainer, source, choice, answers, file_name=upload.name, only_add=upload.only_add)
    return parsed, source, choice, plan


def _remembered_for(upload: Upload, retainer: Retainer) -> tuple[Source | None, dict[str, str]]:
    tool = recognise(upload.content)
    source = Source.objects.filter(workspace=retainer.workspace, tool=tool.key).first()
    kept = source.answers if source else {}
    return source, {key: kept[key] for key in ("date_order", "decimal", "hours") if key in kept} | dict(upload.answers)


def _locked_source(retainer: Retainer, parsed: Parsed) -> Source:
    """Return the source of a file, made where it is new, locked: other retainers remember their choices in it too."""
    source, _made = Source.objects.get_or_create(workspace=retainer.workspace, tool=parsed.tool.key)
    return Source.objects.select_for_update().get(pk=source.pk)


def _remember(source: Source, retainer: Retainer, parsed: Parsed, choice: Choice) -> None:
    """Keep what was decided about this source's files, and which rows are whose."""
    choices = source.answers.get("choices", {}) | {
        retainer.ref: {
            "clients": sorted(choice.clients),
            "projects": sorted(choice.projects),
            "billable": "only" if choice.only_billable else "",
        }
    }
    kept = source.answers | dict(parsed.decided) | {"choices": choices}
    if kept != source.answers:
        source.answers = kept
        source.save(update_fields=["answers"])


def _refuse_if_later(done: Import, listings: list[Listing]) -> None:
    """Refuse where a later import took over a line this one moved."""
    entries = [listing.entry for listing in listings]
    later = Import.objects.filter(
        retainer=done.retainer, source=done.source, state=Import.State.APPLIED, applied_at__gt=done.applied_at
    )
    for other in later:
        touched = {raw["entry"] for raw in other.listings}
        if touched & set(entries):
            raise record.LedgerError(
                _("A later import (%(file_name)s, %(ref)s) changed the same lines. Undo that one first.")
                % {"file_name": other.file_name, "ref": other.ref}
            )


def _balance(retainer: Retainer, now: datetime) -> int:
    retainer = Retainer.objects.get(pk=retainer.pk)
    cycle = queries.current_cycle(retainer, retainer.today(now))
    return cycle.available - cycle.used if cycle else 0


def _balances(retainer: Retainer, plan: Plan, today: date) -> tuple[int, int]:
    """Return the balance now, and what it would be, computed on values."""
    book = queries.ledger_of(retainer)
    changed = _with(book, retainer, plan)
    return _left(book, today), _left(changed, today)


def _left(book: Ledger, today: date) -> int:
    cycles = statement(book, today).cycles
    return cycles[-1].available - cycles[-1].used if cycles else 0


def _with(book: Ledger, retainer: Retainer, plan: Plan) -> Ledger:
    """Return the ledger as it would be after the plan."""
    moved = dict(plan.change)
    rows = Revision.objects.filter(entry__in=[*moved, *plan.withdraw], number=1).values_list("entry_id", "entry__key")
    keys = {key: pk for pk, key in rows}
    entries: list[CoreEntry] = []
    for entry in book.entries:
        pk = keys.get(entry.id)
        if pk in moved:
            entries.append(moved[pk].work.as_core(entry.id))
        elif pk is None:
            entries.append(entry)
    entries += [row.work.as_core(f"new-{row.line}") for row in plan.add]
    return replace(book, entries=entries)


def _stored(retainer: Retainer, source: Source | None, plan: Plan) -> int:
    """Return what the retainer would hold from this source."""
    held = stored_seconds(retainer, source)
    named = [*(pk for pk, _ in plan.change), *plan.withdraw]
    replaced = queries.latest(retainer).filter(entry__in=named).values_list("amount", flat=True) if named else ()
    return held - sum(replaced) + sum(row.work.amount for row in plan.add) + sum(row.work.amount for _, row in plan.change)


def summary(counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the counts of an import by outcome."""
    return {key: value for key, value in counts.items() if not key.endswith("_seconds") and key not in ("before", "after")}
