"""Planned work: setting hours aside, and letting them go."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.forms import HoldForm, add_refusal
from hourtab.ledger.models import Hold
from hourtab.ledger.verbs import plan as holds
from hourtab.lib.notices import tell
from hourtab.lib.once import once
from hourtab.retainers.access import find_retainer


def _hold(request: MemberRequest, ref: str, pk: int) -> Hold:
    return get_object_or_404(find_retainer(request, ref).holds.select_related("retainer"), pk=pk)


@editor_required
@once
def plan_work(request: MemberRequest, ref: str) -> HttpResponse:
    """Set hours aside for work to come."""
    retainer = find_retainer(request, ref)
    today = retainer.today(timezone.now())
    form = HoldForm(
        request.POST or None,
        unit=retainer.unit,
        initial={"starts_on": max(today, retainer.starts_on)},
    )
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        fields["ends_on"] = fields["ends_on"] or fields["starts_on"]
        try:
            holds.plan_work(retainer, by=request.member, now=timezone.now(), **fields)
        except LedgerError as error:
            add_refusal(form, error, "ends_on")
        else:
            tell(request, _("Planned. It stands hatched on the page, and is not used."))
            return redirect(retainer)
    context = {
        "title": _("Plan work for %(retainer)s") % {"retainer": retainer},
        "form": form,
        "button": _("Plan it"),
        "back": retainer,
    }
    context["lead"] = _(
        "Hours that are spoken for, before the work is done. They end by themselves after the last day."
    )
    return render(request, "parts/form_page.html", context)


@editor_required
@acts_on(_hold)
def clear_hold(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Let planned hours go."""
    holds.clear_hold(_hold(request, ref, pk), by=request.member, now=timezone.now())
    tell(request, _("No longer planned."))
    return redirect("retainer", ref=ref)
