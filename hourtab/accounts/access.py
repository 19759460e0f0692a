"""Who may do what: decorators for views."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import (
    did_recently_reauthenticate,
    get_reauthentication_flows,
)
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member, Workspace
from hourtab.lib.notices import warn

JUST_NOW = 120.0
"""Seconds after signing in within which nobody is asked again."""


class MemberRequest(HttpRequest):
    """A request of someone signed in, with the workspace they work in."""

    member: Member
    workspace: Workspace


type MemberView[**P] = Callable[Concatenate[MemberRequest, P], HttpResponse]
type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


def _guard[**P](view: MemberView[P], allowed: Callable[[Member], bool]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        member = cast(Any, request).member
        if member is None:
            raise Http404
        if member.workspace.requires_second_factor and not is_mfa_enabled(request.user):
            warn(
                request,
                _("This workspace asks everybody for a second factor. Set one up to go on."),
            )
            return redirect("mfa_index")
        if not allowed(member):
            raise PermissionDenied
        return view(cast(MemberRequest, request), *args, **kwargs)

    return guarded


def member_required[**P](view: MemberView[P]) -> View[P]:
    """Let in whoever belongs to a workspace; send others to the sign-in page."""
    return _guard(view, lambda member: True)


def editor_required[**P](view: MemberView[P]) -> View[P]:
    """Let in owners and editors; a viewer gets 403."""
    return _guard(view, lambda member: member.may_edit)


def acts_on[**P](
    find: Callable[Concatenate[MemberRequest, P], object],
) -> Callable[[MemberView[P]], MemberView[P]]:
    """Let a view act, by POST alone, on what `find` finds for this member.

    What is not theirs is 404 first, whatever the method; only then another method is 405.
    """

    def decorate(view: MemberView[P]) -> MemberView[P]:
        @wraps(view)
        def guarded(request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            find(request, *args, **kwargs)
            return (
                view(request, *args, **kwargs)
                if request.method == "POST"
                else HttpResponseNotAllowed(["POST"])
            )

        return guarded

    return decorate


def of_all_clients[**P](view: MemberView[P]) -> MemberView[P]:
    """Let in whoever sees every client; for one who is limited to some of them there is nothing
    here (404).

    For what speaks of several clients at once: files, sources, rules.
    """

    @wraps(view)
    def guarded(request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.member.is_limited:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def freshly_signed_in[**P](view: MemberView[P]) -> MemberView[P]:
    """Ask once more who it is before a POST that an open session alone must not do; what was sent
    is taken up again afterwards.

    Whoever signs in by mailed codes alone, and so has nothing to be asked for, signs in anew.
    """
    return freshly_signed_in_where(lambda request, *args, **kwargs: True)(view)


def freshly_signed_in_where[**P](
    weighs: Callable[..., bool],
) -> Callable[[MemberView[P]], MemberView[P]]:
    """Ask so before those POSTs alone that weigh enough: `weighs` takes what the view takes.

    docs/security.md lists the views that ask; a test compares.
    """

    def decorate(view: MemberView[P]) -> MemberView[P]:
        @wraps(view)
        def guarded(request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if (
                request.method != "POST"
                or not weighs(request, *args, **kwargs)
                or _was_lately_asked(request)
            ):
                return view(request, *args, **kwargs)
            if get_reauthentication_flows(request.user):
                raise ReauthenticationRequired
            return _sign_in_anew(request)

        guarded.asks_again = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def _sign_in_anew(request: HttpRequest) -> HttpResponse:
    back = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    logout(request)
    warn(request, _("Sign in again to confirm this."))
    return redirect_to_login(urlsplit(back).path if is_ours else "/")


def _was_lately_asked(request: HttpRequest) -> bool:
    if get_reauthentication_flows(request.user):
        return (
            did_recently_reauthenticate(request) or _signed_in_at(request) > time.time() - JUST_NOW
        )
    return _signed_in_at(request) > time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def _signed_in_at(request: HttpRequest) -> float:
    return max(
        (record["at"] for record in get_authentication_records(request, request.user)), default=0.0
    )


def owner_required[**P](view: MemberView[P]) -> View[P]:
    """Let in owners."""
    return _guard(view, lambda member: member.is_owner)
