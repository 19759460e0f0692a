"""The link of whoever decides: it decides once, and for whom it was made."""

from datetime import timedelta

import pytest
import time_machine

from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.ledger.models import Authorisation
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.models import Approver, Request, RequestEvent
from hourtab.overage.today import moves_of
from tests.builders import NOW
from tests.mailbox import Mailbox, send, subject_of
from tests.overage.pages import decide, path_of, said

pytestmark = pytest.mark.django_db


def test_opening_the_link_decides_nothing_however_often(carl, ask) -> None:
    request = ask()
    for method in ("get", "head", "get"):
        with time_machine.travel(NOW, tick=False):
            answer = getattr(carl, method)(f"{path_of(request)}?do=approve&name=Carl&amount=15")
        assert answer.status_code == 200
        assert "Cookie" not in answer["Vary"]
        assert not answer.cookies
    assert Request.objects.get().state == "pending"
    assert RequestEvent.objects.filter(kind="opened").count() == 1


def test_it_works_once_and_every_later_click_finds_what_was_decided(carl, ask, retainer) -> None:
    request = ask()
    assert decide(carl, request).status_code == 303
    again = decide(carl, request)
    assert (again.status_code, "came after that" in said(again)) == (200, False)
    other = decide(carl, request, do="decline")
    assert other.status_code == 409
    assert "Carl Meyer approved 15 h on 22 June 2027, 15:05. What you sent" in said(other).replace(
        "A receipt is on its way", ""
    )
    assert Authorisation.objects.count() == 1
    assert Request.objects.get().state == "approved"


def test_of_two_approvers_the_first_decides_and_the_other_reads_it(
    carl, ask, retainer, mailbox: Mailbox
) -> None:
    dora = Contact.objects.create(
        client=retainer.client, name="Dora", email="dora@brightwater.example", role="approver"
    )
    request = ask(more=[dora])
    first, second = request.approvers.all()
    decide(carl, request, do="decline", path=first.path, comment="Next month")
    answer = decide(carl, request, path=second.path, name="Dora")
    assert answer.status_code == 409
    assert "Carl Meyer declined on 22 June 2027" in said(answer)
    assert not Authorisation.objects.exists()
    assert RequestEvent.objects.get(kind="too_late").who == "Dora"
    send(NOW + timedelta(hours=1))
    receipts = [mail for mail in mailbox.mails if "Declined" in subject_of(mail)]
    assert {mail["To"] for mail in receipts} == {first.to, second.to, "ada@northlight.example"}


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"name": " "}, "Type your name"),
        ({"amount": "16"}, "Approve more than 0 and at most 15 h."),
        ({"amount": "0"}, "Approve more than 0"),
        ({"amount": "ten"}, "ten"),
        ({"do": "maybe"}, ""),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(carl, ask, form, why) -> None:
    request = ask()
    answer = decide(carl, request, **{"comment": "Kept text"} | form)
    assert answer.status_code == 422
    assert why in said(answer)
    assert "Kept text" in answer.content.decode()
    assert Request.objects.get().state == "pending"


def test_an_approver_who_was_removed_or_has_another_address_decides_no_more(
    carl, ask, retainer, carl_decides
) -> None:
    request = ask()
    Contact.objects.filter(pk=carl_decides.pk).update(email="carl@elsewhere.example")
    answer = decide(carl, request)
    assert answer.status_code == 409
    assert "This link no longer decides." in said(answer)
    (move,) = moves_of(retainer.workspace, NOW)[retainer.pk]
    assert move.label == "Ask somebody else"
    carl_decides.delete()
    assert decide(carl, request).status_code == 409
    assert Request.objects.get().state == "pending"


def test_a_link_decides_its_own_request_and_no_other(carl, ask) -> None:
    one, two = ask(5), ask(6)
    decide(carl, one, amount="5")
    assert {row.number: row.state for row in Request.objects.all()} == {1: "approved", 2: "pending"}
    with pytest.raises(OverageError, match="no longer decides"):
        services.decide(two, approver=one.approvers.get(), name="Carl", amount=HOUR, now=NOW)
    assert carl.get("/a/" + "A" * 22).status_code == 404
    assert carl.post("/a/" + "A" * 22, {"do": "approve"}).status_code == 404


def test_no_token_lies_in_the_database(ask) -> None:
    approver = ask().approvers.get()
    row = Approver.objects.filter(pk=approver.pk).values().get()
    assert approver.token not in repr(row)
    assert approver.code not in repr(row)
