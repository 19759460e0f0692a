"""Signing in from a browser that was not used before, and being asked once more before what cannot
be undone.
"""

import re
import time
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client as Browser

from hourtab.accounts.models import Event, Workspace
from hourtab.ledger.models import Revision
from hourtab.outbox.models import Delivery
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, subject_of, text_of

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def address(ada) -> str:
    user = ada.member.user
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user.email


def signed_in(address: str, browser: Browser | None = None) -> Browser:
    browser = browser or Browser(headers={"host": "localhost", "user-agent": "Firefox on Linux"})
    answer = browser.post("/accounts/login/", {"login": address, "password": PASSWORD})
    assert answer["Location"] == "/", answer.content
    return browser


def test_a_browser_that_was_not_used_before_is_told_of_by_mail_and_then_known(
    address, mailbox: Mailbox
) -> None:
    browser = signed_in(address)
    assert subject_of(mailbox.mails[0]) == "New sign-in to HourTab"
    said = text_of(mailbox.mails[0])
    assert "From: 127.0.0.1" in said
    assert "With: Firefox on Linux" in said
    browser.post("/accounts/logout/")
    signed_in(address, browser)
    assert len(mailbox.mails) == 1, "known by now"
    signed_in(address)
    assert len(mailbox.mails) == 2
    cookie = browser.cookies["known"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_the_cookie_that_knows_a_browser_lets_nobody_in_and_cannot_be_made(
    address, olga, mailbox: Mailbox
) -> None:
    browser = signed_in(address)
    stranger = Browser(headers={"host": "localhost"})
    stranger.cookies["known"] = browser.cookies["known"].value
    assert stranger.get("/settings").status_code == 302
    made = Browser(headers={"host": "localhost"})
    made.cookies["known"] = "[1,2,3]"
    signed_in(address, made)
    assert len(mailbox.mails) == 2
    # Another person in a browser that knows the first one is new there.
    user = olga.member.user
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    browser.post("/accounts/logout/")
    signed_in(user.email, browser)
    assert mailbox.mails[2]["To"] == user.email
    browser.post("/accounts/logout/")
    signed_in(address, browser)
    assert len(mailbox.mails) == 3, "both are known now"


def test_a_stranger_who_guesses_locks_nobody_out_of_a_browser_they_used(address) -> None:
    def let_in(browser: Browser, password: str) -> bool:
        browser.post("/accounts/login/", {"login": address, "password": password})
        return browser.get("/settings").status_code == 200

    with time_machine.travel(NOW, tick=False) as clock:
        own, stranger = signed_in(address), Browser(headers={"host": "localhost"})
        own.post("/accounts/logout/")
        for n in range(6):
            assert not let_in(stranger, f"wrong {n}")
        assert not let_in(stranger, PASSWORD), "a stranger has five tries"
        assert let_in(own, PASSWORD)
        own.post("/accounts/logout/")
        clock.shift(61)
        for n in range(5):
            assert not let_in(own, f"wrong {n}")
        assert not let_in(own, PASSWORD), "and so has this browser"


def test_a_mail_server_that_is_down_keeps_nobody_out(address, settings) -> None:
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    }
    assert signed_in(address).get("/").status_code == 200


def make_old(browser: Browser) -> None:
    """Let the sign-in of a browser be an hour ago."""
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600}]
    session.save()


@pytest.mark.parametrize(
    "path", ["/settings/delete", "/settings/export", "/settings/erase", "/keys"]
)
def test_before_what_cannot_be_undone_one_is_asked_again_and_then_it_goes_on(
    northlight, address, path
) -> None:
    browser = signed_in(address)
    make_old(browser)
    Workspace.objects.filter(pk=northlight.pk).update(
        exported_at=Event.objects.latest("at").at + timedelta(days=1)
    )
    form = {
        "/settings/delete": {"name": "Northlight"},
        "/settings/export": {},
        "/settings/erase": {"name": "Jane Doe"},
        "/keys": {"name": "Laptop", "scopes": ["log"], "lasts": "30"},
    }[path]
    asked = browser.post(path, form)
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    northlight.refresh_from_db()
    assert northlight.delete_after is None
    wrong = browser.post(asked["Location"], {"password": "wrong"})
    assert b"errorlist" in wrong.content
    done = browser.post(asked["Location"], {"password": PASSWORD})
    northlight.refresh_from_db()
    if path == "/settings/delete":
        assert northlight.delete_after is not None
        assert Delivery.objects.filter(kind="deletion").exists()
    elif path == "/settings/export":
        assert done["Content-Type"] == "application/zip"
    else:
        assert (b"ht_" if path == "/keys" else b"Nothing is stored of them") in done.content
    assert browser.post(path, form).status_code != 302 or path == "/settings/delete", (
        "for ten minutes nobody is asked again"
    )


def test_ownership_and_the_texts_of_a_line_ask_too(northlight, address, ben) -> None:
    entry = log(a_retainer(northlight), "2027-06-03", "1h", "Secret")
    browser = signed_in(address)
    make_old(browser)
    for path in (
        f"/settings/members/{ben.member.pk}/owner",
        f"/retainers/{entry.retainer.ref}/entries/{entry.pk}/erase",
    ):
        assert browser.post(path)["Location"].startswith("/accounts/reauthenticate/")
    ben.member.refresh_from_db()
    assert ben.member.role == "editor"
    assert Revision.objects.get().description == "Secret"


def test_who_signs_in_by_mailed_codes_alone_signs_in_anew(northlight, ada, address) -> None:
    user = ada.member.user
    user.set_unusable_password()
    user.save()
    browser = Browser(headers={"host": "localhost"})
    browser.force_login(user)
    answer = browser.post("/settings/export", headers={"referer": "http://localhost/settings"})
    assert answer["Location"] == "/accounts/login/?next=/settings"
    assert browser.get("/settings").status_code == 302, "signed out"


def test_the_code_of_an_app_cannot_be_guessed_for_long(address, ada) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ada.member.user, secret)
    browser = Browser(headers={"host": "localhost"})
    asked = browser.post("/accounts/login/", {"login": address, "password": PASSWORD})
    assert asked["Location"].startswith("/accounts/2fa/authenticate/")
    told = [browser.post("/accounts/2fa/authenticate/", {"code": f"{n:06d}"}) for n in range(12)]
    assert all(answer.status_code != 302 or answer["Location"] != "/" for answer in told)
    right = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    late = browser.post("/accounts/2fa/authenticate/", {"code": right})
    assert late.status_code != 302 or late["Location"] != "/", "even the right one comes too late"
    assert browser.get("/settings").status_code == 302


def code_of(secret: str, at: int = 0) -> str:
    """The code an app shows; `at` counts the half minutes from the earliest that is taken."""
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[at]))


def test_a_code_of_an_app_lets_in_once_alone_however_long_it_would_be_good(address, ada) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ada.member.user, secret)
    with time_machine.travel(NOW, tick=False) as clock:
        ahead, now = code_of(secret, 2), code_of(secret, 1)
        assert with_code(address, ahead)
        clock.shift(45)
        cache.clear()
        assert not with_code(address, ahead), "it is good for this half minute, too"
        assert not with_code(address, now), "nor one from before it"
        clock.shift(30)
        assert with_code(address, code_of(secret, 1))


def with_code(address: str, code: str) -> bool:
    """Does a password and this code let in?"""
    browser = Browser(headers={"host": "localhost"})
    browser.post("/accounts/login/", {"login": address, "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    return browser.get("/settings").status_code == 200


def test_a_code_of_an_app_does_not_confirm_twice_either(address, ada) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ada.member.user, secret)
    with time_machine.travel(NOW, tick=False):
        code = code_of(secret, 1)
        browser = signed_in_with(address, code)
        make_old(browser)
        asked = browser.post("/settings/export")["Location"]
        page = asked.replace("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/")
        cache.clear()
        again = browser.post(page, {"code": code})
        assert b"errorlist" in again.content
        assert browser.post(page, {"code": code_of(secret, 2)})["Content-Type"] == "application/zip"


def signed_in_with(address: str, code: str) -> Browser:
    browser = Browser(headers={"host": "localhost"})
    browser.post("/accounts/login/", {"login": address, "password": PASSWORD})
    assert browser.post("/accounts/2fa/authenticate/", {"code": code})["Location"] == "/"
    return browser


def test_whatever_else_is_remembered_the_limit_of_passwords_holds(address) -> None:
    for n in range(8):
        for m in range(120):
            cache.set(f"something-else-{n}-{m}", "x", 60)
        stranger = Browser(headers={"host": "localhost"})
        stranger.post("/accounts/login/", {"login": address, "password": f"wrong {n}"})
    assert Event.objects.filter(kind="sign_in_failed").count() == 5


def test_a_code_by_mail_cannot_be_guessed_for_long(address, mailbox: Mailbox) -> None:
    browser = Browser(headers={"host": "localhost"})
    browser.post("/accounts/login/code/", {"email": address})
    right = re.search(r"^([A-Z0-9-]{6,9})\s*$", text_of(mailbox.mails[0]), re.MULTILINE)[1]
    for n in range(5):
        browser.post("/accounts/login/code/confirm/", {"code": f"WRNG{n}{n}"})
    browser.post("/accounts/login/code/confirm/", {"code": right})
    assert browser.get("/settings").status_code == 302, "the right one comes too late"


def test_a_wrong_password_for_an_address_nobody_has_is_noted_nowhere(northlight, carl) -> None:
    carl.post("/accounts/login/", {"login": "nobody@northlight.example", "password": "x"})
    assert not Event.objects.exists()
