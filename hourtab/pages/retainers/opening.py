"""Opening a retainer."""

from datetime import date
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, editor_required
from hourtab.accounts.models import Workspace
from hourtab.accounts.plans import PlanError, check_retainers
from hourtab.accounts.professions import BY_SLUG, PROFESSIONS
from hourtab.clients.access import clients_of
from hourtab.core.cycles import CycleError
from hourtab.lib.notices import tell
from hourtab.lib.once import once
from hourtab.retainers import services
from hourtab.retainers.forms import OpenRetainerForm
from hourtab.sharing.services import share


@editor_required
@once
def open_retainer(request: MemberRequest) -> HttpResponse:
    """Open a retainer from one short form; ends on its page, with the link."""
    start = timezone.localdate(timezone=ZoneInfo(request.workspace.zone))
    preset = BY_SLUG.get(request.GET.get("for", request.workspace.profession))
    initial = (
        (preset.initial() if preset else {})
        | request.workspace.default_terms
        | {"starts_on": start, "zone": request.workspace.zone}
    )
    initial["client"] = request.GET.get("client", "")
    form = OpenRetainerForm(
        request.POST or None, initial=initial, currency=request.workspace.currency
    )
    if request.method == "POST" and form.is_valid() and _is_theirs(request, form):
        fields = form.cleaned_data
        try:
            with transaction.atomic():
                retainer = services.open_retainer(
                    request.workspace,
                    client=fields["client"],
                    name=fields["name"],
                    terms=form.terms(),
                    zone=fields["zone"],
                    categories=fields["categories"],
                    by=request.member,
                    unit=fields["unit"],
                    ends_on=fields["ends_on"],
                    notice_hours=fields["notice_hours"],
                )
                share([retainer], by=request.member)
        except (ValidationError, CycleError, PlanError) as error:
            form.add_error(None, getattr(error, "messages", None) or str(error))
        else:
            tell(request, _("The retainer is open. Here is its link."))
            return redirect("retainer_links", ref=retainer.ref)
    context = {
        "form": form,
        "clients": clients_of(request),
        "professions": PROFESSIONS,
        "preset": preset,
        "full": "" if form.is_bound else _full(request.workspace, start),
    }
    return render(request, "retainers/open.html", context)


def _full(workspace: Workspace, today: date) -> str:
    """Return what the plan says against another retainer; empty where there is room."""
    try:
        check_retainers(workspace, services.active_retainers(workspace, today).count())
    except PlanError as error:
        return str(error)
    return ""


def _is_theirs(request: MemberRequest, form: OpenRetainerForm) -> bool:
    """May this member open a retainer for that client? One who is limited may for the clients they
    see alone.
    """
    if (
        not request.member.is_limited
        or clients_of(request).filter(name=form.cleaned_data["client"]).exists()
    ):
        return True
    form.add_error(
        "client", _("You may open retainers for the clients you see. Ask an owner for others.")
    )
    return False
