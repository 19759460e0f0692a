"""Which workspace a request works in."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from hourtab.accounts.models import Member
from hourtab.lane.places import ANONYMOUS


class WorkspaceMiddleware:
    """Set `request.member` and `request.workspace`: those chosen in the session, else the first;
    None signed out.

    A public page never looks at a session, so that it varies with nothing but its link.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Attach both and go on."""
        request.member = request.workspace = None
        if not request.path.startswith(ANONYMOUS) and request.user.is_authenticated:
            memberships: Any = (
                Member.objects.standing()
                .filter(user=request.user)
                .select_related("workspace", "user")
                .order_by("pk")
            )
            chosen = request.session.get("workspace")
            request.member = (
                memberships.filter(workspace=chosen).first() if chosen else None
            ) or memberships.first()
            request.workspace = request.member.workspace if request.member else None
            # Asked for by the page's head alone.
            request.others = SimpleLazyObject(
                lambda: [row.workspace for row in memberships if row != request.member]
            )
        return self.get_response(request)
