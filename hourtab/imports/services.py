"""Examining, applying and undoing imports. An import is one transaction: whole, or not there."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member, Workspace
from hourtab.accounts.plans import PlanError, check_day, earliest_day
from hourtab.imports import routing, sources
from hourtab.imports.balances import balance, balances, stored_after
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.layout import guess_tool, mapping
from hourtab.imports.lines import Parsed
from hourtab.imports.models import Import, ImportPart, ranges_of
from hourtab.imports.parsing import parse_sheets, read_sheets
from hourtab.imports.patience import patience
from hourtab.imports.planning import Order, make_plan
from hourtab.imports.plans import Outcome, Part, Plan
from hourtab.imports.readers.tool import Tool
from hourtab.imports.redaction import Redaction
from hourtab.imports.table import Sheet
from hourtab.ledger import batches, closing, record
from hourtab.ledger.bulk import Listing
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Revision, Source
from hourtab.lib.locking import locked
from hourtab.lib.memory import without_collecting
from hourtab.retainers.models import Retainer

ANSWERS = (
    "date_order",
    "decimal",
    "unit",
    "hours",
    "sheet",
    "source",
    "client",
    "project",
    "billable",
    "routes",
    "gone",
    "conflict",
    "late",
    "closed",
    "unreadable",
    "publish",
    "withhold",
    "absent",
    "from",
    "until",
    "all_rows",
    "only_add",
)
"""What may be answered about a file, beside `column.` and a field."""

type Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and how it is to be taken. Its bytes are read once, also where it is answered anew."""

    name: str
    content: bytes
    answers: Mapping[str, str] = field(default_factory=dict)
    _read: dict[Any, Sequence[Sheet] | Refusal] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def digest(self) -> str:
        """The file's SHA-256."""
        return hashlib.sha256(self.content).hexdigest()

    def answered(self, **answers: str) -> "Upload":
        """Return the same file with more answers."""
        return replace(self, answers={**self.answers, **answers})

    def sheets(self, today: date, zone: tzinfo) -> Sequence[Sheet]:
        """Return its rows. Raises `Refusal`. Only a calendar's rows depend on the day and zone."""
        key = (today, str(zone))
        if key not in self._read:
            try:
                with patience():
                    self._read[key] = read_sheets(self.content, today=today, zone=zone)
            except Refusal as refusal:
                self._read[key] = refusal
        found = self._read[key]
        if isinstance(found, Refusal):
            raise found
        return found

    @property
    def tool(self) -> Tool | None:
        """The tool it is of; None where it was not read, or cannot be."""
        found = next((rows for rows in self._read.values() if not isinstance(rows, Refusal)), None)
        return guess_tool(found) if found else None


@dataclass(frozen=True, slots=True)
class Examined:
    """A file, and what it would do. `retainer` is the only one it may feed, None where it may feed
    all.
    """

    upload: Upload
    plan: Plan
    source: Source | None
    retainer: Retainer | None

    @property
    def fingerprint(self) -> str:
        """Digest of everything that would happen: an apply that would do something else than was
        shown is refused.

        What is decided about rows with sensitive texts is no part of it: that is decided with the
        apply.
        """
        asked = self.plan.sensitive
        shown = repr(
            [
                (o.kind, o.line, o.on, o.seconds, o.retainer)
                for o in self.plan.outcomes
                if o.line not in asked
            ]
        )
        return hashlib.sha256(
            f"{self.upload.digest}{shown}{self.plan.window}".encode()
        ).hexdigest()[:16]

    @property
    def parts(self) -> Sequence[Part]:
        """What it would do to each retainer; for one retainer alone also where that is nothing."""
        found = list(self.plan.parts.values())
        return found or ([Part(self.retainer)] if self.retainer else [])


def _nothing(_phase: str) -> None:
    """Report progress to nobody."""


def read(
    upload: Upload, workspace: Workspace, now: datetime, retainer: Retainer | None = None
) -> Parsed:
    """Read a file without asking what it would do. Raises `Refusal` or `Open`."""
    return _Taken(upload, workspace, retainer, now, _nothing).parsed


def examine(
    upload: Upload,
    workspace: Workspace,
    now: datetime,
    retainer: Retainer | None = None,
    progress: Progress = _nothing,
) -> Examined:
    """Read a file and plan what it would do; stores nothing. Raises `Refusal` or `Open`."""
    with without_collecting():
        taken = _Taken(upload, workspace, retainer, now, progress)
        plan = taken.plan()
        examined = Examined(upload, plan, taken.source, retainer)
        for part in examined.parts:
            part.before, part.after = balances(part, part.retainer.today(now))
            part.stored = stored_after(part, taken.source)
            plan.parts.setdefault(part.retainer.ref, part)
    return examined


def apply(
    upload: Upload,
    workspace: Workspace,
    retainer: Retainer | None = None,
    *,
    by: Member | None,
    now: datetime,
    draft: Import | None = None,
    expect: str = "",
    progress: Progress = _nothing,
) -> Import:
    """Bring a file in. With `expect`, the fingerprint that was shown, anything else is refused.

    The file is read before anything is locked; then everything happens in one transaction.
    """
    with without_collecting():
        return _read_and_apply(upload, workspace, retainer, by, now, draft, expect, progress)


def _read_and_apply(
    upload: Upload,
    workspace: Workspace,
    retainer: Retainer | None,
    by: Member | None,
    now: datetime,
    draft: Import | None,
    expect: str,
    progress: Progress,
) -> Import:
    taken = _Taken(upload, workspace, retainer, now, progress)
    progress("writing")
    with transaction.atomic():
        return _apply(taken, by=by, now=now, draft=draft, expect=expect)


def _apply(
    taken: "_Taken", *, by: Member | None, now: datetime, draft: Import | None, expect: str
) -> Import:
    upload, parsed, workspace = taken.upload, taken.parsed, taken.workspace
    taken.lock(now)
    if draft is not None:
        draft = locked(Import.objects.all()).get(pk=draft.pk)
        if draft.state != Import.State.DRAFT:
            raise Refusal(_("This file has been applied already."))
    plan = taken.plan()
    if expect and expect != Examined(upload, plan, taken.source, taken.retainer).fingerprint:
        raise Refusal(_("The log has changed since this preview was made. Look at it again."))
    if plan.unpublished:
        raise Open(_publish_question(plan))
    source = sources.keep_source(workspace, taken.source, parsed, taken.answers)
    routing.keep_rules(source, taken.routing, taken.retainers, by)
    done = draft or Import(workspace=workspace, retainer=taken.retainer, by=by)
    shown = list(plan.parts.values()) or ([Part(taken.retainer)] if taken.retainer else [])
    parts = []
    for part in shown:
        before = balance(part.retainer, now)
        batch = part.batch(done.ref, source)
        listings = (
            []
            if batch.is_empty
            else batches.apply_batch(part.retainer, batch, by=by, now=now, tool=parsed.tool.label)
        )
        after = before if batch.is_empty else balance(part.retainer, now)
        counts = dict(part.counts) | {"new_seconds": part.new_seconds}
        kept = [
            asdict(listing) | {"source_on": listing.source_on and listing.source_on.isoformat()}
            for listing in listings
        ]
        parts.append(
            ImportPart(
                retainer=part.retainer, counts=counts, before=before, after=after, listings=kept
            )
        )
    _fill(done, taken, plan, source, now)
    done.save()
    for row in parts:
        row.brought_by = done
    ImportPart.objects.bulk_create(parts)
    return done


def _fill(done: Import, taken: "_Taken", plan: Plan, source: Source, now: datetime) -> None:
    """Note on an import what it did. Its bytes are forgotten."""
    parsed = taken.parsed
    done.source, done.state, done.applied_at, done.content = source, Import.State.APPLIED, now, None
    done.file_name, done.file_digest = taken.upload.name[:200], taken.upload.digest
    done.window_from, done.window_until = plan.window or (None, None)
    done.answers = dict(taken.upload.answers)
    done.columns = mapping(parsed.layout)
    done.rules_digest = routing.digest_of(taken.routing.rules)
    done.counts = plan.counts | {"file_seconds": parsed.seconds, "new_seconds": plan.new_seconds}
    done.outcomes = _grouped(plan.outcomes)
    done.digests = bytes.fromhex(
        "".join(digest for line in sorted(plan.digests) for digest in plan.digests[line])
    )
    done.facts = _facts(parsed, plan)
    done.flags = [[flag.line, flag.why] for flag in plan.flags]
    done.task, done.preview, done.problem, done.progress, done.leased_until = "", None, "", {}, None


def undo(done: Import, *, by: Member | None, now: datetime, corrects: bool = False) -> Import:
    """Take an import back: the statements are as before. Raises `LedgerError` where later changes
    stand in the way.

    Lines that stand in cycles closed since are refused with `ClosedError`, or taken back as
    corrections (`corrects`).
    """
    with without_collecting(), transaction.atomic():
        return _undo(done, by, now, corrects)


def _undo(done: Import, by: Member | None, now: datetime, corrects: bool) -> Import:
    parts = list(done.parts.select_related("retainer").order_by("retainer_id"))
    rows = {row.pk: row for row in record.lock_all(part.retainer for part in parts)}
    retainers = {part.pk: rows[part.retainer_id] for part in parts}
    done = locked(Import.objects.all()).select_related("source", "workspace").get(pk=done.pk)
    if done.state != Import.State.APPLIED:
        raise LedgerError(
            _("This import is %(state)s; there is nothing to undo.")
            % {"state": done.get_state_display()}
        )
    for part in parts:
        listings = [
            Listing(
                **raw | {"source_on": raw["source_on"] and date.fromisoformat(raw["source_on"])}
            )
            for raw in part.listings
        ]
        _refuse_if_later(done, part)
        batches.undo_batch(
            retainers[part.pk], done.ref, listings, by=by, now=now, corrects=corrects
        )
    done.state, done.undone_at = Import.State.UNDONE, now
    done.task, done.problem, done.progress, done.leased_until = "", "", {}, None
    done.save(update_fields=["state", "undone_at", "task", "problem", "progress", "leased_until"])
    return done


class _Taken:
    """A file that was read, with its source, its answers and its rules."""

    def __init__(
        self,
        upload: Upload,
        workspace: Workspace,
        retainer: Retainer | None,
        now: datetime,
        progress: Progress,
    ) -> None:
        self.upload, self.workspace, self.retainer, self.progress = (
            upload,
            workspace,
            retainer,
            progress,
        )
        self.zone = retainer.tzinfo if retainer else ZoneInfo(workspace.zone)
        self.today = now.astimezone(self.zone).date()
        progress("reading")
        self.sheets = upload.sheets(self.today, self.zone)
        self.source = sources.find_source(self.sheets, upload.answers, workspace)
        self.answers = sources.remembered(self.source, self.sheets) | dict(upload.answers)
        with patience():
            self.parsed: Parsed = parse_sheets(
                self.sheets, upload.name, self.answers, zone=self.zone, today=self.today
            )
        self.retainers = routing.targets_of(workspace)

    def lock(self, now: datetime) -> None:
        """Lock every retainer the file may feed, close what is due there, and see its source as it
        is now.
        """
        if self.retainer:
            self.retainer = record.lock(self.retainer)
            self.retainers = [
                self.retainer if other.pk == self.retainer.pk else other
                for other in routing.targets_of(self.workspace)
            ]
        else:
            self.retainers = [
                record.lock(retainer) for retainer in routing.targets_of(self.workspace)
            ]
        for retainer in [self.retainer] if self.retainer else self.retainers:
            closing.close_due(retainer, now)
        self.source = sources.find_source(self.sheets, self.upload.answers, self.workspace)

    def plan(self) -> Plan:
        """Compare the file with what is there now."""
        self.progress("comparing")
        stored = routing.rules_of(self.source)
        self.routing = routing.Routing(stored, self.upload.answers, self.retainer, self.parsed)
        router = self.routing.router(self.retainers, self.parsed, self.answers)
        fed = [self.retainer] if self.retainer else self.retainers
        redaction = Redaction(self.workspace.private_words.splitlines())
        secret = bytes(self.workspace.digest_key)
        plan = make_plan(self.parsed, fed, self.source, router, self._order(), redaction, secret)
        self._check_months(plan)
        return plan

    def _check_months(self, plan: Plan) -> None:
        """Refuse new rows of days further back than the workspace's plan goes; what is stored
        already stays as it is.
        """
        if (first := earliest_day(self.workspace, self.today)) is None:
            return
        early = [
            outcome
            for outcome in plan.outcomes
            if outcome.kind == "new" and outcome.on and outcome.on < first
        ]
        if early:
            try:
                check_day(self.workspace, early[0].on or first, self.today)
            except PlanError as error:
                raise Refusal(
                    _("%(error)s Bring it in from that day on.") % {"error": error},
                    line=early[0].line,
                ) from None

    def _order(self) -> Order:
        answers = self.answers
        return Order(
            self.upload.name,
            answers,
            only_add=answers.get("only_add") == "yes",
            absent=frozenset(filter(None, answers.get("absent", "").split(","))),
            publish=_lines(answers.get("publish", "")),
            withhold=_lines(answers.get("withhold", ""))
            if answers.get("publish") != "leave_out"
            else None,
            rules_changed=self._rules_changed(),
            takes_late=answers.get("late") != "leave_out",
            corrects=answers.get("closed") == "correct",
        )

    def _rules_changed(self) -> bool:
        """Say whether the rules are others than when this source was imported last."""
        if self.source is None:
            return False
        last = (
            Import.objects.filter(source=self.source, state=Import.State.APPLIED)
            .order_by("-applied_at", "-pk")
            .values_list("rules_digest", flat=True)
            .first()
        )
        return last is not None and last != routing.digest_of(self.routing.rules)


def _lines(text: str) -> frozenset[int] | None:
    """Return the lines of `2,5`; None, which means all, for `yes`."""
    if text == "yes":
        return None
    return frozenset(int(part) for part in text.split(",") if part.strip().isdecimal())


def _publish_question(plan: Plan) -> Question:
    first = plan.unpublished[0]
    named = ", ".join(str(note.line) for note in plan.unpublished[:10])
    text = _(
        "Line %(lines)s: the text %(why)s. Is it to be shown to your client, or is the row to be left out?"
    ) % {
        "lines": named + ("…" if len(plan.unpublished) > 10 else ""),
        "why": first.why,
    }
    return Question("publish", text, ("yes", "leave_out"), first.line)


def open_questions(examined: Examined) -> list[Question]:
    """Return what has to be answered before this can be applied."""
    return [_publish_question(examined.plan)] if examined.plan.unpublished else []


def _grouped(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the outcomes with their lines together: a hundred thousand rows alike are one item."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    gone: dict[tuple[str, str, str], int] = {}
    for outcome in outcomes:
        key = (outcome.kind, outcome.why, outcome.retainer)
        if outcome.line is None:
            gone[key] = gone.get(key, 0) + 1
        else:
            groups.setdefault(key, []).append(outcome.line)
    found = [
        {"kind": kind, "why": why, "retainer": ref, "lines": ranges_of(lines), "count": len(lines)}
        for (kind, why, ref), lines in groups.items()
    ]
    return found + [
        {"kind": kind, "why": why, "retainer": ref, "lines": "", "count": count}
        for (kind, why, ref), count in gone.items()
    ]


FACTS = ("client", "project", "task", "tags", "billable", "person", "contract")


def _facts(parsed: Parsed, plan: Plan) -> dict[str, Any]:
    """Return what rules went by in the rows that were stored, each combination once with its
    lines.
    """
    ours = {outcome.line for outcome in plan.outcomes if outcome.retainer and outcome.line}
    found: dict[tuple[str, ...], list[int]] = {}
    for line in parsed.lines:
        if line.line in ours:
            key = (
                line.client,
                line.project,
                line.task,
                line.tags,
                line.billable,
                line.person,
                line.contract,
            )
            found.setdefault(key, []).append(line.line)
    order = [[line, len(digests)] for line, digests in plan.digests.items() if len(digests) > 1]
    lines = ranges_of(sorted(plan.digests))
    return {
        "combinations": [[*key, ranges_of(dict.fromkeys(lines))] for key, lines in found.items()],
        "lines": lines,
        "several": order,
    }


def _refuse_if_later(done: Import, part: ImportPart) -> None:
    """Refuse where a later import took over a line this one wrote or moved."""
    later = ImportPart.objects.filter(
        retainer=part.retainer,
        brought_by__source=done.source,
        brought_by__state=Import.State.APPLIED,
        brought_by__applied_at__gte=done.applied_at,
    ).exclude(brought_by=done)
    ours: set[int] | None = None
    for other in later.select_related("brought_by"):
        applied = (other.brought_by.applied_at, other.pk)
        if applied <= (done.applied_at, part.pk) or not other.listings:
            continue
        if ours is None:
            written = Revision.objects.filter(
                write__batch=done.ref, entry__retainer=part.retainer
            ).values_list("entry", flat=True)
            ours = {raw["entry"] for raw in part.listings} | set(written)
        if any(raw["entry"] in ours for raw in other.listings):
            raise LedgerError(
                _(
                    "A later import (%(file_name)s, %(ref)s) changed the same lines. Undo that one first."
                )
                % {"file_name": other.brought_by.file_name, "ref": other.brought_by.ref}
            )


def summary(counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the counts of an import by outcome."""
    return {key: value for key, value in counts.items() if not key.endswith("_seconds")}
