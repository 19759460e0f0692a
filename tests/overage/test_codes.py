"""One-time codes: a forwarded link decides nothing, and nobody guesses for long."""

import re
from datetime import timedelta

import pytest

from hourtab.clients.models import Contact
from hourtab.ledger.models import Authorisation
from hourtab.overage.models import Approver, RequestEvent
from tests.builders import NOW
from tests.mailbox import Mailbox, send, text_of
from tests.overage.pages import decide, said

pytestmark = pytest.mark.django_db


def test_a_code_goes_to_the_address_that_was_asked_and_a_forwarded_link_decides_nothing(
    carl, ask, mailbox: Mailbox
) -> None:
    request = ask(needs_code=True)
    assert "Have another one sent" in said(decide(carl, request, code="000000"))
    assert decide(carl, request, do="code").status_code == 200
    send(NOW + timedelta(hours=1))
    code = re.search(r"^\d{6}$", text_of(mailbox.mails[-1]), re.MULTILINE)[0]
    assert mailbox.mails[-1]["To"] == "carl@brightwater.example"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert "This is not the code" in said(decide(carl, request, code=wrong))
    assert "no longer valid" in said(decide(carl, request, code=code))
    decide(carl, request, do="code", now=NOW + timedelta(hours=2))
    send(NOW + timedelta(hours=2))
    code = re.search(r"^\d{6}$", text_of(mailbox.mails[-1]), re.MULTILINE)[0]
    assert "no longer valid" in said(
        decide(carl, request, code=code, now=NOW + timedelta(hours=2, minutes=16))
    )
    assert (
        decide(carl, request, code=code, now=NOW + timedelta(hours=2, minutes=10)).status_code
        == 303
    )
    assert Authorisation.objects.count() == 1


def test_only_so_many_codes_are_sent_in_an_hour_and_in_all(carl, ask, retainer) -> None:
    other = Contact.objects.create(
        client=retainer.client, name="Dora", email="dora@brightwater.example", role="approver"
    )
    request = ask(needs_code=True, more=[other])
    one, two = request.approvers.all()

    def another(approver: Approver, hours: int) -> str:
        now = NOW + timedelta(hours=hours)
        return said(decide(carl, request, do="code", now=now, path=approver.path))

    for approver in (one, one, two, two, two):
        assert "Too many" not in another(approver, 1)
    assert "Too many codes were sent. Try again in an hour." in another(one, 1)
    for _ in range(5):
        assert "Too many" not in another(one, 3)
    for hours in (5, 50):
        assert "No more codes are sent for this request." in another(two, hours)
    assert RequestEvent.objects.filter(kind="code").count() == 10


def test_four_wrong_codes_leave_the_right_one_valid(carl, ask) -> None:
    request = ask(needs_code=True)
    decide(carl, request, do="code")
    code = request.approvers.get().code
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(4):
        assert decide(carl, request, code=wrong).status_code == 422
    assert decide(carl, request, code=code).status_code == 303
