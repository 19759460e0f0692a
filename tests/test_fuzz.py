"""Whatever is sent to a page, and to every form on it, is answered with a sentence: never with an
error of ours.

Forms are found as a browser finds them, on the pages, with their fields; values are odd, huge,
empty, of another type, of somebody else, twice, or missing. What was sent can be sent again: the
seed is fixed.
"""

import random
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from hourtab.ledger.reading.verify import findings
from hourtab.retainers.models import Retainer
from tests.builders import NOW, toggl
from tests.test_isolation import every_url, paths

pytestmark = pytest.mark.django_db
__all__ = ["paths"]
ROUNDS = 3
ODD = (
    "",
    " ",
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "1e309",
    "NaN",
    "１２",
    "0x10",
    "1:99",
    "7h 99m",
    "-5h",
    "1,5",
    "2027-02-30",
    "0000-00-00",
    "9999-12-31",
    "2027-06-22",
    "12:61",
    "x" * 5000,
    "ß" * 300,
    "\x00",
    "a\x00b",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "‮evil",
    "🦊" * 50,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "{{ 7*7 }}",
    "%s%n%d",
    "../../etc/passwd",
    "http://[::1",
    "javascript:alert(1)",
    "a@b",
    "eve@evil.example\r\nBcc: x@y.example",
    "=cmd|' /C calc'!A0",
    "on",
    "yes",
    "None",
    "null",
    "[]",
    "{}",
    "[[]]",
    '{"a": 1}',
    "UTC",
    "EUR",
    "owner",
    "retainer",
    "month",
    "-",
    "|",
    "a|b",
    ",",
    "1,2,3",
    "2027-06-01",
    "all",
    "some",
)
FILES = (
    b"",
    b"\x00",
    b"%PDF-1.7",
    b"PK\x03\x04broken",
    b"\xff\xfe\x00",
    b"a,b\n1,2\n",
    b"\x89PNG\r\n\x1a\n",
    b"BEGIN:VCALENDAR\n",
    toggl("06-03 09:00 1:30 Prep call"),
    b'Client,"Date\nDate,' + b"x" * 3000,
    b"<html><table><tr><td>1</table>",
)


class Forms(HTMLParser):
    """The forms of a page: method, address, and the names of their fields with the values a browser
    would send.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, list[tuple[str, str]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form":
            self.forms.append(((said.get("method") or "get").lower(), said.get("action") or "", []))
        elif tag in ("input", "select", "textarea", "button") and self.forms and said.get("name"):
            self.forms[-1][2].append((str(said["name"]), said.get("value") or ""))
        elif tag == "option" and self.forms and self.forms[-1][2] and said.get("value"):
            self.forms[-1][2].append((self.forms[-1][2][-1][0], str(said["value"])))


class _Undone(Exception):
    """What was sent is taken back."""


def sent(dice: random.Random, fields: list[tuple[str, str]]) -> dict[str, object]:
    """Return something to send: mostly what the form holds, with odd values, doubles and strangers
    among it.
    """
    values: dict[str, object] = {}
    for name, value in fields:
        if name == "csrfmiddlewaretoken":
            continue
        if dice.random() < 0.1:
            continue
        values[name] = value if dice.random() < 0.35 else dice.choice(ODD)
        if dice.random() < 0.08:
            values[name] = [dice.choice(ODD), value, dice.choice(ODD)]
        if name in ("file", "logo_file") and dice.random() < 0.8:
            values[name] = SimpleUploadedFile(
                dice.choice(("x.csv", "../x", "x" * 300, "ü.png")), dice.choice(FILES)
            )
    for _ in range(dice.randrange(3)):
        values[
            dice.choice(
                (
                    "id",
                    "pk",
                    "workspace",
                    "workspace_id",
                    "is_staff",
                    "digest_key",
                    "plan",
                    "once",
                    "about",
                    "column.date",
                )
            )
        ] = dice.choice(ODD)
    return values


def calm(answer) -> bool:
    return answer.status_code < 500


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


def pages(ada, paths) -> Iterator[tuple[str, list[tuple[str, str, list[tuple[str, str]]]]]]:
    for path in paths.values():
        answer = ada.get(path)
        forms = Forms()
        if "text/html" in answer.headers.get("Content-Type", ""):
            forms.feed(answer.content.decode())
        yield path, forms.forms


def test_every_form_answers_whatever_is_sent_to_it(paths, northlight, ada) -> None:
    """Each request is taken back, so that one does not keep the next from what it would find."""
    dice, tried, wrong = random.Random(7), set(), []
    ada.raise_request_exception = False
    for path, forms in list(pages(ada, paths)):
        # A route without a form of its own is sent the fields of no form, and of any.
        for method, action, fields in [
            *forms,
            ("post", "", [("name", ""), ("reason", ""), ("amount", ""), ("on", "")]),
        ]:
            target = action if action.startswith("/") else path
            if method == "get" or "logout" in target:
                continue
            for _ in range(ROUNDS):
                values = sent(dice, fields)
                key = ada.cookies["session"].value
                try:
                    with transaction.atomic():
                        answer = ada.post(target, values)
                        if not calm(answer):
                            wrong.append(
                                (
                                    target,
                                    {
                                        k: v if isinstance(v, str | list) else v.name
                                        for k, v in values.items()
                                    },
                                )
                            )
                        raise _Undone
                except _Undone:
                    ada.cookies["session"] = key
            tried.add(re.sub(r"/[0-9]+|/[A-Za-z0-9_-]{6,22}(?=/|$)", "/…", target))
    assert wrong == []
    assert len(tried) > 60, sorted(tried)
    for retainer in Retainer.objects.all():
        assert findings(retainer, NOW) == []


def test_every_address_answers_whatever_is_asked_of_it(paths, ada, carl) -> None:
    dice, wrong = random.Random(11), []
    names = (
        "page",
        "cycle",
        "q",
        "topic",
        "member",
        "first",
        "last",
        "before",
        "for",
        "client",
        "retainer",
        "hours",
        "as",
        "feed",
        "year",
        "from",
        "next",
        "go",
        "kind",
        "by",
        "logo",
        "rhythm",
        "fingerprint",
    )
    for person in (ada, carl):
        person.raise_request_exception = False
        for path in paths.values():
            for _ in range(ROUNDS):
                query = urlencode(
                    [(dice.choice(names), dice.choice(ODD)) for _ in range(dice.randrange(1, 4))]
                )
                if not calm(person.get(f"{path}?{query}")):
                    wrong.append(f"{path}?{query}")
    assert wrong == []


def test_no_address_takes_odd_parts_for_something_of_ours(paths, ada) -> None:
    dice, wrong = random.Random(13), []
    ada.raise_request_exception = False
    parts = (
        "0",
        "99999999999999999999",
        "-1",
        "%00",
        "%ff",
        "..",
        "x" * 300,
        "2027-02-30",
        "0000-00-00",
        "’",
        "🦊",
        "a|b",
        "%2e%2e%2f",
    )
    for _name, route in every_url():
        for _ in range(3):
            path = "/" + re.sub(
                r"<\w+:\w+>",
                lambda _match: dice.choice(parts),
                route.replace(r"^look/(?P<colour>[0-9a-f]{6})\.css$", "look/zzz.css"),
            )
            for answer in (ada.get(path), ada.post(path, {"name": "x"})):
                if not calm(answer):
                    wrong.append(path)
    assert wrong == []


def test_sign_in_pages_answer_whatever_is_sent_to_them(carl, db) -> None:
    dice, wrong = random.Random(17), []
    carl.raise_request_exception = False
    for path in (
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/login/code/",
        "/accounts/login/code/confirm/",
        "/accounts/password/reset/key/1-x/",
        "/accounts/2fa/authenticate/",
        "/accounts/confirm-email/",
        "/accounts/reauthenticate/",
    ):
        forms = Forms()
        forms.feed(carl.get(path).content.decode())
        for _method, action, fields in [
            *forms.forms,
            ("post", "", [("login", ""), ("password", ""), ("code", ""), ("email", "")]),
        ]:
            for _ in range(ROUNDS):
                target = action if action.startswith("/accounts/") else path
                if not calm(carl.post(target, sent(dice, fields))):
                    wrong.append(target)
    assert wrong == []
