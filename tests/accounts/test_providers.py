"""Signing in with Microsoft and Google: off until it is set; then against a provider of our own
that speaks OAuth 2.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browsing.conftest import chromium
from tests.peers import Quiet, http_peer

pytestmark = pytest.mark.looks

__all__ = ["chromium"]


class Provider(Quiet):
    """Login page, token and profile of a provider: whoever comes is Mara, at once. It checks what a
    client must prove.
    """

    challenges: dict[str, str] = {}
    profile: dict[str, Any] = {
        "id": "m-1",
        "mail": "mara@northlight.example",
        "displayName": "Mara",
        "givenName": "Mara",
        "surname": "Lind",
    }

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if self.path.startswith("/common/oauth2/v2.0/authorize"):
            assert asked["code_challenge_method"] == "S256"
            self.challenges["a-code"] = asked["code_challenge"]
            self.answer(302, Location=f"{asked['redirect_uri']}?code=a-code&state={asked['state']}")
            return
        assert self.headers["Authorization"] == "Bearer a-token"
        self.answer(200, json.dumps(self.profile).encode(), Content_Type="application/json")

    def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
        sent = parse_qs(self.body().decode())
        digest = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
        assert (
            base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            == self.challenges[sent["code"][0]]
        )
        token = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}
        self.answer(200, json.dumps(token).encode(), Content_Type="application/json")


@contextmanager
def with_microsoft(installation) -> Iterator[str]:
    """Serve, with the provider set up; yields the address."""
    set_up = {"MICROSOFT_CLIENT_ID": "us", "MICROSOFT_CLIENT_SECRET": "secret"}
    with (
        http_peer(Provider) as url,
        installation.serve(**set_up, MICROSOFT_LOGIN_URL=url, MICROSOFT_GRAPH_URL=url) as site,
    ):
        yield site


def test_who_comes_from_microsoft_names_a_business_once_and_is_known_from_then_on(
    installation, chromium
) -> None:
    with with_microsoft(installation) as site:
        page = chromium.new_page()
        page.goto(f"{site}/accounts/login/")
        page.click("text=Microsoft")
        page.click("main button")
        expect(page.locator("h1")).to_have_text("One step more")
        expect(page.locator("input[name=email]")).to_have_value("mara@northlight.example")
        page.fill("input[name=workspace]", "Northlight")
        page.click("main button:has-text('Sign up')")
        expect(page.locator("h1")).to_have_text("Today")
        page.goto(f"{site}/you")
        page.click("text=Google or Microsoft")
        expect(page.locator("main")).to_contain_text("Microsoft")
        page.click("text=Sign out")
        page.goto(f"{site}/accounts/login/")
        page.click("text=Microsoft")
        page.click("main button")
        expect(page.locator("h1")).to_have_text("Today")
        page.goto(f"{site}/settings/audit?topic=security")
        expect(page.locator("main")).to_contain_text("socialaccount")


def test_an_account_is_not_taken_over_because_a_provider_names_its_address(
    installation, chromium
) -> None:
    with with_microsoft(installation) as site:
        page = chromium.new_page()
        page.goto(f"{site}/accounts/signup/")
        page.fill("input[name=email]", "mara@northlight.example")
        page.fill("input[name=password1]", "a long enough one")
        page.fill("input[name=workspace]", "Northlight")
        page.click("main button:has-text('Sign Up')")
        expect(page.locator("h1")).to_have_text("Today")
        eve = chromium.new_context().new_page()
        eve.goto(f"{site}/accounts/login/")
        eve.click("text=Microsoft")
        eve.click("main button")
        expect(eve.locator("h1")).to_have_text("One step more")
        eve.fill("input[name=workspace]", "Mine")
        eve.click("main button:has-text('Sign up')")
        eve.goto(f"{site}/you")
        expect(eve.locator("h1")).not_to_have_text("mara@northlight.example")


def test_it_is_off_until_it_is_set_and_half_of_it_stops_the_start(installation) -> None:
    import urllib.error
    import urllib.request

    with installation.serve() as site:
        assert "Google" not in urllib.request.urlopen(f"{site}/accounts/login/").read().decode()
        for path in (
            "/accounts/with/google/login/",
            "/accounts/with/microsoft/login/callback/",
            "/accounts/with/",
        ):
            try:
                status = urllib.request.urlopen(site + path).status
            except urllib.error.HTTPError as error:
                status = error.code
            assert status == 404, path
    installation.environment["GOOGLE_CLIENT_ID"] = "us"
    assert "GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET go together" in installation.run(
        "doctor", status=1
    )


def test_google_is_asked_at_googles_and_nowhere_else(installation) -> None:
    import urllib.error
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: Any) -> None:
            return None

    with installation.serve(GOOGLE_CLIENT_ID="us", GOOGLE_CLIENT_SECRET="secret") as site:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), Stay)
        answer = opener.open(f"{site}/accounts/with/google/login/")
        page = answer.read().decode()
        assert (
            "form-action 'self' https://accounts.google.com"
            in answer.headers["Content-Security-Policy"]
        )
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        try:
            opener.open(
                f"{site}/accounts/with/google/login/", f"csrfmiddlewaretoken={token}".encode()
            )
            raise AssertionError("it leads on")
        except urllib.error.HTTPError as error:
            target = urlsplit(error.headers["Location"])
        asked = parse_qs(target.query)
        assert (target.scheme, target.netloc) == ("https", "accounts.google.com")
        assert set(asked["scope"][0].split()) == {"email", "profile"}
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["redirect_uri"] == [f"{site}/accounts/with/google/login/callback/"]
