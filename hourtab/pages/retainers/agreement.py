"""Changing what was agreed: other terms, the hours of one cycle, a pause, the end."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.forms import ChangeCapForm, EndForm, SeenTermsForm, add_refusal
from hourtab.ledger.reading import terms
from hourtab.ledger.verbs import agree as agreement
from hourtab.lib.notices import tell, warn
from hourtab.lib.once import once
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for


def find_cycle(request: MemberRequest, ref: str, on: str) -> date:
    """Return the day that an address of a retainer names; 404 for another's."""
    find_retainer(request, ref)
    return day_of(on)


def day_of(text: str) -> date:
    """Return the day that an address names; 404 where it names none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None


@editor_required
@once
def change_terms(request: MemberRequest, ref: str) -> HttpResponse:
    """Agree on other terms from the start of a cycle on; earlier cycles keep theirs."""
    retainer, now = find_retainer(request, ref), timezone.now()
    today, words = retainer.today(now), words_for(retainer)
    coming = agreement.coming_starts(retainer, today)
    starts = [(cycle.starts_on.isoformat(), words.full_day(cycle.starts_on)) for cycle in coming]
    following = next(
        (cycle for cycle in coming if cycle.starts_on > today), coming[-1] if coming else None
    )
    valid = terms.terms_at(retainer, following.starts_on if following else today)
    initial = {
        "effective_on": following.starts_on.isoformat() if following else "",
        "seen": agreement.mark(retainer),
    }
    form = SeenTermsForm(
        request.POST or None,
        starts=starts,
        unit=retainer.unit,
        currency=retainer.currency,
        valid=valid,
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            agreement.change_terms(
                retainer,
                form.terms(),
                by=request.member,
                now=now,
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
            )
        except LedgerError as error:
            add_refusal(form, error, "effective_on")
        else:
            day = words.full_day(form.terms().effective_on)
            tell(
                request,
                _("The new terms are valid from %(day)s on. Your client's page says so.")
                % {"day": day},
            )
            return redirect("retainer_terms", ref=ref)
    lead = _("Earlier cycles keep the terms they had. A cycle that is closed never changes.")
    return _form_page(
        request, retainer, form, _("Change the terms"), _("Agree on these terms"), lead
    )


@editor_required
@acts_on(find_cycle)
def withdraw_terms(request: MemberRequest, ref: str, on: str) -> HttpResponse:
    """Take back terms that are not followed yet."""
    retainer = find_retainer(request, ref)
    try:
        agreement.withdraw_terms(retainer, day_of(on), by=request.member, now=timezone.now())
    except LedgerError as error:
        warn(request, str(error))
    else:
        tell(request, _("Taken back."))
    return redirect("retainer_terms", ref=ref)


@editor_required
@once
def change_cap(request: MemberRequest, ref: str) -> HttpResponse:
    """Change the hours of the present cycle now."""
    retainer, now = find_retainer(request, ref), timezone.now()
    today = max(retainer.today(now), retainer.starts_on)
    form = ChangeCapForm(request.POST or None, unit=retainer.unit, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            amount = agreement.change_cap_now(
                retainer,
                fields["cap"],
                on=fields["on"],
                is_prorated=fields["how"] == "prorated",
                by=request.member,
                now=now,
                reason=fields["reason"],
            )
        except LedgerError as error:
            add_refusal(form, error, "cap")
        else:
            text = words_for(retainer).amount(abs(amount))
            tell(
                request,
                (
                    _("%(hours)s more in this cycle.")
                    if amount > 0
                    else _("%(hours)s less in this cycle.")
                )
                % {"hours": text},
            )
            return redirect(retainer)
    lead = _(
        "Only this cycle changes. To change all that follow, too, change the terms from the next cycle on."
    )
    return _form_page(
        request, retainer, form, _("Change the hours of this cycle"), _("Change them"), lead
    )


@editor_required
@acts_on(find_cycle)
def pause_cycle(request: MemberRequest, ref: str, on: str) -> HttpResponse:
    """Pause a whole cycle, or lift its pause."""
    retainer, lift = find_retainer(request, ref), "lift" in request.POST
    try:
        agreement.pause(retainer, day_of(on), by=request.member, now=timezone.now(), lift=lift)
    except LedgerError as error:
        warn(request, str(error))
    else:
        tell(
            request,
            _("The pause is lifted.")
            if lift
            else _("Paused. Carried hours stay usable and do not expire meanwhile."),
        )
    return redirect("retainer_terms", ref=ref)


@editor_required
@once
def end_retainer(request: MemberRequest, ref: str) -> HttpResponse:
    """Let a retainer end: first shows what lapses and what is owed then."""
    retainer, now = find_retainer(request, ref), timezone.now()
    form = EndForm(
        request.POST or None, initial={"ends_on": retainer.ends_on or retainer.today(now)}
    )
    shown = None
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        day = None if "go_on" in request.POST else fields["ends_on"]
        try:
            if day and "sure" not in request.POST:
                shown = agreement.ending(retainer, day, retainer.today(now))
            else:
                agreement.end_retainer(
                    retainer, day, by=request.member, now=now, reason=fields["reason"]
                )
                text = (
                    _("The retainer ends on %(day)s.") % {"day": words_for(retainer).full_day(day)}
                    if day
                    else _("It goes on.")
                )
                tell(request, text)
                return redirect("retainer_terms", ref=ref)
        except LedgerError as error:
            add_refusal(form, error, "ends_on")
    context = {"retainer": retainer, "form": form, "shown": shown, "words": words_for(retainer)}
    return render(request, "retainers/end.html", context)


def _form_page(
    request: MemberRequest,
    retainer: Retainer,
    form: object,
    title: str,
    button: str,
    lead: str = "",
) -> HttpResponse:
    context = {
        "retainer": retainer,
        "form": form,
        "title": title,
        "button": button,
        "back": retainer,
        "lead": lead,
    }
    return render(request, "parts/form_page.html", context)
