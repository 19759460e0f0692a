"""Requests that end otherwise: expired, withdrawn, replaced, or decided before."""

from datetime import timedelta

import pytest
import time_machine

from hourtab.ledger.models import Authorisation
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.jobs import remind_and_expire
from hourtab.overage.models import Request
from hourtab.overage.today import moves_of
from tests.builders import NOW, log
from tests.mailbox import Mailbox, send, subject_of
from tests.overage.pages import decide, said

pytestmark = pytest.mark.django_db


def test_a_request_expires_with_a_reminder_before_and_both_sides_are_told(
    carl, ask, retainer, mailbox: Mailbox
) -> None:
    request = ask()
    assert remind_and_expire(NOW + timedelta(days=1, hours=23)) == 0
    assert remind_and_expire(NOW + timedelta(days=2)) == 1
    assert remind_and_expire(NOW + timedelta(days=2, hours=1)) == 0
    send(NOW + timedelta(days=2))
    assert [subject_of(mail)[:8] for mail in mailbox.mails].count("Reminder") == 1
    late = NOW + timedelta(days=3)
    answer = decide(carl, request, now=late)
    assert answer.status_code == 409
    assert "Nobody decided until 25 June 2027, 14:05; the request is over." in said(answer)
    assert remind_and_expire(late) == 1
    assert remind_and_expire(late) == 0
    assert Request.objects.get().state == "expired"
    send(late)
    assert sum("Not decided in time" in subject_of(mail) for mail in mailbox.mails) == 2
    (move,) = moves_of(retainer.workspace, late)[retainer.pk]
    assert (move.label, move.text.replace("\u00a0", " ")) == (
        "Ask again",
        "15 h more: nobody decided in time.",
    )


def test_a_withdrawn_request_and_one_that_was_changed_say_so(
    ada, carl, ask, retainer, carl_decides, mailbox: Mailbox
) -> None:
    request = ask()
    send(NOW)
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        ada.post(
            f"/retainers/{retainer.ref}/requests/ask?replaces={request.number}",
            {
                "kind": "extra",
                "amount": "8",
                "rate": "250",
                "reason": "Less",
                "starts_on": "2027-06-22",
                "ends_on": "2027-06-30",
                "decide_on": "2027-06-25",
                "approvers": [carl_decides.pk],
            },
        )
    other = Request.objects.get(number=2)
    assert (Request.objects.get(number=1).state, other.replaces_id) == ("withdrawn", request.pk)
    answer = decide(carl, request)
    assert answer.status_code == 409
    assert "Another request took its place" in said(answer)
    assert not Authorisation.objects.exists()
    send(NOW)
    assert any("Withdrawn" in subject_of(mail) for mail in mailbox.mails)
    assert decide(carl, other, amount="8").status_code == 303
    with pytest.raises(OverageError, match="approved already"):
        services.withdraw(other, by=None, now=NOW)


def test_of_many_decisions_that_came_too_late_ten_are_noted_and_the_rest_counted(
    ada, carl, ask, retainer
) -> None:
    request = ask()
    decide(carl, request)
    for _ in range(12):
        assert decide(carl, request, do="decline").status_code == 409
    assert request.events.filter(kind="too_late").count() == 10
    path = f"/retainers/{retainer.ref}/requests/{request.number}"
    assert "2 more came too late." in said(ada.get(path))


def test_a_decline_hides_neither_what_is_over_nor_itself_for_two_weeks(
    ada, carl, ask, retainer
) -> None:
    decide(carl, ask(), do="decline")
    log(retainer, "2027-06-22", "5h")
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        ada.force_login(ada.member.user)
        page = said(ada.get("/"))
    assert "3 h over. Agree on it before more work is done. Ask for more hours" in page
    assert "15 h more: declined by Carl Meyer. Look at it" in page
    assert moves_of(retainer.workspace, NOW + timedelta(days=15)) == {}
