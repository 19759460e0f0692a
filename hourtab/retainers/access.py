"""Finding retainers for a member: through their workspace and the clients they may see, or not at
all.
"""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from hourtab.accounts.access import MemberRequest
from hourtab.clients.access import seen_by
from hourtab.retainers.models import Retainer


def retainers_of(request: MemberRequest) -> QuerySet[Retainer]:
    """Return the retainers a member may see."""
    rows = Retainer.objects.filter(workspace=request.workspace).select_related(
        "client", "workspace"
    )
    return rows.filter(client__in=seen_by(request.member)) if request.member.is_limited else rows


def find_retainer(request: MemberRequest, ref: str) -> Retainer:
    """Return a retainer a member may see, by its reference; 404 for any other."""
    return get_object_or_404(retainers_of(request), ref=ref)
