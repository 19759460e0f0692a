"""Who a program is: the key it sends, the member that stands behind it, and what the key may be
used for.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from hourtab.accounts.access import MemberRequest
from hourtab.api.models import Scope
from hourtab.api.services import find_key
from hourtab.lane.limits import Limit

type ApiView = Callable[[MemberRequest], JsonResponse]

wrong_keys = Limit(30)
"""Wrong keys a minute from one network address."""
calls = Limit(120)
"""Calls a minute with one key."""


def key_required(scope: Scope) -> Callable[[ApiView], Callable[[HttpRequest], JsonResponse]]:
    """Let in, by POST alone, whoever sends a key for `scope` of a member who may edit. Looks at no
    cookie and no session.

    401 for no key or one that does not stand, 403 for one that is not for this, 405, 429 with the
    seconds to wait.
    """

    def decorate(view: ApiView) -> Callable[[HttpRequest], JsonResponse]:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest) -> JsonResponse:
            if request.method != "POST":
                return failed(405, _("Use POST."), Allow="POST")
            visitor = get_adapter().get_client_ip(request) or ""
            kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
            key = find_key(secret.strip(), timezone.now()) if kind.lower() == "bearer" else None
            # It is looked up first: who sends a key that stands is never refused for what others
            # behind the same address tried.
            if key is None and not wrong_keys.take(visitor):
                return failed(
                    429, _("Too many wrong keys. Wait a minute."), **{"Retry-After": "60"}
                )
            if key is None:
                said = _(
                    "Send a key that stands: Authorization: Bearer ht_…. Keys are made under Settings › Keys."
                )
                return failed(401, said, **{"WWW-Authenticate": "Bearer"})
            if not calls.take(key.digest):
                return failed(
                    429, _("Too many calls with this key. Wait a minute."), **{"Retry-After": "60"}
                )
            if refused := _refused(key, scope):
                return failed(403, refused)
            found: Any = request
            found.member, found.workspace = key.member, key.member.workspace
            return view(found)

        return guarded

    return decorate


def _refused(key: Any, scope: Scope) -> str:
    """Return what stands against using a key for `scope`; empty where nothing does."""
    if scope not in key.scopes:
        return _("This key is not for that. Make one with the scope “%(scope)s”.") % {
            "scope": scope.label
        }
    if not key.member.may_edit:
        return _("The member this key belongs to may only read.")
    if key.member.workspace.requires_second_factor and not is_mfa_enabled(key.member.user):
        return _(
            "This workspace asks everybody for a second factor, and the member this key belongs to has none."
        )
    return ""


def failed(status: int, said: str, **headers: str) -> JsonResponse:
    """Answer that it was not done, with the reason."""
    return JsonResponse(
        {"error": said}, status=status, headers=headers | {"Cache-Control": "no-store"}
    )
