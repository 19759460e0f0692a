"""Signing in with more than a password: a passkey and an authenticator app, in a real browser with
a virtual authenticator.
"""

import base64
import hmac
import re
import struct
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing.test_imports import signed_in
from tests.browsing.test_main_job import calm, overflowing, violations, watched

pytestmark = pytest.mark.looks


def one_time_code(secret: str, at: float) -> str:
    """What an authenticator app shows for a secret (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(at) // 30), "sha1")
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def confirmed(page: Page, password: str) -> None:
    """Type the password where it is asked for again."""
    if "reauthenticate" in page.url:
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")


def signed_out(page: Page, site: str) -> None:
    page.goto(site)
    page.click("text=Sign out")
    page.wait_for_url(f"{site}/")


def test_a_passkey_signs_in_and_an_app_is_asked_for_after_the_password(
    installation, chromium: Browser
) -> None:
    demo = installation.json("demo")
    with installation.serve() as site:
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        page = watched(context.new_page())
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        signed_in(page, site, demo)
        page.goto(f"{site}/accounts/2fa/webauthn/add/")
        confirmed(page, demo["password"])
        page.check("input[name=passwordless]")
        page.fill("input[name=name]", "My laptop")
        page.click("#mfa_webauthn_add")
        expect(page.locator("main")).to_contain_text(re.compile("recovery codes", re.IGNORECASE))
        wrong: list[str] = []
        for width, scheme in ((1280, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            for path in (
                "2fa/",
                "2fa/webauthn/",
                "2fa/recovery-codes/",
                "2fa/totp/activate/",
                "sessions/",
            ):
                page.goto(f"{site}/accounts/{path}")
                confirmed(page, demo["password"])
                wrong += violations(page) + overflowing(page)
        assert wrong == [], "\n".join(wrong)

        signed_out(page, site)
        page.goto(f"{site}/accounts/login/")
        page.click("#passkey_login")
        expect(page.locator("h1")).to_have_text("Today")

        page.goto(f"{site}/accounts/2fa/totp/activate/")
        confirmed(page, demo["password"])
        expect(page.locator("main img")).to_be_visible()
        secret = page.locator("#authenticator_secret").input_value()
        page.fill("input[name=code]", one_time_code(secret, time.time()))
        page.press("input[name=code]", "Enter")
        expect(page.locator("main")).to_contain_text(
            "Authentication using an authenticator app is active."
        )

        signed_out(page, site)
        page.goto(f"{site}/accounts/login/")
        page.fill("input[name=login]", demo["email"])
        page.fill("input[name=password]", demo["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/2fa/authenticate/**")
        page.fill("input[name=code]", "000000")
        page.press("input[name=code]", "Enter")
        expect(page.locator(".errorlist").first).to_be_visible()
        # A code is good once; the next one comes within half a minute.
        page.fill("input[name=code]", one_time_code(secret, time.time() + 30))
        page.press("input[name=code]", "Enter")
        expect(page.locator("h1")).to_have_text("Today")
        calm(page)
        context.close()
