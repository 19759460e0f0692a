"""Bringing a file or a delivery in: one transaction, whole or not there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member, Workspace
from hourtab.imports.errors import Open, Refusal
from hourtab.imports.matching import routing, sources
from hourtab.imports.matching.balances import balance
from hourtab.imports.matching.deliveries import Delivery, Progress, to_nobody
from hourtab.imports.matching.plans import Outcome, Part, Plan
from hourtab.imports.models import Import, ImportPart, ranges_of
from hourtab.imports.reading.lines import Reading
from hourtab.imports.reading.uploads import Upload
from hourtab.imports.verbs.examine import Examined, publish_question
from hourtab.imports.verbs.taken import Taken
from hourtab.ledger.models import Source
from hourtab.ledger.verbs import bring_in as batches
from hourtab.lib.locking import locked
from hourtab.lib.memory import without_collecting
from hourtab.retainers.models import Retainer

MOST_TIMES = 3
FACTS = ("client", "project", "task", "tags", "billable", "person", "contract")


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
        taken = Taken(given, workspace, retainer, now, progress)
        wanted = taken.fed()
        progress("writing")
        for _time in range(MOST_TIMES):
            with suppress(_GoesElsewhere), transaction.atomic():
                return _apply(taken, wanted, by=by, now=now, draft=draft, expect=expect)
            wanted = taken.fed()
    raise Refusal(_("The log has changed since this preview was made. Look at it again."))


class _GoesElsewhere(Exception):
    """A row goes to a retainer that was not locked: rules or clients changed meanwhile."""


def _apply(
    taken: Taken,
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
        raise Open(publish_question(plan))
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


def _fill(done: Import, taken: Taken, plan: Plan, source: Source, now: datetime) -> None:
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
