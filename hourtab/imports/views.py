"""Bringing a file in: upload → preview → apply → result, each step a page of its own."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required, member_required
from hourtab.imports import services
from hourtab.imports.errors import Open, Refusal
from hourtab.imports.forms import UploadForm
from hourtab.imports.models import Import
from hourtab.imports.services import Upload
from hourtab.ledger.record import LedgerError
from hourtab.lib.notices import tell, warn
from hourtab.lib.text import clean
from hourtab.lib.words import Words

ANSWERS = ("date_order", "decimal", "hours", "client", "project", "billable", "gone", "conflict", "unreadable", "from", "until")
SHOWN_ROWS = 500


def _import(request: MemberRequest, ref: str) -> Import:
    found = request.workspace.imports.select_related("retainer__client", "retainer__workspace", "source")
    return get_object_or_404(found, ref=ref)


@editor_required
def upload_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Take a file; nothing is stored in the log yet."""
    retainer = get_object_or_404(request.workspace.retainers.select_related("client", "workspace"), ref=ref)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        name, content = form.content()
        upload = Upload(name, content, {})
        try:
            services.examine(upload, retainer, timezone.now())
        except Refusal as refusal:
            if refusal.line is None or refusal.column is None:
                form.add_error("file" if form.cleaned_data["file"] else "text", str(refusal))
                return render(request, "imports/upload.html", _upload(request, retainer, form), status=422)
        except Open:
            pass
        draft = Import.objects.create(
            workspace=request.workspace,
            retainer=retainer,
            by=request.member,
            file_name=clean(name)[:200],
            file_digest=upload.digest,
            content=content,
        )
        return redirect(draft)
    return render(request, "imports/upload.html", _upload(request, retainer, form))


@member_required
def show_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Show what a file would do, or what it did."""
    found = _import(request, ref)
    words = Words(request.workspace.locale, request.workspace.hour_format)
    context: dict[str, Any] = {"import": found, "retainer": found.retainer, "words": words}
    if found.state != Import.State.DRAFT:
        outcomes = [{"line": line, "kind": kind, "why": why} for line, kind, why in found.outcomes]
        kept = [outcome for outcome in outcomes if outcome["why"]]
        return render(
            request, "imports/result.html", context | {"counts": services.summary(found.counts), "outcomes": kept[:SHOWN_ROWS]}
        )
    if found.content is None:
        return render(request, "imports/preview.html", context | {"refusal": _("The file is no longer kept. Upload it again.")})
    answers = {key: clean(request.GET[key]) for key in ANSWERS if request.GET.get(key)} or dict(found.answers)
    if request.GET.getlist("client"):
        answers["client"] = "\n".join(request.GET.getlist("client"))
    if request.GET.getlist("project"):
        answers["project"] = "\n".join(request.GET.getlist("project"))
    every = "all_rows" in request.GET
    upload = Upload(found.file_name, bytes(found.content), answers, every, "only_add" in request.GET)
    context |= {"answers": answers, "all_rows": every, "only_add": upload.only_add, "query": request.GET.urlencode()}
    try:
        examined = services.examine(upload, found.retainer, timezone.now())
    except Refusal as refusal:
        return render(
            request, "imports/preview.html", context | {"refusal": str(refusal), "can_leave_out": refusal.column is not None}
        )
    except Open as unanswered:
        return render(request, "imports/preview.html", context | {"question": unanswered.question})
    lines = examined.plan.parsed.lines
    context |= {
        "examined": examined,
        "plan": examined.plan,
        "counts": examined.plan.counts,
        "outcomes": [outcome for outcome in examined.plan.outcomes if outcome.kind != "unchanged"][:SHOWN_ROWS],
        "clients": _tally((line.client, line.seconds) for line in lines),
        "projects": _tally((line.project, line.seconds) for line in lines),
        "chosen_clients": examined.choice.clients,
        "chosen_projects": examined.choice.projects,
        "nothing": not any(examined.plan.counts[kind] for kind in ("new", "changed", "gone", "conflict")),
    }
    return render(request, "imports/preview.html", context)


@editor_required
@acts_on(_import)
def apply_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Apply what the preview showed, and nothing else."""
    found = _import(request, ref)
    if found.state != Import.State.DRAFT or found.content is None:
        warn(request, _("This file has been applied already."))
        return redirect(found)
    answers = {key: clean(request.POST[key]) for key in ANSWERS if request.POST.get(key)}
    upload = Upload(found.file_name, bytes(found.content), answers, "all_rows" in request.POST, "only_add" in request.POST)
    try:
        done = services.apply(
            upload,
            found.retainer,
            by=request.member,
            now=timezone.now(),
            draft=found,
            expect=request.POST.get("fingerprint", "-"),
        )
    except (Refusal, LedgerError) as refusal:
        warn(request, str(refusal))
    except Open as unanswered:
        warn(request, unanswered.question.text)
    else:
        tell(request, _("Applied."), action=(_("Undo this import"), redirect("undo_import", ref=done.ref).url))
    return redirect(found)


@editor_required
@acts_on(_import)
def undo_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Take an import back."""
    found = _import(request, ref)
    try:
        services.undo(found, by=request.member, now=timezone.now())
    except LedgerError as error:
        warn(request, str(error))
    else:
        tell(request, _("Taken back. The balance is what it was before."))
    return redirect(found)


@editor_required
@acts_on(_import)
def discard_import(request: MemberRequest, ref: str) -> HttpResponse:
    """Forget a file that was not applied."""
    found = _import(request, ref)
    retainer = found.retainer
    Import.objects.filter(pk=found.pk, state=Import.State.DRAFT).delete()
    return redirect("upload_import", ref=retainer.ref)


def _upload(request: MemberRequest, retainer: Any, form: UploadForm) -> dict[str, Any]:
    earlier = retainer.imports.exclude(state=Import.State.DRAFT).defer("outcomes", "listings", "content")[:20]
    return {"retainer": retainer, "form": form, "earlier": earlier}


def _tally(pairs: Any) -> list[tuple[str, int, int]]:
    """Return name, rows and seconds of each client or project in the file, the largest first."""
    sums: dict[str, list[int]] = {}
    for name, seconds in pairs:
        cell = sums.setdefault(name, [0, 0])
        cell[0] += 1
        cell[1] += seconds
    return sorted(((name, rows, seconds) for name, (rows, seconds) in sums.items()), key=lambda row: -row[2])[:60]
