"""One person and their workspaces: joining, leaving, and which one they work in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import (
    MemberRequest,
    acts_on,
    member_required,
)
from hourtab.accounts.models import Member
from hourtab.accounts.services import find_invitation
from hourtab.lib.notices import tell, warn
from hourtab.team import services
from hourtab.team.services import TeamError


@member_required
def you(request: MemberRequest) -> HttpResponse:
    """Lead to what everybody may change for themselves: how they sign in, and whether they stay."""
    return render(
        request, "team/you.html", {"has_providers": bool(settings.SOCIALACCOUNT_PROVIDERS)}
    )


@member_required
def leave_workspace(request: MemberRequest) -> HttpResponse:
    """Leave a workspace; asks first."""
    if request.method == "POST":
        try:
            services.end_membership(request.member, now=timezone.now())
        except TeamError as error:
            warn(request, str(error))
        else:
            request.session.pop("workspace", None)
            tell(request, _("You left %(name)s.") % {"name": request.workspace.name})
            return redirect("today")
    return render(request, "team/leave.html", {})


def _own(request: MemberRequest, pk: int) -> Member:
    return get_object_or_404(
        Member.objects.standing().filter(user=request.member.user_id), workspace=pk
    )


@member_required
@acts_on(_own)
def switch_workspace(request: MemberRequest, pk: int) -> HttpResponse:
    """Work in another of one's workspaces."""
    request.session["workspace"] = _own(request, pk).workspace_id
    return redirect("today")


def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation; its reader signs in or up with the address it was sent to, and joins by a
    button.
    """
    row = find_invitation(token)
    stands = row is not None and row.stands(timezone.now())
    user = request.user
    is_theirs = (
        stands and row is not None and user.is_authenticated and user.email.lower() == row.to
    )
    if request.method == "POST" and is_theirs and row is not None and user.is_authenticated:
        try:
            member = services.accept(row, user, now=timezone.now())
        except TeamError as error:
            warn(request, str(error))
        else:
            request.session["workspace"] = member.workspace_id
            tell(request, _("Welcome to %(name)s.") % {"name": row.workspace.name})
            return redirect("today")
    context = {"invitation": row if stands else None, "is_theirs": is_theirs, "here": request.path}
    return render(request, "team/join.html", context, status=200 if stands else 404)
