"""Members of a workspace: who they are, inviting, and what each may do."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import (
    MemberRequest,
    acts_on,
    freshly_signed_in,
    freshly_signed_in_where,
    owner_required,
)
from hourtab.accounts.models import Invitation, Member, Role
from hourtab.lib.notices import tell, warn
from hourtab.lib.once import once
from hourtab.team import services
from hourtab.team.forms import InviteForm, MemberForm
from hourtab.team.services import TeamError


def _member(request: MemberRequest, pk: int) -> Member:
    rows = (
        Member.objects.standing()
        .select_related("user", "workspace")
        .filter(workspace=request.workspace)
    )
    return get_object_or_404(rows, pk=pk)


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    return get_object_or_404(request.workspace.invitations, pk=pk)


def _is_about_an_owner(request: MemberRequest, pk: int | None = None) -> bool:
    """Does this make somebody an owner, or an owner something else?"""
    is_owner = pk is not None and _member(request, pk).is_owner
    return is_owner or request.POST.get("role") == Role.OWNER


@owner_required
@once
@freshly_signed_in_where(_is_about_an_owner)
def members(request: MemberRequest) -> HttpResponse:
    """List the members and who is invited; invite somebody."""
    now = timezone.now()
    form = InviteForm(request.POST or None, workspace=request.workspace)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            row = services.invite(
                request.workspace,
                fields["to"],
                fields["role"],
                form.chosen(),
                by=request.member,
                now=now,
            )
        except TeamError as error:
            form.add_error("to", str(error))
        else:
            tell(
                request,
                _("%(to)s is invited. The link in the mail works once, for seven days.")
                % {"to": row.to},
            )
            return redirect("members")
    rows = (
        Member.objects.standing()
        .filter(workspace=request.workspace)
        .select_related("user")
        .prefetch_related("access__client")
    )
    waiting = [
        row for row in request.workspace.invitations.select_related("by__user") if row.stands(now)
    ]
    left = (
        Member.objects.filter(workspace=request.workspace)
        .exclude(left_at=None)
        .select_related("user")
    )
    context = {"members": rows.order_by("pk"), "waiting": waiting, "left": left, "form": form}
    return render(request, "team/members.html", context, status=422 if form.errors else 200)


@owner_required
@freshly_signed_in_where(_is_about_an_owner)
def change_member(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a member another role, or other clients to see."""
    member = _member(request, pk)
    form = MemberForm(
        request.POST or None, workspace=request.workspace, initial=MemberForm.initial_of(member)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_member(
                member, form.cleaned_data["role"], form.chosen(), by=request.member
            )
        except TeamError as error:
            form.add_error("role", str(error))
        else:
            tell(request, _("Saved. It holds from now on."))
            return redirect("members")
    context = {"title": str(member), "form": form, "button": _("Save")}
    return render(request, "parts/form_page.html", context)


@owner_required
@acts_on(_member)
@freshly_signed_in
def remove_member(request: MemberRequest, pk: int) -> HttpResponse:
    """Remove a member at once; what they did stays, under their name."""
    member = _member(request, pk)
    try:
        services.end_membership(member, now=timezone.now(), by=request.member)
    except TeamError as error:
        warn(request, str(error))
    else:
        tell(
            request,
            _("%(name)s is no longer a member. What they did keeps their name.") % {"name": member},
        )
    return redirect("members" if member.pk != request.member.pk else "today")


@owner_required
@acts_on(_member)
@freshly_signed_in
def transfer_ownership(request: MemberRequest, pk: int) -> HttpResponse:
    """Make another member the owner in one's own place."""
    member = _member(request, pk)
    try:
        services.transfer_ownership(request.member, member)
    except TeamError as error:
        warn(request, str(error))
        return redirect("members")
    tell(request, _("%(name)s owns the workspace now; you go on as an editor.") % {"name": member})
    return redirect("today")


@owner_required
@acts_on(_invitation)
def withdraw_invitation(request: MemberRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    services.withdraw_invitation(_invitation(request, pk), now=timezone.now(), by=request.member)
    tell(request, _("Withdrawn. The link in the mail no longer works."))
    return redirect("members")
