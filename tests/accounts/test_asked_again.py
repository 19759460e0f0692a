"""What an open session alone must not do: the password or second factor is asked for again."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

from hourtab.accounts.models import Invitation, Member, Workspace
from tests.conftest import _member

pytestmark = pytest.mark.django_db
SETTINGS = {
    "name": "Northlight",
    "zone": "UTC",
    "locale": "en-GB",
    "currency": "EUR",
    "hour_format": "hm",
}


def make_old(browser: Browser) -> Browser:
    """Let the sign-in of a browser be six hours ago."""
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time() - 6 * 3600}
    ]
    session.save()
    return browser


def asks(browser: Browser, path: str, form: dict[str, object] | None = None) -> bool:
    answer = browser.post(path, form or {})
    return answer.get("Location", "").startswith("/accounts/reauthenticate/")


def test_another_owner_is_made_by_no_open_session(northlight, ada, ben) -> None:
    make_old(ada)
    invitation = {"to": "eve@evil.example", "role": "owner", "sees": "all"}
    assert asks(ada, "/settings/members", invitation)
    assert not Invitation.objects.exists()
    assert asks(ada, f"/settings/members/{ben.member.pk}", {"role": "owner", "sees": "all"})
    assert Member.objects.get(pk=ben.member.pk).role == "editor"
    ada.post("/settings/members", invitation | {"role": "editor"})
    assert Invitation.objects.get().role == "editor", "an editor is invited without a question"
    ada.post(f"/settings/members/{ben.member.pk}", {"role": "viewer", "sees": "all"})
    assert Member.objects.get(pk=ben.member.pk).role == "viewer"


def test_nobody_is_removed_and_no_owner_demoted_by_an_open_session(northlight, ada, ben) -> None:
    second = _member(northlight, "dora", "owner")
    make_old(ada)
    assert asks(ada, f"/settings/members/{ben.member.pk}/remove")
    assert asks(ada, f"/settings/members/{second.member.pk}", {"role": "viewer", "sees": "all"})
    assert Member.objects.standing().count() == 3
    assert Member.objects.get(pk=second.member.pk).role == "owner"


def test_what_was_sent_is_done_once_the_password_is_given(northlight, ada, ben) -> None:
    make_old(ada)
    path = f"/settings/members/{ben.member.pk}"
    asked = ada.post(path, {"role": "owner", "sees": "all"})
    ada.post(asked["Location"], {"password": "correct horse battery"})
    assert Member.objects.get(pk=ben.member.pk).role == "owner"


def test_the_second_factor_of_everybody_is_not_lifted_by_an_open_session(northlight, ada) -> None:
    make_old(ada)
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(ada.member.user, generate_totp_secret())
    Workspace.objects.filter(pk=northlight.pk).update(requires_second_factor=True)
    assert asks(ada, "/settings", SETTINGS)
    assert Workspace.objects.get().requires_second_factor
    assert not asks(ada, "/settings", SETTINGS | {"requires_second_factor": "on"})


def test_the_sender_of_mails_is_not_changed_by_an_open_session(northlight, ada) -> None:
    make_old(ada)
    for change in ({"sender_name": "Your Bank"}, {"reply_to": "eve@evil.example"}):
        assert asks(ada, "/settings", SETTINGS | change)
    northlight.refresh_from_db()
    assert (northlight.sender_name, northlight.reply_to) == ("", "")
    assert not asks(ada, "/settings", SETTINGS | {"footer": "Northlight Ltd"})
    northlight.refresh_from_db()
    assert northlight.footer == "Northlight Ltd"


def test_no_address_of_somebody_else_is_added_by_an_open_session(ada) -> None:
    make_old(ada)
    assert asks(ada, "/accounts/email/", {"action_add": "", "email": "eve@evil.example"})
    assert not EmailAddress.objects.filter(email="eve@evil.example").exists()


def test_the_document_lists_the_views_that_ask() -> None:
    text = (Path(__file__).parent.parent.parent / "docs/security.md").read_text()
    listed = re.findall(r"^\| `(/\S*)` \|", text.partition("## Asked once more")[2], re.MULTILINE)
    assert listed == sorted(
        re.sub(r"<\w+:(\w+)>", r"<\1>", path)
        for path, view in every_view(get_resolver())
        if getattr(view, "asks_again", False)
    )


def every_view(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, object]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from every_view(pattern, path)
