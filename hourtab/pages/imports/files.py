"""Bringing a file in: upload → preview → apply → result, each step a page of its own."""

import json
from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import (
    MemberRequest,
    acts_on,
    editor_required,
    member_required,
    of_all_clients,
)
from hourtab.imports import drafts, reports, verbs
from hourtab.imports.errors import Open, Refusal
from hourtab.imports.forms import UploadForm
from hourtab.imports.matching import routing
from hourtab.imports.matching.rules import CONDITIONS
from hourtab.imports.models import Import
from hourtab.imports.reading.layout import NONE
from hourtab.imports.reading.readers import BY_KEY
from hourtab.imports.reading.uploads import ANSWERS, Upload, lines_in
from hourtab.ledger.errors import ClosedError, LedgerError
from hourtab.ledger.models import Source, Statement
from hourtab.lib.locking import locked
from hourtab.lib.notices import tell, warn
from hourtab.lib.text import clean
from hourtab.pages.imports.words import field_labels, source_label, words_of
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer

SHOWN_IMPORTS = 50


def _import(request: MemberRequest, ref: str) -> Import:
    found = request.workspace.imports.select_related(
        "retainer__client", "retainer__workspace", "workspace", "source", "by__user"
    )
    return get_object_or_404(found.defer("content", "digests", "facts"), ref=ref)


@member_required
@of_all_clients
def import_list(request: MemberRequest) -> HttpResponse:
    """Take a file that may feed every retainer; list what was brought in."""
    if request.method == "POST" and not request.member.may_edit:
        return HttpResponse(status=403)
    return _upload(request, None)


@editor_required
@of_all_clients
def upload_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Take a file for one retainer; nothing is stored in the log yet."""
    return _upload(request, find_retainer(request, ref))


def _upload(request: MemberRequest, retainer: Retainer | None) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        draft = _draft_of(request, form, retainer)
        if refused := "" if draft.task else _unreadable(draft):
            form.add_error("file" if form.cleaned_data["file"] else "text", refused)
        else:
            draft.save()
            return redirect(draft)
    found = request.workspace.imports.exclude(state=Import.State.DRAFT)
    if retainer:
        found = found.filter(parts__retainer=retainer)
    earlier = found.select_related("source").defer(
        "outcomes", "content", "digests", "facts", "flags", "preview"
    )[:SHOWN_IMPORTS]
    context = {
        "retainer": retainer,
        "form": form,
        "earlier": [(item, source_label(item.source) if item.source else "") for item in earlier],
        "tools": sorted(tool.label for tool in BY_KEY.values()),
    }
    return render(request, "imports/upload.html", context, status=422 if form.errors else 200)


def _draft_of(request: MemberRequest, form: UploadForm, retainer: Retainer | None) -> Import:
    name, content = form.content()
    return Import(
        workspace=request.workspace,
        retainer=retainer,
        by=request.member,
        file_name=clean(name)[:200],
        file_digest=Upload(name, content).digest,
        content=content,
        task=Import.Task.EXAMINE if drafts.is_long(content) else "",
    )


def _unreadable(draft: Import) -> str:
    """Return why a short file cannot be taken at all; what only one of its rows stands against is
    shown with the preview.
    """
    shown = drafts.shown_of(draft, timezone.now())
    is_hopeless = shown["kind"] == "refusal" and not shown["is_read"] and not shown["can_leave_out"]
    return shown["text"] if is_hopeless else ""


@member_required
@of_all_clients
def show_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Show what a file would do, or what it did."""
    found = _import(request, ref)
    context: dict[str, Any] = {
        "import": found,
        "retainer": found.retainer,
        "words": words_of(request),
    }
    if found.state != Import.State.DRAFT and not found.task:
        return render(request, "imports/result.html", context | _result(found))
    if found.task:
        return render(
            request, "imports/progress.html", context | {"phase": found.progress.get("phase", "")}
        )
    shown = drafts.shown_of(found, timezone.now())
    context |= {
        "shown": shown,
        "problem": found.problem,
        "answers": found.answers,
        "takes_all": found.answers.get("all_rows") == "yes",
    }
    if shown["kind"] == "preview":
        context |= _preview(request, found, shown)
    return render(request, "imports/preview.html", context)


def _preview(request: MemberRequest, found: Import, shown: dict[str, Any]) -> dict[str, Any]:
    """Return what the template needs of a preview: dates as dates, the columns as a form shows
    them.
    """
    table = shown["table"]
    mapping = table["mapping"] if table else {}
    fields = [
        {"name": f"column.{name}", "label": label, "value": mapping.get(name, NONE)}
        for name, label in field_labels().items()
    ]
    rules = (
        [rule for rule in found.source.rules.all() if not rule.is_answer] if found.source else []
    )
    return {
        "window": [date.fromisoformat(day) for day in shown["window"]] if shown["window"] else None,
        "outcomes": [
            dict(
                zip(("line", "kind", "on", "seconds", "text", "why", "retainer"), row, strict=True)
            )
            | {"on": row[2] and date.fromisoformat(row[2])}
            for row in shown["outcomes"]
        ],
        "fields": fields,
        "has_closed": Statement.objects.filter(
            retainer__ref__in=[part["ref"] for part in shown["parts"]]
        ).exists(),
        "rules": rules,
        "retainers": [] if found.retainer else routing.targets_of(request.workspace),
        "chosen": {
            key: {name.casefold() for name in found.answers.get(key, "").split("\n") if name}
            for key in ("client", "project")
        },
        "sources": Source.objects.filter(workspace=request.workspace, tool=shown["tool"]).exclude(
            name=""
        ),
    }


def _result(found: Import) -> dict[str, Any]:
    """Return what became of every row, the rows alike together."""
    parts = list(found.parts.select_related("retainer__client"))
    names = {part.retainer.ref: str(part.retainer) for part in parts}
    groups = [group | {"retainer": names.get(group["retainer"], "")} for group in found.outcomes]
    return {
        "counts": reports.summary(found.counts),
        "groups": groups,
        "parts": parts,
        "columns": [
            (field_labels().get(name, name), label) for name, label in found.columns.items()
        ],
    }


@editor_required
@of_all_clients
@acts_on(_import)
def answer_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Keep what was answered about a file that is not applied, and look at it again."""
    with transaction.atomic():
        found = locked(request.workspace.imports.all()).get(pk=_import(request, ref).pk)
        if found.state == Import.State.DRAFT and not found.task and found.content is not None:
            found.answers = _answered(request, found)
            if drafts.is_long(bytes(found.content)):
                drafts.ask_worker(found, Import.Task.EXAMINE, request.member)
            else:
                found.save(update_fields=["answers"])
    return redirect(found)


def _answered(request: MemberRequest, found: Import) -> dict[str, str]:
    """Return the answers of a draft with those of a form, which says itself which ones it is
    about.
    """
    about = set(request.POST.getlist("about"))
    answers = {key: value for key, value in found.answers.items() if key not in about}
    for key in ANSWERS:
        values = [clean(value) for value in request.POST.getlist(key) if value.strip()]
        if key in about and values:
            answers[key] = ("," if key == "absent" else "\n").join(values)
    shown = {
        key.removeprefix("was."): request.POST[key]
        for key in request.POST
        if key.startswith("was.")
    }
    posted = {
        clean(key): clean(request.POST[key]) for key in request.POST if key.startswith("column.")
    }
    answers |= reports.changed_columns(posted, shown)
    if routes := _routes(request):
        try:
            earlier = routing.read_routes(answers.get("routes", ""))
        except ValueError:
            earlier = []
        kept = [route for route in earlier if route[:2] not in [new[:2] for new in routes]]
        answers["routes"] = json.dumps(kept + routes)
    return answers


def _routes(request: MemberRequest) -> list[list[str]]:
    """Return where a form says that clients or projects go: [condition, text, retainer]."""
    said = {key: clean(str(value)) for key, value in request.POST.items()}
    numbers = (key.removeprefix("to-") for key, to in said.items() if key.startswith("to-") and to)
    return [
        [said[f"about-{number}"], said.get(f"named-{number}", ""), to if to != "none" else ""]
        for number in numbers
        if said.get(f"about-{number}") in CONDITIONS and (to := said[f"to-{number}"])
    ]


@editor_required
@of_all_clients
@acts_on(_import)
def apply_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Apply what the preview showed, and nothing else."""
    found = _import(request, ref)
    if found.state != Import.State.DRAFT or found.content is None or found.task:
        warn(request, _("This file has been applied already."))
        return redirect(found)
    _decide_on_texts(request, found)
    if drafts.is_long(bytes(found.content)):
        drafts.ask_worker(found, Import.Task.APPLY, request.member)
        return redirect(found)
    try:
        done = verbs.apply(
            drafts.upload_of(found),
            found.workspace,
            found.retainer,
            by=request.member,
            now=timezone.now(),
            draft=found,
            expect=request.POST.get("fingerprint", "-"),
        )
    except (Refusal, LedgerError) as refusal:
        Import.objects.filter(pk=found.pk, state=Import.State.DRAFT).update(preview=None)
        warn(request, str(refusal))
    except Open as unanswered:
        warn(request, unanswered.question.text)
    else:
        tell(
            request,
            _("Applied."),
            action=(_("Undo this import"), redirect("undo_import", ref=done.ref).url),
        )
    return redirect(found)


def _decide_on_texts(request: MemberRequest, found: Import) -> None:
    """Keep, for each row with a text to look at, whether it is shown to the client or left out."""
    decided = {
        "publish": set(lines_in(found.answers.get("publish", ""))),
        "withhold": set(lines_in(found.answers.get("withhold", ""))),
    }
    every = request.POST.get("text-every", "")
    for line in lines_in(request.POST.get("text-lines", "")):
        choice = request.POST.get(f"text-{line}", every)
        if choice in decided:
            decided[choice].add(line)
    answers = {key: ",".join(map(str, sorted(lines))) for key, lines in decided.items() if lines}
    if answers:
        found.answers = found.answers | answers
        found.save(update_fields=["answers"])


@editor_required
@of_all_clients
@acts_on(_import)
def undo_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Take an import back."""
    found = _import(request, ref)
    if found.state == Import.State.APPLIED and found.counts.get("read", 0) > drafts.LONG:
        found.answers = found.answers | ({"undo": "corrects"} if "corrects" in request.POST else {})
        drafts.ask_worker(found, Import.Task.UNDO, request.member)
        return redirect(found)
    try:
        verbs.undo(
            found, by=request.member, now=timezone.now(), corrects="corrects" in request.POST
        )
    except ClosedError as error:
        Import.objects.filter(pk=found.pk).update(problem=str(error))
    except LedgerError as error:
        warn(request, str(error))
    else:
        tell(request, _("Taken back. The balance is what it was before."))
    return redirect(found)


@editor_required
@of_all_clients
@acts_on(_import)
def discard_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Forget a file that was not applied."""
    found = _import(request, ref)
    retainer = found.retainer
    Import.objects.filter(pk=found.pk, state=Import.State.DRAFT).delete()
    return redirect("upload_import", ref=retainer.ref) if retainer else redirect("imports")
