"""Changing the log of a retainer."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required, member_required
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.forms import EntryForm, TopUpForm, add_refusal
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.reading.csv import log_as_csv
from hourtab.ledger.verbs import categorise as categories
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs import log as services
from hourtab.lib.notices import tell, warn
from hourtab.lib.once import once
from hourtab.lib.text import clean
from hourtab.lib.words import Words
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for


def _entry(request: MemberRequest, ref: str, pk: int) -> tuple[Retainer, Entry]:
    retainer = find_retainer(request, ref)
    return retainer, get_object_or_404(retainer.entries.select_related("retainer"), pk=pk)


@editor_required
@once
def log_time(request: MemberRequest, ref: str) -> HttpResponse:
    """Store one line from the form on the retainer's page."""
    retainer = find_retainer(request, ref)
    form = EntryForm(
        request.POST or None, retainer=retainer, initial={"on": retainer.today(timezone.now())}
    )
    if request.method == "POST" and form.is_valid():
        try:
            entry = services.log_time(retainer, form.work(), by=request.member, now=timezone.now())
        except LedgerError as error:
            add_refusal(form, error, "amount")
        else:
            tell(
                request,
                late_text(retainer, entry) or _("Logged."),
                action=(_("Undo"), redirect("withdraw_entry", ref=ref, pk=entry.pk).url),
            )
            return redirect(retainer)
    title = _("Log time for %(retainer)s") % {"retainer": retainer}
    return render(request, "parts/form_page.html", _form(form, retainer, title, _("Log")))


@editor_required
def edit_entry(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Add a revision to a line; what was there stays in its history."""
    retainer, entry = _entry(request, ref, pk)
    before = corrections.standing_work(entry)
    initial = {
        name: getattr(before, name)
        for name in (
            "on",
            "amount",
            "started",
            "description",
            "category",
            "person",
            "scope",
            "outcome",
        )
    }
    form = EntryForm(
        request.POST or None,
        retainer=retainer,
        editing=True,
        initial=initial | {"seen": corrections.mark(entry)},
    )
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            services.change_entry(
                entry,
                form.work,
                by=request.member,
                now=timezone.now(),
                reason=fields["reason"],
                seen=fields["seen"],
            )
        except LedgerError as error:
            add_refusal(form, error)
        else:
            tell(request, _("Changed. Your client sees what was changed, and why."))
            return redirect(retainer)
    context = _form(form, retainer, _("Change this line"), _("Save the change"))
    if corrections.is_closed(entry, retainer):
        context["lead"] = _(
            "This line stands in a closed cycle. Its statement stays; only the difference counts, in the present cycle."
        )
    return render(request, "parts/form_page.html", context)


@editor_required
@acts_on(_entry)
def withdraw_entry(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Take a line out of the log; it can be put back."""
    retainer, entry = _entry(request, ref, pk)
    try:
        reason = clean(request.POST.get("reason", ""))[:300]
        services.withdraw_entry(entry, by=request.member, now=timezone.now(), reason=reason)
    except LedgerError as error:
        warn(request, str(error))
        return redirect(retainer)
    tell(
        request,
        _("Taken out of the log."),
        action=(_("Put it back"), redirect("restore_entry", ref=ref, pk=pk).url),
    )
    return redirect("today") if request.POST.get("next") == "/" else redirect(retainer)


@editor_required
@acts_on(_entry)
def restore_entry(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Put a line back."""
    retainer, entry = _entry(request, ref, pk)
    try:
        services.restore_entry(entry, by=request.member, now=timezone.now())
    except LedgerError as error:
        warn(request, str(error))
    else:
        tell(request, _("The line is back."))
    return redirect(retainer)


@editor_required
@acts_on(_entry)
def know_category(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Make the text before the colon of a line a kind of work, for this line and from now on."""
    _retainer, entry = _entry(request, ref, pk)
    try:
        category = categories.adopt_category(entry, by=request.member, now=timezone.now())
    except LedgerError as error:
        warn(request, str(error))
    else:
        if category is not None:
            tell(request, _("“%(name)s” is a kind of work from now on.") % {"name": category.name})
    return redirect("today")


@member_required
def entry_history(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Show everything a line ever said."""
    retainer, entry = _entry(request, ref, pk)
    revisions = list(
        Revision.objects.filter(entry=entry).select_related("write__by__user").order_by("-number")
    )
    batches = {revision.write.batch.removesuffix("~") for revision in revisions}
    imports = (
        request.workspace.imports.none() if request.member.is_limited else request.workspace.imports
    )
    files = {found.ref: found for found in imports.filter(ref__in=batches).only("ref", "file_name")}
    for revision in revisions:
        revision.brought_by = files.get(revision.write.batch.removesuffix("~"))  # type: ignore[attr-defined]
    is_out = corrections.standing_work(entry).is_withdrawn
    context = {
        "retainer": retainer,
        "entry": entry,
        "revisions": revisions,
        "words": _words(retainer),
        "is_out": is_out,
    }
    return render(request, "retainers/entry_history.html", context)


@member_required
def log_csv(request: MemberRequest, ref: str) -> HttpResponse:
    """Hand out the work log as CSV."""
    retainer = find_retainer(request, ref)
    answer = HttpResponse(
        log_as_csv(retainer).encode("utf-8-sig"), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="hourtab-{retainer.ref}.csv"'
    return answer


@editor_required
@once
def top_up(request: MemberRequest, ref: str) -> HttpResponse:
    """Grant extra hours."""
    retainer = find_retainer(request, ref)
    now = timezone.now()
    form = TopUpForm(
        request.POST or None,
        unit=retainer.unit,
        initial={"on": max(retainer.today(now), retainer.starts_on)},
    )
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            services.top_up(
                retainer,
                seconds=fields["amount"],
                on=fields["on"],
                by=request.member,
                now=now,
                kind=fields["kind"],
                until=fields["until"],
                forever=fields["is_forever"],
                reason=fields["reason"],
            )
        except LedgerError as error:
            add_refusal(form, error, "on")
        else:
            tell(
                request,
                _("%(hours)s added.") % {"hours": _words(retainer).amount(fields["amount"])},
            )
            return redirect(retainer)
    return render(
        request,
        "parts/form_page.html",
        _form(
            form,
            retainer,
            _("Add hours to %(retainer)s") % {"retainer": retainer},
            _("Add the hours"),
        ),
    )


def late_text(retainer: Retainer, entry: Entry) -> str:
    """Return what to say of a line that was late; nothing of any other."""
    if entry.posts_on == entry.on:
        return ""
    day = _words(retainer).full_day(entry.posts_on)
    return _("Logged. Its own cycle is closed, so it counts in the one from %(day)s.") % {
        "day": day
    }


def _form(form: object, retainer: Retainer, title: str, button: str) -> dict[str, object]:
    return {
        "form": form,
        "retainer": retainer,
        "title": title,
        "button": button,
        "back": retainer,
        "categories": retainer.categories.all(),
    }


def _words(retainer: Retainer) -> Words:
    return words_for(retainer)
