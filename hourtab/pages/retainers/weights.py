"""What counts at another rate than the clock's: kinds of work, and work outside the office
hours.
"""

from collections.abc import Mapping
from contextlib import nullcontext

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required
from hourtab.accounts.audit import Change, changes_of, fields_of, note
from hourtab.accounts.models import Event
from hourtab.ledger.writing import record
from hourtab.lib.notices import tell
from hourtab.lib.once import once
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import OfficeHours, Retainer, WeightRule
from hourtab.retainers.weight_forms import OfficeHoursForm, WeightRuleForm
from hourtab.retainers.weights import weights_in_words
from hourtab.retainers.words import words_for


def _rule(request: MemberRequest, ref: str, pk: int) -> WeightRule:
    return get_object_or_404(find_retainer(request, ref).weight_rules, pk=pk)


def _note(request: MemberRequest, retainer: Retainer, changes: Mapping[str, Change]) -> None:
    note(request.workspace, Event.Kind.WEIGHTS, str(retainer), by=request.member, changes=changes)


@editor_required
@once
def weights(request: MemberRequest, ref: str) -> HttpResponse:
    """Show the rules, and add one; they decide about lines that are stored from now on."""
    retainer = find_retainer(request, ref)
    hours = OfficeHours.objects.filter(retainer=retainer).first()
    form = WeightRuleForm(request.POST or None, instance=WeightRule(retainer=retainer))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            rule = form.save()
            _note(request, retainer, {rule.name: [None, rule.percent]})
            retainer.touch()
        tell(request, _("Saved. It decides about lines that are stored from now on."))
        return redirect("weights", ref=ref)
    rules = list(retainer.weight_rules.all())
    words = words_for(retainer)
    context = {
        "retainer": retainer,
        "form": form,
        "rules": [(rule, " ".join(weights_in_words([rule], hours, words))) for rule in rules],
        "hours": hours,
        "needs_hours": any(rule.is_after_hours for rule in rules) and hours is None,
        "categories": retainer.categories.all(),
    }
    return render(request, "retainers/weights.html", context, status=422 if form.errors else 200)


@editor_required
@acts_on(_rule)
def remove_weight(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Take a rule away; lines keep the weight they were stored with."""
    rule = _rule(request, ref, pk)
    with transaction.atomic():
        _note(request, rule.retainer, {rule.name: [rule.percent, None]})
        rule.delete()
        rule.retainer.touch()
    tell(request, _("Removed. Lines keep the weight they were stored with."))
    return redirect("weights", ref=ref)


@editor_required
def office_hours(request: MemberRequest, ref: str) -> HttpResponse:
    """Say when work counts plainly."""
    retainer = find_retainer(request, ref)
    with transaction.atomic() if request.method == "POST" else nullcontext():
        if request.method == "POST":
            record.lock(retainer)
        hours = OfficeHours.objects.filter(retainer=retainer).first() or OfficeHours(
            retainer=retainer
        )
        form = OfficeHoursForm(request.POST or None, instance=hours)
        if request.method == "POST" and form.is_valid():
            names = ["days", "opens", "closes", "holidays"]
            before = fields_of(hours, names)
            _note(request, retainer, changes_of(before, fields_of(form.save(), names)))
            retainer.touch()
            tell(request, _("Saved. It decides about lines that are stored from now on."))
            return redirect("weights", ref=ref)
    context = {
        "title": _("Office hours of %(retainer)s") % {"retainer": retainer},
        "form": form,
        "button": _("Save"),
        "back": retainer,
    }
    return render(request, "parts/form_page.html", context)
