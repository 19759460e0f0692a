"""With a mail server: addresses are confirmed, codes and resets arrive, in a browser and over real SMTP."""

import email
import re
import time
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import expect

from tests.browsing.conftest import chromium

__all__ = ["chromium"]


class Mailbox:
    """A real SMTP peer that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[email.message.Message] = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - the name aiosmtpd calls
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"

    def newest(self, count: int) -> str:
        """Wait for the mail of that number and return its text."""
        for _ in range(100):
            if len(self.mails) >= count:
                part = next(part for part in self.mails[count - 1].walk() if part.get_content_type() == "text/plain")
                return part.get_payload(decode=True).decode()
            time.sleep(0.1)
        raise AssertionError(f"{len(self.mails)} mails arrived")


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=0)
    # aiosmtpd connects to its own port once it listens; 0 lets the system choose one.
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    yield box, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def code_in(text: str) -> str:
    found = re.search(r"^([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", text, re.MULTILINE)
    assert found, text
    return found[1]


def test_an_address_is_confirmed_a_code_signs_in_and_a_password_is_reset(installation, mailbox, chromium) -> None:
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
