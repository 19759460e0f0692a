"""Finding a retainer for a member: through their workspace, or not at all."""

from django.shortcuts import get_object_or_404

from hourtab.accounts.access import MemberRequest
from hourtab.retainers.models import Retainer


def find_retainer(request: MemberRequest, ref: str) -> Retainer:
    """Return a retainer of the member's workspace by its reference; 404 for any other."""
    return get_object_or_404(request.workspace.retainers.select_related("client", "workspace"), ref=ref)
