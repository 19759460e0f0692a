"""Asking for more hours: from the provider's form over a real mail server to the receipt."""

import re
from datetime import timedelta

import pytest
import time_machine

from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.ledger.models import Authorisation, TopUp
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.saying.words import headline
from hourtab.outbox.models import Delivery
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.models import Request
from hourtab.overage.services import told_members
from hourtab.overage.today import moves_of
from hourtab.retainers.words import words_for
from hourtab.team.services import change_member
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, send, subject_of, text_of
from tests.overage.pages import cycle_of, decide, said

pytestmark = pytest.mark.django_db


def test_the_whole_way_from_the_form_to_the_receipt(
    ada, carl, retainer, carl_decides, link, mailbox: Mailbox
) -> None:
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        form = said(ada.get(f"/retainers/{retainer.ref}/requests/ask"))
        assert "Extra hours at an agreed rate, billed as used, up to a ceiling" in form
        assert "Raise this cycle's hours" in form
        answer = ada.post(
            f"/retainers/{retainer.ref}/requests/ask",
            {
                "kind": "extra",
                "amount": "15",
                "rate": "250",
                "reason": "Go-live: three vendors in one week",
                "starts_on": "2027-06-22",
                "ends_on": "2027-06-30",
                "decide_on": "2027-06-25",
                "approvers": [carl_decides.pk],
            },
            follow=True,
        )
        assert "Asked. Carl Meyer has a mail with the link to decide." in said(answer)
    assert send(NOW) == 1
    mail = mailbox.mails[0]
    assert subject_of(mail) == "Please decide: 15 h more for Brightwater"
    assert mail["Reply-To"] == "ada@northlight.example"
    text = text_of(mail).replace("\u00a0", " ")
    for sentence in (
        "Hello Carl Meyer,",
        "Ada of Northlight asks for more hours for ERP programme.",
        "Up to 15 h beyond the agreed hours, billed as used at €250.00 an hour, for work done 22–30 Jun 2027. At most €3,750.00, if all of it is used.",
        "Why: Go-live: three vendors in one week",
        "Now: 18 of 20 h used · 2 h remain.",
        "by 26 June 2027, 00:00",
    ):
        assert sentence in text, sentence
    path = re.search(r"https://hours\.example(/a/\S+)", text)[1]
    with time_machine.travel(NOW, tick=False):
        waiting = said(carl.get(f"{link.path}?page=1"))
        assert "15 h more · Waiting for approval. To be decided by 26 June 2027, 00:00." in waiting
        page = said(carl.get(path))
        assert "15 h more Ada asks for ERP programme" in page
        assert "18 of 20 h used · 2 h remain." in page
    answer = decide(
        carl, Request.objects.get(), amount="10", comment="Not on the weekend", path=path
    )
    assert (answer.status_code, answer["Location"]) == (303, path)
    page = said(carl.get(path))
    assert "Carl Meyer approved 10 h of 15 h on 22 June 2027, 15:05." in page
    assert "Your decision" not in page
    request = Request.objects.get()
    approval = Authorisation.objects.get()
    assert (request.state, request.approved, request.comment) == (
        "approved",
        10 * HOUR,
        "Not on the weekend",
    )
    assert (approval.amount, approval.rate, approval.approved_by, approval.key) == (
        10 * HOUR,
        25000,
        "Carl Meyer",
        "q001",
    )
    assert send(NOW + timedelta(hours=1)) == 2
    receipt, news = sorted(mailbox.mails[1:], key=lambda mail: mail["To"], reverse=True)
    receipt, news = (receipt, news) if "carl" in receipt["To"] else (news, receipt)
    assert "This is your receipt; there is nothing to do." in text_of(receipt)
    assert subject_of(news) == "Approved: 15 h more · Brightwater"
    assert "Comment: Not on the weekend" in text_of(news)
    assert "The hours are there; you can go on." in text_of(news)
    log(retainer, "2027-06-23", "7h", now=NOW + timedelta(days=1))
    cycle = cycle_of(retainer, NOW + timedelta(days=1))
    assert (
        headline(cycle, words_for(retainer)).replace("\u00a0", " ")
        == "20 of 20 h used · 5 of 10 h approved extra"
    )
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        page = said(carl.get(f"{link.path}?page=1"))
    assert "10 h of 15 h approved on 22 June 2027." in page
    assert "Carl" not in page
    assert findings(retainer, NOW + timedelta(days=1)) == []


def test_raised_hours_are_a_top_up_at_their_price(carl, ask, retainer) -> None:
    request = ask(kind="raise", price=300000)
    assert decide(carl, request, amount="5").status_code == 303
    topup = TopUp.objects.get()
    assert (topup.amount, topup.price, topup.key) == (5 * HOUR, 100000, "q001")
    assert cycle_of(retainer).available == 25 * HOUR
    assert findings(retainer, NOW) == []


def test_a_mail_that_comes_back_is_a_move_and_a_server_that_is_down_is_waited_for(
    ask, retainer, mailbox: Mailbox
) -> None:
    ask()
    mailbox.refusals = [("", "550 no such user")]
    send(NOW)
    (move,) = moves_of(retainer.workspace, NOW)[retainer.pk]
    assert (move.need, move.label) == (0, "Correct the address")
    assert "550 no such user" in move.text
    # A day without a mail server loses nothing: the mail goes when it is back.
    other = ask(5)
    mailbox.refusals = [("", "451 later")] * 3
    for hours in (0, 1, 2, 24):
        Delivery.objects.filter(state="waiting").update(due_at=NOW)
        send(NOW + timedelta(hours=hours))
    assert Delivery.objects.get(about=other.approvers.get().pk, kind="request").state == "sent"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rate": ""}, "Say at which rate they are billed"),
        ({"amount": "0"}, "more than 0"),
        ({"reason": ""}, "This field is required"),
        ({"ends_on": "2027-06-01"}, "before the work begins"),
        ({"decide_on": "2027-06-01"}, "within the next 90 days"),
        ({"approvers": []}, "Say who decides."),
        ({"new_name": "Dora"}, "needs a name and an address"),
        ({"kind": "raise", "starts_on": "2027-05-01"}, "not within this retainer"),
    ],
)
def test_a_request_that_says_too_little_is_not_sent(
    ada, retainer, carl_decides, change, why
) -> None:
    form = {
        "kind": "extra",
        "amount": "15",
        "rate": "250",
        "reason": "Go-live",
        "starts_on": "2027-06-22",
        "ends_on": "2027-06-30",
        "decide_on": "2027-06-25",
        "approvers": [carl_decides.pk],
    }
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        assert why in said(ada.post(f"/retainers/{retainer.ref}/requests/ask", form | change))
    assert not Request.objects.exists()
    assert not Delivery.objects.exists()


def test_somebody_new_becomes_an_approver(ada, retainer) -> None:
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        ada.post(
            f"/retainers/{retainer.ref}/requests/ask",
            {
                "kind": "raise",
                "amount": "5",
                "reason": "Cohort",
                "starts_on": "2027-06-22",
                "ends_on": "2027-06-30",
                "decide_on": "2027-06-25",
                "new_name": "Dora",
                "new_email": "dora@brightwater.example",
            },
        )
    assert Request.objects.get().approvers.get().contact == Contact.objects.get(role="approver")


def test_a_decision_by_telephone_is_noted_with_who_noted_it(ada, ask, retainer) -> None:
    request = ask()
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        path = f"/retainers/{retainer.ref}/requests/{request.number}/decision"
        ada.post(
            path,
            {
                "outcome": "approve",
                "amount": "",
                "name": "Carl Meyer",
                "comment": "On the telephone",
            },
        )
        page = said(ada.get(f"/retainers/{retainer.ref}/requests/{request.number}"))
    request.refresh_from_db()
    assert (request.state, request.approved, request.recorded_by) == (
        "approved",
        15 * HOUR,
        ada.member,
    )
    assert "noted by Ada · On the telephone" in page


def test_a_workspace_does_not_write_to_strangers_by_the_hundred(ask) -> None:
    for _ in range(services.MOST_A_DAY):
        ask(1)
    with pytest.raises(OverageError, match="Send the next one tomorrow"):
        ask(1)
    ask(1, now=NOW + timedelta(days=1, minutes=1))


def test_who_no_longer_sees_a_client_hears_no_more_of_what_they_asked_there(
    northlight, ada, ben
) -> None:
    mine, other = a_retainer(northlight), a_retainer(northlight, "Beta")
    row = Request(retainer=mine, number=1, asked_by=ben.member)
    assert told_members(row) == [ben.member]
    change_member(ben.member, "editor", [other.client_id])
    assert told_members(row) == [ada.member]
