"""The settings of a workspace."""

import hashlib
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, freshly_signed_in_where, owner_required
from hourtab.accounts.audit import changes_of, fields_of, note
from hourtab.accounts.forms import WorkspaceForm
from hourtab.accounts.models import Event, Member, Workspace
from hourtab.accounts.plans import Plan, plan_of
from hourtab.lib.locking import locked
from hourtab.lib.notices import tell
from hourtab.retainers.services import active_retainers
from hourtab.sharing.services import active_links


def _weighs(request: MemberRequest) -> bool:
    """Does this lift the second factor for everybody, or change whose name mails carry and where
    their answers go?
    """
    workspace, sent = request.workspace, request.POST
    lifts = workspace.requires_second_factor and not sent.get("requires_second_factor")
    speaks = ("sender_name", "reply_to")
    return lifts or any(sent.get(name, "").strip() != getattr(workspace, name) for name in speaks)


@owner_required
@freshly_signed_in_where(_weighs)
def workspace_settings(request: MemberRequest) -> HttpResponse:
    """Show and change what every page of the workspace follows."""
    form = WorkspaceForm(request.POST or None, request.FILES or None, instance=request.workspace)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            before = _said_by(locked(Workspace.objects.all()).get(pk=request.workspace.pk))
            changes = changes_of(before, _said_by(form.save()))
            if changes:
                note(request.workspace, Event.Kind.SETTINGS, by=request.member, changes=changes)
            request.workspace.touch()
        tell(request, _("Saved."))
        return redirect("settings")
    mail_folder = "" if settings.EMAIL_URL else str(settings.MAIL_DIR)
    plan = plan_of(request.workspace)
    context = {
        "form": form,
        "mail_folder": mail_folder,
        "plan": plan,
        "usage": _usage(request.workspace, plan),
    }
    return render(request, "accounts/settings.html", context, status=422 if form.errors else 200)


def _usage(workspace: Workspace, plan: Plan) -> list[str]:
    """Return what a plan allows and how much of it is used, in words."""
    now = timezone.now()
    today = timezone.localdate(now, ZoneInfo(workspace.zone))
    said = [
        (
            _("%(n)s of %(most)s active retainers"),
            plan.retainers,
            active_retainers(workspace, today).count(),
        ),
        (
            _("%(n)s of %(most)s members"),
            plan.members,
            Member.objects.standing().filter(workspace=workspace).count(),
        ),
        (_("%(n)s of %(most)s links"), plan.links, active_links(workspace, now).count()),
    ]
    found = [text % {"n": n, "most": most} for text, most, n in said if most is not None]
    return [
        *found,
        *([_("Work is added up to %(n)s months back") % {"n": plan.months}] if plan.months else []),
    ]


def _said_by(workspace: Workspace) -> dict[str, object]:
    """Return the settings as the audit keeps them; of the logo, which one it is."""
    logo = hashlib.sha256(bytes(workspace.logo)).hexdigest()[:12] if workspace.logo else ""
    return fields_of(workspace, WorkspaceForm.Meta.fields) | {"logo": logo}
