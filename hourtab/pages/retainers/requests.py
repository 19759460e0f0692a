"""The provider's side of requests: asking, following, withdrawing; emergencies; what is agreed
beforehand.
"""

from contextlib import nullcontext
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required, member_required
from hourtab.accounts.audit import changes_of, fields_of, note
from hourtab.accounts.models import Event
from hourtab.clients.models import Contact
from hourtab.clients.services import add_approver
from hourtab.core.cycles import FOR_EVER
from hourtab.deciding.links import late_besides
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.writing import record
from hourtab.lib.notices import tell, warn
from hourtab.lib.once import once
from hourtab.lib.text import clean
from hourtab.outbox.models import Delivery
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.forms import (
    DECIDED_WITHIN,
    AskForm,
    EmergencyForm,
    NotedDecisionForm,
    OverageTermsForm,
)
from hourtab.overage.jobs import suggested
from hourtab.overage.models import Approver, OverageTerms, Request
from hourtab.overage.words import (
    cost_of,
    emergency_of,
    emergency_terms,
    outcome_of,
    title_of,
    what_is_asked,
)
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for


def _request(request: MemberRequest, ref: str, number: int) -> Request:
    rows = find_retainer(request, ref).requests.select_related(
        "retainer__workspace", "retainer__client", "asked_by__user", "replaces"
    )
    return get_object_or_404(rows, number=number)


@member_required
def retainer_requests(request: MemberRequest, ref: str) -> HttpResponse:
    """List what was asked for, and what became of it."""
    retainer = find_retainer(request, ref)
    words, now = words_for(retainer), timezone.now()
    terms = OverageTerms.objects.filter(retainer=retainer).first()
    rows = [_listed(row, now, words) for row in retainer.requests.select_related("asked_by__user")]
    context = {
        "retainer": retainer,
        "rows": rows,
        "words": words,
        "tab": "requests",
        "terms": terms,
        "emergency": emergency_terms(terms, words) if terms else "",
    }
    return render(request, "overage/requests.html", context)


def _listed(row: Request, now: Any, words: Any) -> dict[str, Any]:
    state = row.state_at(now)
    return {
        "row": row,
        "title": title_of(row, words),
        "state": state,
        "label": Request.State(state).label,
        "outcome": outcome_of(row, now, words),
    }


@editor_required
@once
def ask_for_hours(request: MemberRequest, ref: str) -> HttpResponse:
    """Ask for more hours: anew, from a draft (`draft`), or in place of another request
    (`replaces`).
    """
    retainer, now = find_retainer(request, ref), timezone.now()
    draft = _named(request, retainer, "draft", (Request.State.DRAFT,))
    replaces = _named(request, retainer, "replaces", tuple(Request.State))
    source = draft or replaces
    bound = source if source is not None and source.is_emergency else None
    form = AskForm(
        request.POST or None, retainer=retainer, emergency=bound, initial=_initial(retainer, source)
    )
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                asked = form.chosen()
                if new := form.somebody_new():
                    asked.append(add_approver(retainer.client, *new, by=request.member))
                row = services.ask(
                    retainer,
                    form.wish(bound),
                    asked,
                    decide_by=form.decide_by(),
                    by=request.member,
                    now=now,
                    draft=draft,
                    replaces=replaces,
                )
        except OverageError as error:
            form.add_error(None, str(error))
        else:
            names = ", ".join(row.approvers.values_list("name", flat=True))
            tell(
                request,
                _("Asked. %(names)s has a mail with the link to decide.") % {"names": names},
            )
            return redirect("show_request", ref=ref, number=row.number)
    context = {
        "title": _("Ask for more hours for %(retainer)s") % {"retainer": retainer},
        "form": form,
        "button": _("Send the request"),
        "back": retainer,
    }
    if bound is not None:
        words = words_for(retainer)
        context["lead"] = f"{emergency_of(bound, words)} {cost_of(bound, bound.amount, words)}"
    return render(request, "parts/form_page.html", context)


def _named(
    request: MemberRequest, retainer: Retainer, name: str, states: tuple[Any, ...]
) -> Request | None:
    number = request.GET.get(name, "")
    if not number.isdecimal() or len(number) > 8:
        return None
    return retainer.requests.filter(number=int(number), state__in=states).first()


def _initial(retainer: Retainer, source: Request | None) -> dict[str, Any]:
    """Return what the form begins with: what the draft or the earlier request said, else what the
    pace suggests.
    """
    today = retainer.today(timezone.now())
    first: dict[str, Any] = {"decide_on": today + DECIDED_WITHIN}
    terms, cycle = (
        terms_at(retainer, max(today, retainer.starts_on)),
        cycles.current_cycle(retainer, today),
    )
    if source is not None:
        names = ("kind", "amount", "rate", "price", "reason", "starts_on", "ends_on", "needs_code")
        first |= {name: getattr(source, name) for name in names}
        first["approvers"] = [row.contact_id for row in source.approvers.all()]
        return first
    ends_on = cycle.ends_on if cycle and cycle.ends_on != FOR_EVER else today + DECIDED_WITHIN
    first |= {
        "starts_on": max(today, retainer.starts_on),
        "ends_on": max(ends_on, today),
        "rate": terms.overage.rate,
    }
    approvers = list(
        retainer.client.contacts.filter(role=Contact.Role.APPROVER).exclude(email="")[:2]
    )
    if len(approvers) == 1:
        first["approvers"] = [approvers[0].pk]
    if cycle is not None:
        first["starts_on"] = max(retainer.starts_on, min(today, cycle.ends_on))
        first["amount"] = suggested(retainer, cycle, today)
    return first


@member_required
def show_request(request: MemberRequest, ref: str, number: int) -> HttpResponse:
    """Show a request with everything that happened to it."""
    row, now = _request(request, ref, number), timezone.now()
    words = words_for(row.retainer)
    mails = {mail.about: mail for mail in _mails(row) if mail.kind == Delivery.Kind.REQUEST}
    context = _listed(row, now, words) | {
        "retainer": row.retainer,
        "words": words,
        "what": what_is_asked(row, words),
        "cost": cost_of(row, row.amount, words),
        "emergency": emergency_of(row, words),
        "events": row.events.all(),
        "more_late": late_besides(row),
        "approvers": [
            (approver, mails.get(approver.pk))
            for approver in row.approvers.select_related("contact")
        ],
    }
    return render(request, "overage/request.html", context)


def _mails(row: Request) -> list[Delivery]:
    approvers = list(Approver.objects.filter(request=row).values_list("pk", flat=True))
    kinds = (Delivery.Kind.REQUEST, Delivery.Kind.REMINDER, Delivery.Kind.RECEIPT)
    return list(row.retainer.workspace.deliveries.filter(kind__in=kinds, about__in=approvers))


@editor_required
@acts_on(_request)
def withdraw_request(request: MemberRequest, ref: str, number: int) -> HttpResponse:
    """Take a request back, or drop a draft."""
    row = _request(request, ref, number)
    was_draft = row.state == Request.State.DRAFT
    try:
        reason = clean(request.POST.get("reason", ""))[:300]
        services.withdraw(row, by=request.member, now=timezone.now(), reason=reason)
    except OverageError as error:
        warn(request, str(error))
    else:
        tell(
            request,
            _("The draft is gone.") if was_draft else _("Withdrawn. Whoever was asked is told so."),
        )
    return redirect("retainer_requests", ref=ref)


@editor_required
@once
def note_decision(request: MemberRequest, ref: str, number: int) -> HttpResponse:
    """Note a decision that was given by telephone or mail."""
    row = _request(request, ref, number)
    form = NotedDecisionForm(request.POST or None, unit=row.retainer.unit)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        amount = 0 if fields["outcome"] == "decline" else fields["amount"] or row.amount
        try:
            services.decide(
                row,
                approver=None,
                name=fields["name"],
                amount=amount,
                comment=fields["comment"],
                by=request.member,
                now=timezone.now(),
            )
        except OverageError as error:
            form.add_error(None, str(error))
        else:
            tell(request, _("Noted. Whoever was asked gets the receipt, too."))
            return redirect("show_request", ref=ref, number=number)
    context = {
        "title": _("Note a decision"),
        "form": form,
        "button": _("Note it"),
        "back": row.retainer,
        "lead": _(
            "For an approval by telephone or mail. It says who noted it, and everybody who was asked gets a receipt."
        ),
    }
    return render(request, "parts/form_page.html", context)


@editor_required
@once
def start_emergency(request: MemberRequest, ref: str) -> HttpResponse:
    """Begin emergency work before it is approved."""
    retainer, now = find_retainer(request, ref), timezone.now()
    words = words_for(retainer)
    terms = OverageTerms.objects.filter(retainer=retainer).first()
    if terms is None or not terms.has_emergencies:
        warn(request, _("Agree on an emergency rate and a ceiling first."))
        return redirect("overage_terms", ref=ref)
    local = now.astimezone(retainer.tzinfo)
    form = EmergencyForm(
        request.POST or None,
        initial={"on": local.date(), "at": local.time().replace(second=0, microsecond=0)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            row = services.start_emergency(
                retainer,
                reason=form.cleaned_data["reason"],
                began_at=form.began_at(retainer),
                by=request.member,
                now=now,
            )
        except OverageError as error:
            form.add_error(None, str(error))
        else:
            tell(
                request,
                _("Noted: work may begin. Ask for the approval within %(n)s hours.")
                % {"n": terms.emergency_hours},
            )
            return redirect("show_request", ref=ref, number=row.number)
    context = {
        "title": _("Emergency at %(retainer)s") % {"retainer": retainer},
        "form": form,
        "button": _("Begin now, ask afterwards"),
        "back": retainer,
        "lead": emergency_terms(terms, words),
    }
    return render(request, "parts/form_page.html", context)


@editor_required
def overage_terms(request: MemberRequest, ref: str) -> HttpResponse:
    """Agree beforehand: the soft limit, and what an emergency may cost."""
    retainer = find_retainer(request, ref)
    with transaction.atomic() if request.method == "POST" else nullcontext():
        if request.method == "POST":
            record.lock(retainer)
        terms = OverageTerms.objects.filter(retainer=retainer).first() or OverageTerms(
            retainer=retainer
        )
        form = OverageTermsForm(request.POST or None, instance=terms)
        if request.method == "POST" and form.is_valid():
            names = list(form.fields)
            before = fields_of(terms, names)
            changes = changes_of(before, fields_of(form.save(), names))
            note(
                request.workspace,
                Event.Kind.TERMS_OF_OVERAGE,
                str(retainer),
                by=request.member,
                changes=changes,
            )
            retainer.touch()
            tell(request, _("Saved."))
            return redirect("retainer_requests", ref=ref)
    context = {
        "title": _("Beyond the hours: %(retainer)s") % {"retainer": retainer},
        "form": form,
        "button": _("Save"),
        "back": retainer,
        "lead": _(
            "Agree on this with your client beforehand. The rate and ceiling of emergencies stand on their page."
        ),
    }
    return render(request, "parts/form_page.html", context)
