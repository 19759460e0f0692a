"""Examining, applying and undoing imports. An import is one transaction: whole, or not there."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member, Workspace
from hourtab.accounts.plans import PlanError, check_day, earliest_day
from hourtab.imports import routing, sources
from hourtab.imports.balances import balance, balances, stored_after
from hourtab.imports.deliveries import Delivery, Progress, deliver, place_of, to_nobody
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.lines import Reading
from hourtab.imports.models import Import, ImportPart, ranges_of
from hourtab.imports.planning import Order, make_plan
from hourtab.imports.plans import Outcome, Part, Plan
from hourtab.imports.redaction import Redaction
from hourtab.imports.uploads import Upload, lines_in
from hourtab.ledger import batches, cache, closing, record
from hourtab.ledger.bulk import Listing
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Revision, Source
from hourtab.lib.locking import locked
from hourtab.lib.memory import without_collecting
from hourtab.retainers.models import Retainer

MOST_TIMES = 3


@dataclass(frozen=True, slots=True)
class Examined:
    """A delivery, and what it would do. `retainer` is the only one it may feed, None where it may
    feed all.
    """

    delivery: Delivery
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
            f"{self.delivery.digest}{shown}{self.plan.window}".encode()
        ).hexdigest()[:16]

    @property
    def parts(self) -> Sequence[Part]:
        """What it would do to each retainer; for one retainer alone also where that is nothing."""
        found = list(self.plan.parts.values())
        return found or ([Part(self.retainer)] if self.retainer else [])


def examine(
    given: Upload | Delivery,
    workspace: Workspace,
    now: datetime,
    retainer: Retainer | None = None,
    progress: Progress = to_nobody,
) -> Examined:
    """Plan what a file or a delivery would do; stores nothing. Raises `Refusal` or `Open`."""
    with without_collecting():
        taken = _Taken(given, workspace, retainer, now, progress)
        plan = taken.plan()
        examined = Examined(taken.delivery, plan, taken.source, retainer)
        for part in examined.parts:
            part.before, part.after = balances(part, part.retainer.today(now))
            part.stored = stored_after(part, taken.source)
            plan.parts.setdefault(part.retainer.ref, part)
    return examined


def apply(
    given: Upload | Delivery,
    workspace: Workspace,
    retainer: Retainer | None = None,
    *,
    by: Member | None,
    now: datetime,
    draft: Import | None = None,
    expect: str = "",
    progress: Progress = to_nobody,
) -> Import:
    """Bring a file or a delivery in. With `expect`, the fingerprint that was shown, anything else is
    refused.

    What it feeds is found out before anything is locked; then everything happens in one
    transaction, which begins anew where rows turn out to go elsewhere meanwhile.
    """
    with without_collecting():
        taken = _Taken(given, workspace, retainer, now, progress)
        wanted = taken.fed()
        progress("writing")
        for _time in range(MOST_TIMES):
            with suppress(_GoesElsewhere), transaction.atomic():
                return _apply(taken, wanted, by=by, now=now, draft=draft, expect=expect)
            wanted = taken.fed()
    raise Refusal(_("The log has changed since this preview was made. Look at it again."))


def _apply(
    taken: "_Taken",
    wanted: Sequence[Retainer],
    *,
    by: Member | None,
    now: datetime,
    draft: Import | None,
    expect: str,
) -> Import:
    reading, workspace = taken.delivery.reading, taken.workspace
    taken.lock(wanted, now)
    if draft is not None:
        draft = locked(Import.objects.all()).get(pk=draft.pk)
        if draft.state != Import.State.DRAFT:
            raise Refusal(_("This file has been applied already."))
    plan = taken.plan()
    if not plan.parts.keys() <= {retainer.ref for retainer in taken.locked}:
        raise _GoesElsewhere
    if (
        expect
        and expect != Examined(taken.delivery, plan, taken.source, taken.retainer).fingerprint
    ):
        raise Refusal(_("The log has changed since this preview was made. Look at it again."))
    if plan.unpublished:
        raise Open(_publish_question(plan))
    source = sources.keep_source(workspace, taken.source, reading, taken.delivery.answers)
    routing.keep_rules(source, taken.routing, taken.retainers, by)
    done = draft or Import(workspace=workspace, retainer=taken.retainer, by=by)
    shown = list(plan.parts.values()) or ([Part(taken.retainer)] if taken.retainer else [])
    parts = []
    for part in shown:
        before = balance(part.retainer, now)  # As of the lock: computed there where it was old.
        batch = part.batch(done.ref, source)
        listings = (
            []
            if batch.is_empty
            else batches.apply_batch(part.retainer, batch, by=by, now=now, tool=reading.tool.label)
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
    delivery, reading = taken.delivery, taken.delivery.reading
    done.source, done.state, done.applied_at, done.content = source, Import.State.APPLIED, now, None
    done.file_name, done.file_digest = delivery.name[:200], delivery.digest
    done.window_from, done.window_until = plan.window or (None, None)
    done.answers = dict(delivery.said)
    done.columns = reading.columns
    done.rules_digest = routing.digest_of(taken.routing.rules)
    done.counts = plan.counts | {"file_seconds": reading.seconds, "new_seconds": plan.new_seconds}
    done.outcomes = _grouped(plan.outcomes)
    done.digests = bytes.fromhex(
        "".join(digest for line in sorted(plan.digests) for digest in plan.digests[line])
    )
    done.facts = _facts(reading, plan)
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
    locked_now = {row.pk: row for row in record.lock_all(part.retainer for part in parts)}
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
            locked_now[part.retainer_id], done.ref, listings, by=by, now=now, corrects=corrects
        )
    done.state, done.undone_at = Import.State.UNDONE, now
    done.task, done.problem, done.progress, done.leased_until = "", "", {}, None
    done.save(update_fields=["state", "undone_at", "task", "problem", "progress", "leased_until"])
    return done


class _GoesElsewhere(Exception):
    """A row goes to a retainer that was not locked: rules or clients changed meanwhile."""


class _Taken:
    """A delivery with its source and its rules."""

    def __init__(
        self,
        given: Upload | Delivery,
        workspace: Workspace,
        retainer: Retainer | None,
        now: datetime,
        progress: Progress,
    ) -> None:
        self.workspace, self.retainer, self.progress = workspace, retainer, progress
        if isinstance(given, Upload):
            given = deliver(given, workspace, now, retainer, progress)
        self.delivery = given
        self.today = place_of(workspace, retainer, now)[1]
        self.locked: Sequence[Retainer] = ()
        self.see(given.source)

    def see(self, source: Source | None = None) -> None:
        """See the source, unless that was found just now, its rules and the retainers."""
        self.source = source or self.delivery.source_in(self.workspace)
        locked_now = {row.pk: row for row in self.locked}
        self.retainers = [locked_now.get(row.pk, row) for row in routing.targets_of(self.workspace)]
        stored, delivery = routing.rules_of(self.source), self.delivery
        self.routing = routing.Routing(stored, delivery.said, self.retainer, delivery.reading)
        self.router = self.routing.router(self.retainers, delivery.reading, delivery.answers)

    def fed(self) -> list[Retainer]:
        """Return the retainers that rows go to, and those whose lines are withdrawn without one."""
        if self.retainer:
            return [self.retainer]
        route = self.router.route
        refs = {route(line).retainer for line in self.delivery.reading.lines} | _absent(
            self.delivery
        )
        return [retainer for retainer in self.retainers if retainer.ref in refs]

    def lock(self, retainers: Sequence[Retainer], now: datetime) -> None:
        """Lock these, close what is due there, and see everything as it is now."""
        self.locked = record.lock_all(retainers)
        # An import changes no terms and no pauses: they are read once for all that follows.
        prefetch_related_objects(self.locked, "terms", "pauses")
        for retainer in self.locked:
            closing.close_due(retainer, now)
            if retainer.balanced_on != retainer.today(now):
                cache.refresh(retainer, retainer.today(now), retainer.today(now))
        if self.retainer:
            self.retainer = next(iter(self.locked))
        self.see()

    def plan(self) -> Plan:
        """Compare the delivery with what is there now."""
        self.progress("comparing")
        fed = [self.retainer] if self.retainer else self.retainers
        redaction = Redaction(self.workspace.private_words.splitlines())
        secret = bytes(self.workspace.digest_key)
        plan = make_plan(
            self.delivery.reading, fed, self.source, self.router, self._order(), redaction, secret
        )
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
        answers = self.delivery.answers
        return Order(
            self.delivery.name,
            answers,
            only_add=answers.get("only_add") == "yes",
            absent=_absent(self.delivery),
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


def _absent(delivery: Delivery) -> frozenset[str]:
    """Return the retainers whose lines are withdrawn although nothing that arrived is for them."""
    return frozenset(filter(None, delivery.answers.get("absent", "").split(",")))


def _lines(text: str) -> frozenset[int] | None:
    """Return the lines of `2,5`; None, which means all, for `yes`."""
    if text == "yes":
        return None
    return lines_in(text)


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


def _facts(reading: Reading, plan: Plan) -> dict[str, Any]:
    """Return what rules went by in the rows that were stored, each combination once with its
    lines.
    """
    ours = {outcome.line for outcome in plan.outcomes if outcome.retainer and outcome.line}
    found: dict[tuple[str, ...], list[int]] = {}
    for line in reading.lines:
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
