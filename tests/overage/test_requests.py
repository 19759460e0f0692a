"""Asking for more hours: from the provider's form over a real mail server to the approver's click,
and everything in between.
"""

import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.ledger import queries
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Authorisation, TopUp, Write
from hourtab.ledger.verify import findings
from hourtab.ledger.words import headline
from hourtab.outbox.models import Delivery
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.jobs import draft_at_soft_limits, remind_and_expire
from hourtab.overage.models import Approver, OverageTerms, Request, RequestEvent
from hourtab.overage.services import told_members
from hourtab.overage.today import moves_of
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for
from hourtab.team.services import change_member
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, send, subject_of, text_of

pytestmark = pytest.mark.django_db


def said(answer) -> str:
    """The words of a page, in one line."""
    text = re.sub(r"<(head|style|script).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(
        re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " ").replace("&#x27;", "'").split()
    )


def cycle_of(retainer: Retainer, now: datetime = NOW):
    return queries.current_cycle(Retainer.objects.get(pk=retainer.pk), now.date())


def path_of(request: Request) -> str:
    return request.approvers.get().path


def decide(
    browser,
    request: Request,
    do: str = "approve",
    now: datetime = NOW + timedelta(hours=1),
    path: str = "",
    **more: str,
):
    with time_machine.travel(now, tick=False):
        return browser.post(
            path or path_of(request),
            {"do": do, "name": "Carl Meyer", "amount": "15", "comment": ""} | more,
        )


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


def test_what_was_worked_before_the_decision_is_covered_by_it(carl, ask, retainer) -> None:
    request = ask()
    log(retainer, "2027-06-22", "5h")
    assert cycle_of(retainer).awaiting == 3 * HOUR
    # Fewer hours than what is worked already: the rest goes on waiting, charged to nobody.
    decide(carl, request, amount="2")
    cycle = cycle_of(retainer)
    assert (cycle.authorised, cycle.awaiting) == (2 * HOUR, HOUR)


class TestEmergency:
    """Ransomware at two hours left: work begins at once, approval is asked within a day."""

    @pytest.fixture
    def terms(self, retainer) -> OverageTerms:
        return OverageTerms.objects.create(
            retainer=retainer, emergency_rate=30000, emergency_ceiling=12 * HOUR
        )

    def begin(self, ada, retainer, now: datetime = NOW) -> Request:
        begun = now - timedelta(hours=2)
        return services.start_emergency(
            retainer, reason="Ransomware", began_at=begun, by=ada.member, now=now
        )

    def test_it_needs_an_agreement_beforehand(self, ada, retainer) -> None:
        with pytest.raises(OverageError, match="Agree on an emergency rate"):
            self.begin(ada, retainer)
        assert ada.get(f"/retainers/{retainer.ref}/requests/emergency").status_code == 302

    def test_work_begins_at_once_and_is_asked_for_afterwards(
        self, ada, carl, retainer, carl_decides, terms, link, mailbox
    ) -> None:
        row = self.begin(ada, retainer)
        log(retainer, "2027-06-22", "7h", "Servers isolated")
        cycle = cycle_of(retainer)
        assert (cycle.awaiting, cycle.billed) == (5 * HOUR, 0)
        (move,) = moves_of(retainer.workspace, NOW)[retainer.pk]
        assert (move.need, move.label) == (0, "Ask for the approval")
        assert "ask for the approval by 23 June 2027, 12:05" in move.text.replace("\u00a0", " ")
        with time_machine.travel(NOW + timedelta(hours=30), tick=False):
            ada.force_login(ada.member.user)
            path = f"/retainers/{retainer.ref}/requests/ask?draft={row.number}"
            form = {
                "reason": "Ransomware: servers isolated",
                "starts_on": "2027-06-22",
                "ends_on": "2027-06-29",
                "decide_on": "2027-06-25",
                "approvers": [carl_decides.pk],
            }
            assert "agreed beforehand, up to 12 h" in said(
                ada.post(path, form | {"amount": "13"})
            ).replace("\u00a0", " ")
            ada.post(path, form | {"amount": "10"})
        row.refresh_from_db()
        assert (row.state, row.rate, row.amount) == ("pending", 30000, 10 * HOUR)
        now = NOW + timedelta(hours=31)
        send(now)
        assert subject_of(mailbox.mails[0]).startswith("Please decide: Emergency: 10 h more")
        assert "Approval was asked 32 hours after that; 24 were agreed." in text_of(
            mailbox.mails[0]
        )
        with time_machine.travel(now, tick=False):
            page = said(carl.get(f"{link.path}?page=1"))
        assert "Emergency: 10 h more · Waiting for approval." in page
        assert (
            "In an emergency work starts at once, at €300.00 an hour, up to 12 h; approval is asked within 24 hours."
            in page
        )
        decide(carl, row, amount="10", now=now)
        assert cycle_of(retainer, now).billed_at == {30000: 5 * HOUR}
        with time_machine.travel(now, tick=False):
            page = said(carl.get(f"{link.path}?page=1"))
        assert "5 h in an emergency, approved on 23 June, billed at €300.00 an hour." in page

    def test_without_approval_nobody_is_charged(
        self, ada, carl, retainer, carl_decides, terms, ask
    ) -> None:
        row = self.begin(ada, retainer)
        log(retainer, "2027-06-22", "7h")
        wish = services.Wish(
            "extra", 10 * HOUR, date(2027, 6, 22), date(2027, 6, 29), "Ransomware", 30000
        )
        sent = services.ask(
            retainer,
            wish,
            [carl_decides],
            decide_by=NOW + timedelta(days=2),
            by=ada.member,
            now=NOW,
            draft=row,
        )
        decide(carl, sent, do="decline")
        cycle = cycle_of(retainer)
        assert (cycle.awaiting, cycle.billed, cycle.authorised) == (5 * HOUR, 0, 0)

    def test_asked_again_it_is_an_emergency_still(
        self, ada, carl, retainer, carl_decides, terms
    ) -> None:
        row = self.begin(ada, retainer)
        # What was agreed when it began holds, also where the agreement changes since.
        OverageTerms.objects.update(emergency_ceiling=HOUR, emergency_rate=1)
        wish = services.Wish(
            "extra", 10 * HOUR, date(2027, 6, 22), date(2027, 6, 29), "Ransomware", 30000
        )
        by = {"decide_by": NOW + timedelta(days=2), "by": ada.member, "now": NOW}
        sent = services.ask(retainer, wish, [carl_decides], draft=row, **by)
        decide(carl, sent, do="decline")
        again = services.ask(retainer, wish, [carl_decides], replaces=sent, **by)
        assert (again.is_emergency, again.began_at, again.ceiling) == (
            True,
            row.began_at,
            12 * HOUR,
        )
        cheaper = services.Wish(
            "extra", HOUR, date(2027, 6, 22), date(2027, 6, 29), "Ransomware", 1
        )
        with pytest.raises(OverageError, match="agreed beforehand"):
            services.ask(retainer, cheaper, [carl_decides], replaces=again, **by)

    def test_its_page_is_reached_and_left_with_a_sentence(self, ada, retainer, terms) -> None:
        with time_machine.travel(NOW, tick=False):
            ada.force_login(ada.member.user)
            path = f"/retainers/{retainer.ref}/requests/emergency"
            assert "at €300.00 an hour" in said(ada.get(path))
            answer = ada.post(path, {"reason": "Ransomware", "on": "2027-06-23", "at": "09:00"})
            assert "not in the future" in said(answer)
            answer = ada.post(
                path, {"reason": "Ransomware", "on": "2027-06-22", "at": "09:00"}, follow=True
            )
        assert "Ask for the approval within 24 hours." in said(answer)


class TestSoftLimit:
    def test_a_request_is_drafted_once_when_it_is_reached(self, retainer) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=95)
        assert draft_at_soft_limits(NOW) == 0
        log(retainer, "2027-06-22", "1h")
        assert draft_at_soft_limits(NOW) == 1
        assert draft_at_soft_limits(NOW) == 0
        row = Request.objects.get()
        assert (row.state, row.rate, row.drafted_for) == ("draft", 20000, date(2027, 6, 1))
        assert row.amount >= 5 * HOUR
        (move,) = moves_of(retainer.workspace, NOW)[retainer.pk]
        assert move.label == "Look at it and send it"
        services.withdraw(row, by=None, now=NOW)
        assert draft_at_soft_limits(NOW) == 0
        assert not Delivery.objects.exists()

    def test_only_what_changed_since_is_looked_at(self, retainer, northlight) -> None:
        for row in (retainer, a_retainer(northlight, "Acme"), a_retainer(northlight, "Beta")):
            OverageTerms.objects.create(retainer=row, soft_limit=95)
            log(row, "2027-06-22", "30m")
        assert draft_at_soft_limits(NOW) == 0
        with CaptureQueriesContext(connection) as asked:
            assert draft_at_soft_limits(NOW) == 0
        assert len(asked) == 2
        log(retainer, "2027-06-22", "30m")
        assert draft_at_soft_limits(NOW) == 1

    def test_a_limit_that_is_lowered_is_looked_at(self, ada, retainer) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=95)
        assert draft_at_soft_limits(NOW) == 0
        path = f"/retainers/{retainer.ref}/requests/terms"
        ada.post(path, {"soft_limit": "90", "emergency_hours": 24})
        assert draft_at_soft_limits(NOW) == 1

    def test_a_day_that_turns_is_looked_at(self, retainer) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=95)
        log(retainer, "2027-06-24", "2h")
        assert draft_at_soft_limits(NOW) == 0
        later = NOW + timedelta(days=2)
        turn_the_day(later)
        assert draft_at_soft_limits(later) == 1

    def test_nothing_is_drafted_where_more_is_asked_for_already(self, retainer, ask) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=50)
        ask()
        assert draft_at_soft_limits(NOW) == 0


def test_overage_is_made_project_work_line_by_line(ada, retainer) -> None:
    entry = log(retainer, "2027-06-21", "5h", "Office move")
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        path = f"/retainers/{retainer.ref}/cycles/2027-06-01/convert"
        assert "21 June · 5 h · Office move" in said(ada.get(path))
        ada.post(path, {"lines": [entry.pk], "reason": "Agreed as a project"})
    assert entry.revisions.order_by("number").last().scope == "project"
    cycle = cycle_of(retainer)
    assert (cycle.used, cycle.awaiting) == (18 * HOUR, 0)
    assert Write.objects.latest("number").reason == "Agreed as a project"
    assert findings(retainer, NOW) == []


def test_what_is_absorbed_is_shown_as_value_given(ada, carl, retainer, link) -> None:
    log(retainer, "2027-06-21", "5h")
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        path = f"/retainers/{retainer.ref}/cycles/2027-06-01/decide"
        assert "This field is required" in said(
            ada.post(path, {"amount": "3", "outcome": "absorb"})
        )
        ada.post(path, {"amount": "3", "outcome": "absorb", "reason": "Our own slip"})
        assert "Given at no charge 3 h, worth €600.00" in said(carl.get(f"{link.path}?page=1"))


def test_the_statement_shows_what_was_decided_and_never_changes(carl, ask, retainer, link) -> None:
    from hourtab.ledger.jobs import turn_the_day
    from hourtab.sharing.addresses import statement_path

    request = ask()
    decide(carl, request)
    log(retainer, "2027-06-23", "7h", now=NOW + timedelta(days=1))
    later = NOW + timedelta(days=30)
    turn_the_day(later)
    path = statement_path(link, retainer.ref, 1)
    with time_machine.travel(later, tick=False):
        before = carl.get(f"{path}?as=json").content
        page = said(carl.get(path))
        pdf = carl.get(f"{path}?as=pdf")
    assert "More hours Approved on 22 June 2027. Up to 15 h beyond" in page
    assert "5 h beyond the hours, approved on 22 June, billed at €250.00 an hour." in page
    assert pdf.content.startswith(b"%PDF")
    ask(3, now=later)
    with time_machine.travel(later + timedelta(days=1), tick=False):
        assert carl.get(f"{path}?as=json").content == before


def test_a_link_shows_requests_only_where_it_says_so(carl, ask, retainer, link) -> None:
    from hourtab.sharing.services import change_link

    ask()
    with time_machine.travel(NOW, tick=False):
        assert "Go-live" in said(carl.get(f"{link.path}?page=1"))
        change_link(link, shows_descriptions=False)
        assert "Go-live" not in said(carl.get(f"{link.path}?page=1"))
        change_link(link, shows_requests=False)
        page = said(carl.get(f"{link.path}?page=1"))
    assert "15 h more" not in page


def test_a_january_cohort_is_planned_warned_of_raised_and_reported(
    ada, northlight, link, carl, mailbox: Mailbox
) -> None:
    """Onboarding: twelve people start in January, and the usual ten hours are known beforehand not
    to be enough.
    """
    from hourtab.alerts.models import Alert
    from hourtab.alerts.watching import watch_retainers
    from hourtab.ledger.holds import plan_work
    from tests.builders import a_retainer

    def at(day: int) -> datetime:
        return datetime.fromisoformat(f"2027-01-{day:02d}T12:00:00+00:00")

    retainer = a_retainer(northlight, "Kestrel", "Training", hours=10, starts="2027-01-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at(1))
    retainer.refresh_from_db()
    OverageTerms.objects.create(retainer=retainer, soft_limit=60)
    for day in (4, 5, 6):
        log(retainer, f"2027-01-0{day}", "1h 30m", "Cohort: schedules and materials", now=at(day))
    plan_work(
        retainer,
        text="Cohort week",
        amount=8 * HOUR,
        starts_on=date(2027, 1, 18),
        ends_on=date(2027, 1, 22),
        by=None,
        now=at(6),
    )
    watch_retainers(at(6))
    assert [alert.kind for alert in Alert.objects.filter(retainer=retainer)] == ["pace"]
    log(retainer, "2027-01-07", "1h 30m", now=at(7))
    watch_retainers(at(7))
    assert draft_at_soft_limits(at(7)) == 1
    draft = Request.objects.get(retainer=retainer)
    # The pace so far until the end, and what is planned, less what there is.
    assert draft.amount >= 14 * HOUR
    hr = Contact.objects.create(
        client=retainer.client, name="HR lead", email="hr@kestrel.example", role="approver"
    )
    wish = services.Wish(
        "raise", 12 * HOUR, date(2027, 1, 7), date(2027, 1, 31), "January cohort of twelve"
    )
    sent = services.ask(
        retainer, wish, [hr], decide_by=at(9), by=ada.member, now=at(7), draft=draft
    )
    decide(carl, sent, amount="12", name="HR lead", now=at(8))
    cycle = cycle_of(retainer, at(8))
    assert (cycle.available, cycle.topped_up, cycle.remaining) == (22 * HOUR, 12 * HOUR, 16 * HOUR)
    watch_retainers(at(8))
    send(at(8))
    told = [subject_of(mail) for mail in mailbox.mails]
    assert any(text.startswith("At this pace the hours run out") for text in told)
    assert any(text.startswith("Approved: 12 h more · Kestrel") for text in told)
    log(retainer, "2027-01-08", "30m", now=at(8))
    watch_retainers(at(8))
    assert not Alert.objects.filter(retainer=retainer, kind="used", threshold=80).exists()
    assert findings(retainer, at(8)) == []


def test_a_workspace_does_not_write_to_strangers_by_the_hundred(ask) -> None:
    for _ in range(services.MOST_A_DAY):
        ask(1)
    with pytest.raises(OverageError, match="Send the next one tomorrow"):
        ask(1)
    ask(1, now=NOW + timedelta(days=1, minutes=1))


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


def test_who_no_longer_sees_a_client_hears_no_more_of_what_they_asked_there(
    northlight, ada, ben
) -> None:
    mine, other = a_retainer(northlight), a_retainer(northlight, "Beta")
    row = Request(retainer=mine, number=1, asked_by=ben.member)
    assert told_members(row) == [ben.member]
    change_member(ben.member, "editor", [other.client_id])
    assert told_members(row) == [ada.member]
