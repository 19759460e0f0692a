"""How allauth behaves here."""

import logging
import time
from smtplib import SMTPException
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from hourtab.accounts.audit import note_of_user
from hourtab.accounts.models import Event, User
from hourtab.lib.notices import warn

log = logging.getLogger(__name__)

KNOWN = "known"
"""The cookie that says who signed in with this browser before. It lets nobody in; wrong passwords
are counted apart for it.
"""
_REMEMBERED = 365 * 24 * 60 * 60
_MOST = 10
_OWN = ":own"
_WAITED_FOR = (
    "_key",
    "_code",
    "_confirmation",
    "_confirmation_signup",
    "unknown_account",
    "account_already_exists",
)
"""How the names of mails end that somebody asked for; the others tell of what was done."""
_AS_LONG = 0.04
"""Seconds that noting a failed sign-in takes, whether there is something to note or not: writing a
row tells nobody apart.
"""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Addresses are kept in lower case, so that one person cannot sign up twice; a mail server that
    is down is said.
    """

    def clean_email(self, email: str) -> str:
        """Return the address as it is stored."""
        return str(super().clean_email(email)).lower()

    def send_mail(self, template_prefix: str, email: str, context_: dict[str, Any]) -> None:
        """Send a mail; where the server does not take one that somebody waits for, say so on the
        page instead of breaking it. Its links lead to our site, by whatever name it was asked.
        """
        try:
            super().send_mail(template_prefix, email, _of_this_site(context_))
        except (OSError, SMTPException):
            log.exception("A mail could not be sent.")
            if context.request is not None and template_prefix.endswith(_WAITED_FOR):
                warn(
                    context.request,
                    _("The mail could not be sent just now. Ask for it again in a few minutes."),
                )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Mail that something about signing in changed, and note it in the audit of every workspace
        of that user.
        """
        note_of_user(user, Event.Kind.SECURITY, template_prefix.rpartition("/")[2])
        super().send_notification_mail(template_prefix, user, context, email)

    def tell(self, user: User, what: str, **context: Any) -> None:
        """Mail a user about something that is noted elsewhere: `what` names the mail under
        `account/email`.
        """
        super().send_notification_mail(f"account/email/{what}", cast(Any, user), context)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note a wrong password for an address that is known. It takes as long for one that is
        not.
        """
        began = time.perf_counter()
        found = User.objects.filter(email=str(credentials.get("email", "")).lower()).first()
        if found is not None:
            note_of_user(found, Event.Kind.SIGN_IN_FAILED)
        time.sleep(max(0.0, _AS_LONG - (time.perf_counter() - began)))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords of a browser that this address signed in with before apart from
        those of all others: whoever else guesses does not lock its owner out, and has no more tries
        than before.
        """
        key = _counted_for(credentials)
        return f"{key}{_OWN}" if _is_known(request, credentials) else key

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Count anew, for every browser, once the password was set anew by mail."""
        key = _counted_for(credentials)
        for counted in (key, f"{key}{_OWN}"):
            ratelimit.clear(request, app="allauth.account", action="login_failed", key=counted)

    def post_login(
        self, request: HttpRequest, user: Any, *, signup: bool, **rest: Any
    ) -> HttpResponse:
        """Note a sign-in; one with a browser this user never signed in with is mailed to them."""
        response: HttpResponse = super().post_login(request, user, signup=signup, **rest)
        how = [
            str(record["method"])
            for record in request.session.get("account_authentication_methods", [])
        ]
        note_of_user(user, Event.Kind.SIGNED_IN, ", ".join(dict.fromkeys(how)))
        known = _known_in(request)
        if user.pk not in known:
            if not signup:
                self.tell(user, "signed_in")
            value = signing.dumps([user.pk, *known][:_MOST], salt=KNOWN)
            response.set_cookie(
                KNOWN,
                value,
                max_age=_REMEMBERED,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    def is_safe_url(self, url: str | None) -> bool:
        """Is this an address of ours? What cannot be read as an address is none."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_user_search_fields(self) -> list[str]:
        """Search people by what is known of them."""
        return ["email", "name"]

    def populate_username(self, request: Any, user: Any) -> None:
        """Do nothing: people have no user name."""


def _counted_for(credentials: dict[str, Any]) -> str:
    """Return what wrong passwords are counted by: the address alone. allauth counts by the host of
    the request, too, and so anew for each port that somebody writes into it.
    """
    return str(credentials.get("email", "")).lower()


def _of_this_site(context_: dict[str, Any]) -> dict[str, Any]:
    """Return what a mail is told, with addresses of SITE_URL, whatever host the request named."""
    site = urlsplit(settings.SITE_URL).netloc
    own = {
        name: f"{settings.SITE_URL}{urlsplit(value)._replace(scheme='', netloc='').geturl()}"
        for name, value in context_.items()
        if name.endswith("_url") and isinstance(value, str)
    }
    return context_ | own | {"current_site": SimpleNamespace(domain=site, name=site)}


def _is_known(request: HttpRequest, credentials: dict[str, Any]) -> bool:
    """Did this address sign in with this browser before?"""
    known = _known_in(request)
    users = User.objects.filter(pk__in=known, email=_counted_for(credentials))
    return bool(known) and users.exists()


def _known_in(request: HttpRequest) -> list[int]:
    """Return the keys of the users who signed in with this browser before."""
    try:
        known: list[int] = signing.loads(
            request.COOKIES.get(KNOWN, ""), salt=KNOWN, max_age=_REMEMBERED
        )
    except signing.BadSignature:
        return []
    return known
