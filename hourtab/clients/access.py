"""Which clients a member may see: those of the workspace, or, where the member is limited, those
they were given.
"""

from django.db.models import QuerySet

from hourtab.accounts.access import MemberRequest
from hourtab.accounts.models import Member
from hourtab.clients.models import Client


def clients_of(request: MemberRequest) -> QuerySet[Client]:
    """Return the clients of the member's workspace that they may see."""
    return seen_by(request.member)


def seen_by(member: Member) -> QuerySet[Client]:
    """Return the clients a member may see."""
    clients = Client.objects.filter(workspace=member.workspace_id)
    return clients.filter(access__member=member) if member.is_limited else clients
