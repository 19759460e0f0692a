"""With a mail server: addresses are confirmed, codes and resets arrive, in a browser and over real
SMTP.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browsing.conftest import chromium
from tests.mailbox import Mailbox, smtp_peer

pytestmark = pytest.mark.looks

__all__ = ["chromium"]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    with smtp_peer() as peer:
        yield peer


def code_in(text: str) -> str:
    found = re.search(r"^([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", text, re.MULTILINE)
    assert found, text
    return found[1]


def test_an_address_is_confirmed_a_code_signs_in_and_a_password_is_reset(
    installation, mailbox, chromium
) -> None:
    box, url = mailbox
    with installation.serve(EMAIL_URL=url) as site:
        page = chromium.new_page()
        page.goto(f"{site}/accounts/signup/")
        page.fill("input[name=email]", "mara@northlight.example")
        page.fill("input[name=password1]", "a long enough one")
        page.fill("input[name=workspace]", "Northlight")
        page.click("main button:has-text('Sign Up')")
        page.fill("input[name=code]", code_in(box.newest(1)))
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Today")

        page.click("text=Sign out")
        page.goto(f"{site}/accounts/login/code/")
        page.fill("input[name=email]", "mara@northlight.example")
        page.keyboard.press("Enter")
        page.fill("input[name=code]", code_in(box.newest(2)))
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Today")

        page.click("text=Sign out")
        page.goto(f"{site}/accounts/password/reset/")
        page.fill("input[name=email]", "mara@northlight.example")
        page.keyboard.press("Enter")
        page.wait_for_url("**/password/reset/done/")
        link = re.search(r"http://\S+/accounts/password/reset/key/\S+", box.newest(3))[0]
        page.goto(link)
        page.fill("input[name=password1]", "an entirely new one")
        page.fill("input[name=password2]", "an entirely new one")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("changed")
        page.goto(f"{site}/accounts/login/")
        page.fill("input[name=login]", "mara@northlight.example")
        page.fill("input[name=password]", "an entirely new one")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Today")
        page.close()
    assert all(mail["From"] for mail in box.mails)


def test_a_mail_server_that_is_down_is_said_and_nothing_breaks(installation, chromium) -> None:
    with installation.serve(EMAIL_URL="smtp://127.0.0.1:1", LOG_LEVEL="CRITICAL") as site:
        page = chromium.new_page()
        page.goto(f"{site}/accounts/signup/")
        page.fill("input[name=email]", "mara@northlight.example")
        page.fill("input[name=password1]", "a long enough one")
        page.fill("input[name=workspace]", "Northlight")
        page.click("main button:has-text('Sign Up')")
        expect(page.locator("main")).to_contain_text("The mail could not be sent just now.")
        page.close()
