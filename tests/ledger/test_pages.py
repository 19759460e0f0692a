"""The provider's pages for statements, the agreement, counted units and the history."""

import json
import re
from datetime import date

import pytest
import time_machine

from hourtab.core.amounts import HOUR
from hourtab.core.document import read
from hourtab.core.terms import Terms
from hourtab.ledger import jobs
from hourtab.ledger.models import Decision, Entry, Revision, TopUp, Write
from hourtab.ledger.reading import statements
from hourtab.ledger.reading.verify import findings
from hourtab.retainers.models import Retainer
from hourtab.retainers.services import open_retainer
from hourtab.sharing.models import StoredPage
from hourtab.sharing.services import share
from hourtab.showing.stored import render_and_store
from tests.builders import a_retainer, log
from tests.ledger.test_statements import FEBRUARY, a_january, at, said, standing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_15_february():
    with time_machine.travel(at("02-15"), tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    return a_january(northlight, used="13h")


def text_of(answer) -> str:
    said = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", said.replace("\u00a0", " ").replace("&#x27;", "'"))


def test_the_cycles_say_how_far_each_is(ada, retainer) -> None:
    page = text_of(ada.get(f"/retainers/{retainer.ref}/cycles"))
    assert "No. 1 Trail Reopen 3 h await a decision · Decide" in page
    with time_machine.travel(at("03-02"), tick=False):
        ada.force_login(ada.member.user)
        page = text_of(ada.get(f"/retainers/{retainer.ref}/cycles"))
    assert "closes on 11 March Close now" in page


def test_extra_time_is_decided_on(ada, retainer) -> None:
    path = f"/retainers/{retainer.ref}/cycles/2027-01-01/decide"
    assert "3 h of the cycle of 1 January 2027 await a decision." in text_of(ada.get(path))
    assert "3 h await a decision in that cycle." in text_of(
        ada.post(path, {"amount": "4", "outcome": "bill", "reason": "Agreed"})
    )
    answer = ada.post(
        path,
        {"amount": "2:00", "outcome": "bill", "rate": "90", "reason": "Agreed by phone"},
        follow=True,
    )
    assert "Decided." in text_of(answer)
    decision = Decision.objects.get()
    assert (decision.amount, decision.rate, decision.posted_on, decision.reason) == (
        2 * HOUR,
        9000,
        FEBRUARY,
        "Agreed by phone",
    )
    ada.post(path, {"amount": "1", "outcome": "absorb", "reason": "A slip of ours"})
    assert "Nothing awaits a decision" in text_of(ada.get(path, follow=True))
    assert findings(retainer, at("02-15")) == []


def test_a_cycle_is_closed_by_hand_after_a_look(ada, retainer) -> None:
    path = f"/retainers/{retainer.ref}/cycles/2027-02-01/close"
    assert "There is nothing to close there." in text_of(ada.get(path, follow=True))
    with time_machine.travel(at("03-02"), tick=False):
        ada.force_login(ada.member.user)
        assert "A closed cycle becomes a statement" in text_of(ada.get(path))
        assert "Statement 2 is closed." in text_of(ada.post(path, follow=True))
    assert standing(retainer) == [(1, 1, 13.0), (2, 1, 3.0)]


def test_history_is_offered_on_today_and_closed_at_once(ada, northlight) -> None:
    older = a_retainer(northlight, "Beta", "Older", starts="2026-10-01")
    assert "4 earlier cycles to close when they are all in." in text_of(ada.get("/"))
    page = text_of(ada.get(f"/retainers/{older.ref}/cycles"))
    assert "4 cycles had ended before this retainer was opened here." in page
    assert "4 cycles are closed." in text_of(
        ada.post(f"/retainers/{older.ref}/cycles/2027-01-01/close", follow=True)
    )
    assert [row.number for row in statements.statements_of(older)] == [1, 2, 3, 4]


def test_reopening_shows_the_difference_and_takes_nothing_else(ada, retainer) -> None:
    log(retainer, "2027-01-28", "2h", "Late", now=at("02-15"))
    path = f"/retainers/{retainer.ref}/cycles/2027-01-01/reopen"
    page = ada.get(path)
    assert "13 h" in text_of(page)
    assert "15 h" in text_of(page)
    mark = re.search(r'name="fingerprint" value="(\w+)"', page.content.decode())[1]
    fields = {"reason": "Forgotten call", "fingerprint": mark, "reopen": "yes"}
    assert "has changed since" in text_of(
        ada.post(path, fields | {"on": "2027-01-29", "amount": "1"})
    )
    assert "Late work needs a day and a time." in text_of(ada.post(path, fields | {"amount": "1"}))
    assert "This field is required" in text_of(ada.post(path, fields | {"reason": ""}))
    assert "New versions are written" in text_of(ada.post(path, fields, follow=True))
    assert standing(retainer) == [(1, 2, 15.0)]
    assert "version 2" in text_of(ada.get(f"/retainers/{retainer.ref}/cycles"))


def test_a_closed_line_is_corrected_from_its_form_and_a_late_one_says_so(ada, retainer) -> None:
    entry = Entry.objects.get(on=date(2027, 1, 5))
    path = f"/retainers/{retainer.ref}/entries/{entry.pk}/edit"
    page = ada.get(path)
    assert "This line stands in a closed cycle." in text_of(page)
    fields = {
        "on": "2027-01-05",
        "amount": "12:00",
        "description": "January's work",
        "scope": "retainer",
        "reason": "One less",
    }
    ada.post(path, fields | {"seen": "1"})
    assert 'value="12:00"' in ada.get(path).content.decode()
    assert "its day and time stay" in text_of(ada.post(path, fields | {"on": "2027-01-06"}))
    answer = ada.post(
        f"/retainers/{retainer.ref}/log",
        {"on": "2027-01-20", "amount": "1", "description": "Late", "scope": "retainer"},
        follow=True,
    )
    assert (
        "Logged. Its own cycle is closed, so it counts in the one from 1 February 2027."
        in text_of(answer)
    )
    answer = ada.post("/log", {"line": "Late call, 45m @acme 2027-01-21"}, follow=True)
    assert "Its own cycle is closed, so it counts in the one from 1 February 2027." in text_of(
        answer
    )
    assert findings(retainer, at("02-15")) == []


def test_terms_are_changed_taken_back_and_a_cycle_is_paused(ada, retainer) -> None:
    base = f"/retainers/{retainer.ref}"
    page = ada.get(f"{base}/terms/change").content.decode()
    assert '<option value="2027-03-01" selected>' in page
    fields = {
        "effective_on": "2027-03-01",
        "hours": "30",
        "cadence": "month",
        "reset_day": "1",
        "stub": "full",
        "rollover": "1",
        "overage": "bill",
        "rate": "120",
        "rounding": "15",
        "grace_days": "5",
        "reason": "More",
    }
    assert "Select a valid choice" in text_of(
        ada.post(f"{base}/terms/change", fields | {"effective_on": "2027-01-01"})
    )
    answer = ada.post(f"{base}/terms/change", fields, follow=True)
    assert "The new terms are valid from 1 March 2027 on." in text_of(answer)
    assert "30 h a month" in text_of(answer)
    terms = Retainer.objects.get(pk=retainer.pk).versions()[1]
    assert (terms.cap, terms.grace_days, terms.rounding.step, terms.overage.rate) == (
        30 * HOUR,
        5,
        900,
        12000,
    )
    assert "Taken back." in text_of(ada.post(f"{base}/terms/2027-03-01/withdraw", follow=True))
    assert "Paused." in text_of(ada.post(f"{base}/cycles/2027-03-01/pause", follow=True))
    assert "so already" in text_of(ada.post(f"{base}/cycles/2027-03-01/pause", follow=True))
    assert "The pause is lifted." in text_of(
        ada.post(f"{base}/cycles/2027-03-01/pause", {"lift": "yes"}, follow=True)
    )
    assert findings(retainer, at("02-15")) == []


def test_the_hours_of_this_cycle_change_now(ada, retainer) -> None:
    path = f"/retainers/{retainer.ref}/hours"
    answer = ada.post(path, {"cap": "15", "on": "2027-02-15", "how": "prorated"}, follow=True)
    assert "2 h 30 m more in this cycle." in text_of(answer)
    assert said(retainer) == "3 h of 12 h 30 m used · 9 h 30 m remain"
    whole = {"cap": "10", "on": "2027-02-15", "how": "full"}
    assert "2 h 30 m less in this cycle." in text_of(ada.post(path, whole, follow=True))
    assert "has already" in text_of(ada.post(path, whole))


def test_the_end_shows_first_what_it_means(ada, retainer) -> None:
    path = f"/retainers/{retainer.ref}/end"
    page = text_of(ada.post(path, {"ends_on": "2027-02-28", "reason": "Done"}))
    assert "Lapses 7 h" in page
    assert Retainer.objects.get(pk=retainer.pk).ends_on is None
    assert "too far ahead" in text_of(ada.post(path, {"ends_on": "2100-01-01"}))
    assert "1 lines are dated after" in text_of(ada.post(path, {"ends_on": "2027-02-02"}))
    answer = ada.post(path, {"ends_on": "2027-02-28", "reason": "Done", "sure": "yes"}, follow=True)
    assert "The retainer ends on 28 February 2027." in text_of(answer)
    assert "It goes on." in text_of(
        ada.post(path, {"ends_on": "2027-02-28", "go_on": "yes"}, follow=True)
    )
    assert Retainer.objects.get(pk=retainer.pk).ends_on is None


def test_the_history_says_who_what_why_and_what_it_did(ada, retainer) -> None:
    ada.post(
        f"/retainers/{retainer.ref}/log",
        {"on": "2027-02-15", "amount": "1", "description": "Call", "scope": "retainer"},
    )
    page = text_of(ada.get(f"/retainers/{retainer.ref}/history"))
    assert "Time logged 15 February 2027 · 1 h · Call Ada −1 h 6 h" in page
    assert "Cycle closed 1 January 2027" in page
    assert Write.objects.latest("number").hash in page
    only = text_of(ada.get(f"/retainers/{retainer.ref}/history?kind=close"))
    assert "Cycle closed" in only
    assert "February's work" not in only
    member = ada.member.pk
    assert "February's work" not in text_of(
        ada.get(f"/retainers/{retainer.ref}/history?by={member}")
    )
    rows = (
        ada.get(f"/retainers/{retainer.ref}/history.csv").content.decode("utf-8-sig").splitlines()
    )
    assert len(rows) == 1 + Write.objects.count()


def test_the_ledger_document_is_handed_out_and_replays(ada, retainer) -> None:
    answer = ada.get(f"/retainers/{retainer.ref}/ledger.json")
    document = read.from_json(json.loads(answer.content))
    assert document.chain.head == Write.objects.latest("number").hash


def test_an_erased_text_is_gone_from_pages_history_and_exports(ada, retainer, carl) -> None:
    log(retainer, "2027-02-14", "1h", "Call with Zofia Nowak", now=at("02-15"), person="Zofia")
    link = share([retainer], by=None)
    render_and_store(link.token_digest)
    entry = Entry.objects.get(on=date(2027, 2, 14))
    ada.post(f"/retainers/{retainer.ref}/entries/{entry.pk}/erase", {"reason": "Asked for"})
    assert not StoredPage.objects.exists()
    base = f"/retainers/{retainer.ref}"
    for path in (
        base + "/",
        base + "/history",
        base + "/history.csv",
        base + "/ledger.json",
        base + "/log.csv",
        f"{base}/entries/{entry.pk}",
    ):
        assert b"Zofia" not in ada.get(path).content, path
    for query in ("?page=1", "?as=json", "?year=2027"):
        assert b"Zofia" not in carl.get(link.path + query).content
    assert not Revision.objects.filter(description__contains="Zofia").exists()
    assert findings(retainer, at("02-15")) == []


def test_sessions_count_unless_they_are_called_off_in_time(ada, northlight, carl) -> None:
    fields = {
        "client": "Coachee",
        "name": "Coaching",
        "hours": "6",
        "unit": "session",
        "starts_on": "2027-02-01",
        "stub": "full",
        "cadence": "once",
        "rollover": "0",
        "overage": "bill",
        "rate": "200",
        "rounding": "0",
        "zone": "UTC",
        "notice_hours": "24",
        "ends_on": "2027-07-31",
    }
    ada.post("/retainers/open", fields)
    retainer = Retainer.objects.get(name="Coaching")
    assert (retainer.unit, retainer.notice_hours, retainer.ends_on) == (
        "session",
        24,
        date(2027, 7, 31),
    )
    outcomes = ("", "cancelled_in_time", "cancelled_late", "no_show", "cancelled_by_provider")
    for day, outcome in enumerate(outcomes, 8):
        line = {
            "on": f"2027-02-{day:02d}",
            "amount": "1",
            "description": f"Session {day}",
            "scope": "retainer",
            "outcome": outcome,
        }
        answer = ada.post(f"/retainers/{retainer.ref}/log", line, follow=True)
    assert "3 of 6 sessions used · 3 sessions remain" in text_of(answer)
    answer = ada.post("/log", {"line": "Session 6 @coachee"}, follow=True)
    assert "1 session on 15 February for Coachee, Coaching: Session 6" in text_of(answer)
    link = retainer.links.get()
    page = text_of(carl.get(link.path, {"page": "1"}))
    assert "called off in time It does not count." in page
    assert "missed It counts, as agreed." in page
    assert "A session called off at least 24 hours before does not count" in page
    assert "More than that is billed at €200.00 each." in page
    ada.post(
        f"/retainers/{retainer.ref}/top-up", {"amount": "2", "kind": "goodwill", "on": "2027-02-15"}
    )
    assert TopUp.objects.get().amount == 200
    assert "4 of 8 sessions used" in text_of(ada.get(f"/retainers/{retainer.ref}/"))
    assert findings(retainer, at("02-15")) == []
    document = read.from_json(json.loads(ada.get(f"/retainers/{retainer.ref}/ledger.json").content))
    assert [entry.outcome for entry in document.ledger.entries].count(None) == 2


def test_a_rejected_deliverable_does_not_count(ada, northlight) -> None:
    terms = Terms(FEBRUARY, 400, "month", FEBRUARY)
    retainer = open_retainer(
        northlight, client="Acme", name="Reports", terms=terms, unit="deliverable"
    )
    for outcome in ("", "accepted", "rejected"):
        line = {
            "on": "2027-02-10",
            "amount": "1",
            "description": f"Report {outcome}",
            "scope": "retainer",
            "outcome": outcome,
        }
        answer = ada.post(f"/retainers/{retainer.ref}/log", line, follow=True)
    assert "2 of 4 deliverables used · 2 deliverables remain" in text_of(answer)
    entry = Entry.objects.order_by("pk").first()
    fields = {
        "on": "2027-02-10",
        "amount": "1",
        "description": "Report",
        "scope": "retainer",
        "outcome": "rejected",
    }
    ada.post(f"/retainers/{retainer.ref}/entries/{entry.pk}/edit", fields)
    assert "1 of 4 deliverables used" in text_of(ada.get(f"/retainers/{retainer.ref}/"))


def test_the_worker_closes_also_where_nothing_was_ever_logged(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-01-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at("01-01"))
    jobs.turn_the_day(at("03-20"))
    assert standing(retainer) == [(1, 1, 0.0), (2, 1, 0.0)]


def test_a_closed_line_is_taken_out_and_put_back_from_its_history(ada, retainer) -> None:
    entry = Entry.objects.get(on=date(2027, 1, 5))
    path = f"/retainers/{retainer.ref}/entries/{entry.pk}"
    assert "Taken out of the log." in text_of(
        ada.post(f"{path}/withdraw", {"reason": "Not theirs"}, follow=True)
    )
    assert said(retainer) == "3 of 20 h used · 17 h remain"
    assert "Put it back" in text_of(ada.get(path))
    assert "taken out already" in text_of(ada.post(f"{path}/withdraw", follow=True))
    assert "The line is back." in text_of(ada.post(f"{path}/restore", follow=True))
    assert said(retainer) == "3 of 10 h used · 7 h remain"
    correction = Entry.objects.exclude(corrects=None).get()
    with time_machine.travel(at("03-15"), tick=False):
        ada.force_login(ada.member.user)
        jobs.turn_the_day(at("03-15"))
        page = text_of(
            ada.post(f"/retainers/{retainer.ref}/entries/{correction.pk}/withdraw", follow=True)
        )
    assert "taken out already" in page
    assert findings(retainer, at("03-15")) == []


def test_terms_that_changed_while_a_form_was_open_are_not_replaced_unseen(ada, retainer) -> None:
    path = f"/retainers/{retainer.ref}/terms/change"
    fields = {
        "effective_on": "2027-03-01",
        "hours": "30",
        "cadence": "month",
        "stub": "full",
        "reset_day": "1",
        "rollover": "0",
        "overage": "ask",
        "rounding": "0",
        "grace_days": "10",
        "seen": "1",
    }
    assert "The new terms are valid" in text_of(ada.post(path, fields, follow=True))
    late = ada.post(path, fields | {"hours": "40"})
    assert "The terms were changed in the meantime" in text_of(late)
    assert [terms.cap for terms in Retainer.objects.get(pk=retainer.pk).versions()] == [
        10 * HOUR,
        30 * HOUR,
    ]


def test_a_line_longer_than_the_form_takes_can_be_edited_without_its_text_changing(
    ada, retainer
) -> None:
    text = "One\r\nTwo\n" + "words " * 2000 + "end"
    entry = log(retainer, "2027-02-10", "1h", text, now=at("02-10"))
    path = f"/retainers/{retainer.ref}/entries/{entry.pk}/edit"
    fields = {"on": "2027-02-10", "amount": "2h", "scope": "retainer", "seen": "1"}
    typed = text.replace("\r\n", "\n").replace("\n", "\r\n")
    ada.post(path, fields | {"description": typed}, follow=True)
    said = Revision.objects.get(entry=entry, number=2)
    assert (said.amount, said.description) == (2 * HOUR, text)
    longer = ada.post(path, fields | {"seen": "2", "description": typed + " and more"})
    assert "at most" in text_of(longer)
    assert Revision.objects.filter(entry=entry).count() == 2
