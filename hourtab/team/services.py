"""Who belongs to a workspace: inviting, joining, roles, limits, leaving. A workspace always keeps
an owner.

Every function locks the workspace first, so that two owners who demote each other at once leave one
of them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.audit import changes_of, note
from hourtab.accounts.models import Event, Invitation, Member, Role, User, Workspace
from hourtab.accounts.plans import PlanError, check_members
from hourtab.clients.models import Access, Client
from hourtab.lib.locking import locked
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue

LASTS = timedelta(days=7)
DAY = timedelta(days=1)
MOST_A_DAY = 50
"""Invitations a workspace sends within a day, whatever becomes of them: each is a mail to an
address that never asked for one.
"""


class TeamError(ValueError):
    """A rule of the team stands against this; the message says which. Nothing was stored."""


@transaction.atomic
def invite(
    workspace: Workspace,
    to: str,
    role: str,
    clients: Collection[int] | None,
    *,
    by: Member | None,
    now: datetime,
) -> Invitation:
    """Invite an address, for seven days; an earlier invitation of it ends. `clients` are those a
    limited member will see.

    Raises `TeamError` where the address belongs to a member already, an owner would be limited, the
    plan has no room, or too many were sent within a day.
    """
    workspace = _locked(workspace)
    to = to.strip().lower()
    if Member.objects.standing().filter(workspace=workspace, user__email=to).exists():
        raise TeamError(_("%(to)s belongs to this workspace already.") % {"to": to})
    _check_limit(role, clients)
    # Counted in what was noted: withdrawing an invitation, or erasing a person, gives none back.
    sent = Event.objects.filter(workspace=workspace, kind=Event.Kind.INVITED, at__gt=now - DAY)
    if sent.count() >= MOST_A_DAY:
        raise TeamError(
            _("%(n)s invitations were sent within a day. Send the next ones tomorrow.")
            % {"n": MOST_A_DAY}
        )
    Invitation.objects.filter(
        workspace=workspace, to=to, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)
    known = (
        None
        if clients is None
        else sorted(
            Client.objects.filter(workspace=workspace, pk__in=clients).values_list("pk", flat=True)
        )
    )
    _check_room(workspace)
    row = Invitation(
        workspace=workspace,
        to=to,
        role=role,
        clients=known,
        by=by,
        made_at=now,
        expires_at=now + LASTS,
    )
    row.save()
    note(workspace, Event.Kind.INVITED, f"{to} · {row.get_role_display()}", by=by, now=now)
    queue(workspace, Delivery.Kind.INVITE, about=row.pk, occasion="invite", target=to, now=now)
    return row


@transaction.atomic
def accept(invitation: Invitation, user: User, *, now: datetime) -> Member:
    """Let a user join by their invitation. It works once.

    Raises `TeamError` where it is for another address, was used, withdrawn, or is over.
    """
    _locked(invitation.workspace)
    row = locked(Invitation.objects.all()).get(pk=invitation.pk)
    if row.to != user.email.lower():
        raise TeamError(
            _("This invitation is for another address. Sign in with the one it was sent to.")
        )
    if not row.stands(now):
        raise TeamError(_("This invitation was used, withdrawn, or is over. Ask for a new one."))
    _check_room(row.workspace, joining=row)
    member, _is_new = Member.objects.update_or_create(
        workspace_id=row.workspace_id,
        user=user,
        defaults={"role": row.role, "left_at": None, "joined_at": now},
    )
    _limit(member, row.clients)
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    note(row.workspace, Event.Kind.JOINED, row.get_role_display(), by=member, now=now)
    return member


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, now: datetime, by: Member | None = None) -> None:
    """Take an invitation back; one that was accepted stays so."""
    if Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).update(
        withdrawn_at=now
    ):
        note(invitation.workspace, Event.Kind.INVITATION_WITHDRAWN, invitation.to, by=by, now=now)


@transaction.atomic
def change_member(
    member: Member, role: str, clients: Collection[int] | None, *, by: Member | None = None
) -> None:
    """Give a member another role, and all clients (None) or some to see.

    Raises `TeamError` where no owner would be left, or an owner would be limited.
    """
    _locked(member.workspace)
    _check_limit(role, clients)
    if role != Role.OWNER:
        _keep_an_owner(member)
    before = _standing_of(member)
    Member.objects.filter(pk=member.pk).update(role=role)
    _limit(Member.objects.get(pk=member.pk), clients)
    changes = changes_of(before, _standing_of(member))
    note(member.workspace, Event.Kind.MEMBER_CHANGED, str(member), by=by, changes=changes)


@transaction.atomic
def end_membership(member: Member, *, now: datetime, by: Member | None = None) -> None:
    """Let a member leave, or remove them, at once. What they did keeps their name.

    Where they belong to no other workspace, they are signed out everywhere.

    Raises `TeamError` where no owner would be left.
    """
    _locked(member.workspace)
    _keep_an_owner(member)
    Member.objects.filter(pk=member.pk, left_at=None).update(left_at=now)
    left = by is None or by.pk == member.pk
    note(
        member.workspace,
        Event.Kind.MEMBER_LEFT if left else Event.Kind.MEMBER_REMOVED,
        str(member),
        by=by or member,
        now=now,
    )
    member.access.all().delete()
    if not Member.objects.standing().filter(user=member.user_id).exists():
        for session in UserSession.objects.filter(user=member.user_id):
            session.end()


@transaction.atomic
def transfer_ownership(owner: Member, to: Member) -> None:
    """Make another member the owner; the one before goes on as an editor. Raises `TeamError` for
    one who left.
    """
    _locked(owner.workspace)
    fresh = Member.objects.standing().filter(pk=to.pk, workspace=owner.workspace_id).first()
    if fresh is None or fresh.pk == owner.pk:
        raise TeamError(_("Ownership goes to another member of this workspace."))
    Member.objects.filter(pk=fresh.pk).update(role=Role.OWNER)
    _limit(fresh, None)
    Member.objects.filter(pk=owner.pk).update(role=Role.EDITOR)
    note(owner.workspace, Event.Kind.OWNERSHIP, f"{owner} → {fresh}", by=owner)


def _locked(workspace: Workspace) -> Workspace:
    return locked(Workspace.objects.all()).get(pk=workspace.pk)


def _check_room(workspace: Workspace, joining: Invitation | None = None) -> None:
    try:
        check_members(workspace, joining=joining)
    except PlanError as error:
        raise TeamError(str(error)) from None


def _standing_of(member: Member) -> dict[str, Any]:
    """Return a member's role and clients as the audit keeps them."""
    row = Member.objects.get(pk=member.pk)
    names = sorted(access.client.name for access in row.access.select_related("client"))
    return {"role": row.role, "clients": ", ".join(names) if row.is_limited else ""}


def _check_limit(role: str, clients: Collection[int] | None) -> None:
    if role == Role.OWNER and clients is not None:
        raise TeamError(_("An owner sees every client."))
    if clients is not None and not clients:
        raise TeamError(_("Choose at least one client, or let them see all."))


def _keep_an_owner(member: Member) -> None:
    owners = Member.objects.standing().filter(workspace=member.workspace_id, role=Role.OWNER)
    if not owners.exclude(pk=member.pk).exists() and owners.filter(pk=member.pk).exists():
        raise TeamError(_("A workspace keeps an owner. Make somebody else one first."))


def _limit(member: Member, clients: Sequence[int] | Collection[int] | None) -> None:
    Member.objects.filter(pk=member.pk).update(is_limited=clients is not None)
    Access.objects.filter(member=member).delete()
    found = Client.objects.filter(workspace=member.workspace_id, pk__in=clients or ())
    Access.objects.bulk_create(Access(member=member, client=client) for client in found)
