"""Who belongs to a workspace: inviting, joining, roles, limits, leaving. A workspace always keeps an owner.

Every function locks the workspace first, so that two owners who demote each other at once leave one of them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.models import Invitation, Member, Role, User, Workspace
from hourtab.clients.models import Access, Client
from hourtab.lib import tokens
from hourtab.outbox.models import Message
from hourtab.outbox.services import queue

LASTS = timedelta(days=7)
MOST_WAITING = 50


class TeamError(ValueError):
    """A rule of the team stands against this; the message says which. Nothing was stored."""


@transaction.atomic
def invite(
    workspace: Workspace, to: str, role: str, clients: Collection[int] | None, *, by: Member | None, now: datetime
) -> Invitation:
    """Invite an address, for seven days; an earlier invitation of it ends. `clients` are those a limited member will see.

    Raises `TeamError` where the address belongs to a member already, or an owner would be limited.
    """
    workspace = _locked(workspace)
    to = to.strip().lower()
    if Member.objects.standing().filter(workspace=workspace, user__email=to).exists():
        raise TeamError(_("%(to)s belongs to this workspace already.") % {"to": to})
    _check_limit(role, clients)
    waiting = Invitation.objects.filter(workspace=workspace, accepted_at=None, withdrawn_at=None)
    waiting.filter(to=to).update(withdrawn_at=now)
    if waiting.filter(expires_at__gt=now).count() >= MOST_WAITING:
        raise TeamError(_("%(n)s invitations are waiting. Withdraw some first.") % {"n": MOST_WAITING})
    known = (
        None
        if clients is None
        else sorted(Client.objects.filter(workspace=workspace, pk__in=clients).values_list("pk", flat=True))
    )
    row = Invitation(workspace=workspace, to=to, role=role, clients=known, by=by, made_at=now, expires_at=now + LASTS)
    row.token_digest = tokens.digest_of(row.token)
    row.save()
    queue(workspace, Message.Kind.INVITE, about=row.pk, occasion="invite", to=to, now=now)
    return row


@transaction.atomic
def accept(invitation: Invitation, user: User, *, now: datetime) -> Member:
    """Let a user join by their invitation. It works once.

    Raises `TeamError` where it is for another address, was used, withdrawn, or is over.
    """
    _locked(invitation.workspace)
    row = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if row.to != user.email.lower():
        raise TeamError(_("This invitation is for another address. Sign in with the one it was sent to."))
    if not row.stands(now):
        raise TeamError(_("This invitation was used, withdrawn, or is over. Ask for a new one."))
    member = Member.objects.filter(workspace=row.workspace_id, user=user).first() or Member(
        workspace_id=row.workspace_id, user=user
    )
    member.role, member.left_at = row.role, None
    member.save()
    _limit(member, row.clients)
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    return member


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, now: datetime) -> None:
    """Take an invitation back; one that was accepted stays so."""
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)


@transaction.atomic
def change_member(member: Member, role: str, clients: Collection[int] | None) -> None:
    """Give a member another role, and all clients (None) or some to see.

    Raises `TeamError` where no owner would be left, or an owner would be limited.
    """
    _locked(member.workspace)
    _check_limit(role, clients)
    if role != Role.OWNER:
        _keep_an_owner(member)
    Member.objects.filter(pk=member.pk).update(role=role)
    _limit(Member.objects.get(pk=member.pk), clients)


@transaction.atomic
def end_membership(member: Member, *, now: datetime) -> None:
    """Let a member leave, or remove them, at once. What they did keeps their name.

    Where they belong to no other workspace, they are signed out everywhere.

    Raises `TeamError` where no owner would be left.
    """
    _locked(member.workspace)
    _keep_an_owner(member)
    Member.objects.filter(pk=member.pk, left_at=None).update(left_at=now)
    member.access.all().delete()
    if not Member.objects.standing().filter(user=member.user_id).exists():
        for session in UserSession.objects.filter(user=member.user_id):
            session.end()


@transaction.atomic
def transfer_ownership(owner: Member, to: Member) -> None:
    """Make another member the owner; the one before goes on as an editor. Raises `TeamError` for one who left."""
    _locked(owner.workspace)
    fresh = Member.objects.standing().filter(pk=to.pk, workspace=owner.workspace_id).first()
    if fresh is None or fresh.pk == owner.pk:
        raise TeamError(_("Ownership goes to another member of this workspace."))
    Member.objects.filter(pk=fresh.pk).update(role=Role.OWNER)
    _limit(fresh, None)
    Member.objects.filter(pk=owner.pk).update(role=Role.EDITOR)


def _locked(workspace: Workspace) -> Workspace:
    return Workspace.objects.select_for_update().get(pk=workspace.pk)


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
