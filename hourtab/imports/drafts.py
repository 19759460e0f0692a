"""Files that were uploaded: short ones are looked at when they are shown, long ones are left to the
worker.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.imports import reports, verbs
from hourtab.imports.errors import Open, Refusal
from hourtab.imports.matching.deliveries import deliver, place_of
from hourtab.imports.models import Import, SourceRule
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Source
from hourtab.worker.rows import each

LONG = 5_000
"""Files of more rows are worked on by the worker."""
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3
_LARGE_WORKBOOK = 400_000


def is_long(content: bytes) -> bool:
    """Say whether a file has more rows than a page should wait for."""
    return (
        content.count(b"\n") > LONG
        or content.count(b"\r") > LONG
        or (content.startswith(b"PK") and len(content) > _LARGE_WORKBOOK)
    )


def upload_of(draft: Import) -> Upload:
    """Return the file of a draft with the answers given so far."""
    return Upload(draft.file_name, bytes(draft.content or b""), draft.answers)


def look_at(
    draft: Import, now: datetime, progress: Callable[[str], None] = lambda _phase: None
) -> dict[str, Any]:
    """Return what the page of a draft shows: a preview, a question, or why the file is refused."""
    upload, delivery = upload_of(draft), None
    if draft.content is None:
        return reports.refusal(Refusal(_("The file is no longer kept. Upload it again.")))
    workspace, retainer = draft.workspace, draft.retainer
    try:
        delivery = deliver(upload, workspace, now, retainer, progress)
        return reports.preview(verbs.examine(delivery, workspace, now, retainer, progress))
    except Refusal as refused:
        return reports.refusal(refused, is_read=delivery is not None)
    except Open as asked:
        return reports.question(asked, upload.rows)


def shown_of(draft: Import, now: datetime) -> dict[str, Any]:
    """Return what the page of a draft shows, kept from the last time while nothing it depends on
    has changed. What a worker looked at stays until it is applied or answered.
    """
    stamp = _stamp(draft, now)
    kept: dict[str, Any] | None = draft.preview
    if kept and kept.get("stamp", stamp) == stamp:
        return kept
    shown = look_at(draft, now) | {"stamp": stamp}
    draft.preview = shown
    if draft.pk:
        Import.objects.filter(pk=draft.pk, state=Import.State.DRAFT, task="").update(preview=shown)
    return shown


def _stamp(draft: Import, now: datetime) -> str:
    """Return a digest of what a preview depends on beside the file: the day, the answers, the log,
    the rules and what is remembered of sources. An apply looks at all of it again.
    """
    workspace = draft.workspace
    retainers = workspace.retainers.order_by("pk").values_list(
        "pk", "version", "name", "client__name"
    )
    rules = SourceRule.objects.filter(source__workspace=workspace).order_by("pk")
    told = Source.objects.filter(workspace=workspace).order_by("pk").values_list("pk", "answers")
    columns = ("pk", "position", "conditions", "retainer", "leaves_out", "scope", "category")
    parts = (
        (place_of(workspace, draft.retainer, now)[1], get_language()),
        sorted(draft.answers.items()),
        (workspace.version, workspace.private_words),
        list(retainers),
        [*rules.values_list(*columns)],
        [*told],
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def ask_worker(draft: Import, task: str, by: Member) -> None:
    """Leave a file to the worker, which does it in the name of `by`."""
    draft.task, draft.leased_until, draft.problem, draft.progress = task, None, "", {"by": by.pk}
    if task == Import.Task.EXAMINE:
        draft.preview = None
    draft.save(update_fields=["task", "leased_until", "problem", "progress", "preview", "answers"])


def work_on_files(now: datetime) -> int:
    """Do what is asked for long files, one after the other; returns how many were worked on.

    A file is leased while it is worked on: what a worker that died left is taken up again when its
    lease is over.
    """

    def work_on(draft: Import) -> int:
        leased = Import.objects.filter(_due(timezone.now()), pk=draft.pk)
        if not leased.update(leased_until=timezone.now() + LEASE):
            return 0
        whole = Import.objects.select_related("workspace", "retainer__workspace", "by")
        _work_on(whole.get(pk=draft.pk))
        return 1

    due = Import.objects.filter(_due(now)).order_by("uploaded_at").only("pk")
    return each("work on files", due, work_on, now, most=20, in_transaction=False)


def _due(now: datetime) -> Q:
    is_open = Q(state=Import.State.DRAFT) | Q(state=Import.State.APPLIED, task=Import.Task.UNDO)
    return ~Q(task="") & is_open & (Q(leased_until=None) | Q(leased_until__lt=now))


def _work_on(draft: Import) -> None:
    attempts = draft.progress.get("attempts", 0) + 1
    by = Member.objects.filter(pk=draft.progress.get("by")).first() or draft.by

    def report(phase: str) -> None:
        Import.objects.filter(pk=draft.pk).update(
            progress={"phase": phase, "attempts": attempts, "by": by.pk if by else None},
            leased_until=timezone.now() + LEASE,
        )

    if attempts > MOST_ATTEMPTS:
        text = _("This file could not be worked on. Split it by month and try again.")
        Import.objects.filter(_due(timezone.now() + LEASE), pk=draft.pk).update(
            task="", problem=text, leased_until=None
        )
        return
    report("waiting")
    if draft.task == Import.Task.EXAMINE:
        shown = look_at(draft, timezone.now(), report)
        Import.objects.filter(pk=draft.pk).update(
            task="", preview=shown, leased_until=None, progress={}
        )
        return
    if draft.task == Import.Task.UNDO:
        try:
            report("writing")
            verbs.undo(
                draft, by=by, now=timezone.now(), corrects=draft.answers.get("undo") == "corrects"
            )
        except LedgerError as refused:
            Import.objects.filter(pk=draft.pk).update(
                task="", problem=str(refused), leased_until=None, progress={}
            )
        return
    expect = (draft.preview or {}).get("fingerprint", "-")
    try:
        verbs.apply(
            upload_of(draft),
            draft.workspace,
            draft.retainer,
            by=by,
            now=timezone.now(),
            draft=draft,
            expect=expect,
            progress=report,
        )
    except (Refusal, LedgerError) as refused:
        _give_back(draft, str(refused))
    except Open as asked:
        _give_back(draft, asked.question.text)


def _give_back(draft: Import, problem: str) -> None:
    """Leave a file that was not applied to the user again, to be looked at anew."""
    Import.objects.filter(pk=draft.pk, state=Import.State.DRAFT).update(
        task=Import.Task.EXAMINE, preview=None, problem=problem, leased_until=None, progress={}
    )
