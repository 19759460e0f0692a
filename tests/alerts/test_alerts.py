"""Alerts: the cases of the specification, one mail each over a real mail server, and silence where
nothing is new.
"""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.alerts.models import Alert, Listener, Watch
from hourtab.alerts.watching import look_at, watch_retainers
from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.verbs.log import edit_entry, top_up
from hourtab.outbox.models import Delivery
from hourtab.retainers.models import Retainer
from hourtab.sharing.services import share
from tests.builders import NOW, a_retainer, log, work
from tests.mailbox import Mailbox, send, subject_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def retainer(northlight, ada) -> Retainer:
    retainer = opened(a_retainer(northlight), NOW)
    turn_the_day(NOW)
    watch_retainers(NOW)
    return retainer


def opened(retainer: Retainer, at: datetime) -> Retainer:
    """Let a retainer have been opened at that moment."""
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at)
    retainer.refresh_from_db()
    return retainer


def told(retainer: Retainer, now: datetime = NOW) -> list[int | str]:
    """Look at the retainer, and return what that caused: thresholds, or kinds."""
    before = set(Alert.objects.values_list("pk", flat=True))
    watch_retainers(now)
    rows = Alert.objects.exclude(pk__in=before).order_by("pk")
    return [row.threshold or row.kind for row in rows if row.kind in ("used", "none")]


def worked(retainer: Retainer, amount: str, on: str = "2027-06-21", now: datetime = NOW):
    return log(retainer, on, amount, now=now)


def test_it_fires_when_use_is_equal_to_the_threshold_and_not_before(retainer) -> None:
    worked(retainer, "9:59")
    assert told(retainer) == []
    worked(retainer, "0:01")
    assert told(retainer) == [50]
    worked(retainer, "5:59")
    assert told(retainer) == []
    worked(retainer, "0:01")
    assert told(retainer) == [80]
    assert told(retainer) == []


def test_one_write_is_one_message_with_the_highest(retainer) -> None:
    worked(retainer, "8h")
    assert told(retainer) == []
    worked(retainer, "13h")
    assert told(retainer) == [100]


def test_it_is_armed_again_when_use_falls_below(retainer) -> None:
    entry = worked(retainer, "16h")
    assert told(retainer) == [80]
    edit_entry(entry, work("2027-06-21", "15h"), by=None, now=NOW)
    assert told(retainer) == []
    edit_entry(entry, work("2027-06-21", "16:30"), by=None, now=NOW)
    assert told(retainer) == [80]


def test_a_top_up_arms_what_it_lifts_above_and_tells_nothing(retainer) -> None:
    worked(retainer, "16h")
    assert told(retainer) == [80]
    top_up(retainer, seconds=10 * HOUR, on=date(2027, 6, 21), by=None, now=NOW)
    assert told(retainer) == []
    worked(retainer, "8h")
    assert told(retainer) == [80]
    worked(retainer, "6h")
    assert told(retainer) == [100]


def test_a_threshold_that_is_past_when_it_is_added_tells_nobody(ada, retainer) -> None:
    worked(retainer, "16h")
    assert told(retainer) == [80]
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        path = f"/retainers/{retainer.ref}/alerts/change"
        form = {"thresholds": "50, 70, 80, 100", "tells_us": ["used"], "tells_sponsors": ["used"]}
        page = ada.post(path, form, follow=True).content.decode()
    assert "Already past, so nobody is told of it: 70 %." in page
    assert told(retainer) == []
    assert Watch.objects.get().thresholds == [50, 70, 80, 100]


def test_every_write_is_judged_by_the_state_it_left_however_late_that_is(retainer) -> None:
    entry = worked(retainer, "17h")
    edit_entry(entry, work("2027-06-21", "3h"), by=None, now=NOW)
    worked(retainer, "8h")
    assert told(retainer) == [80, 50]


def test_where_nothing_is_available_it_says_so_once(northlight, ada) -> None:
    retainer = a_retainer(northlight, hours=10, policy="deduct", starts="2027-05-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 5, 1, tzinfo=UTC))
    retainer.refresh_from_db()
    may = datetime(2027, 5, 20, 12, tzinfo=UTC)
    log(retainer, "2027-05-20", "25h", now=may)
    assert told(retainer, may) == [100]
    june = datetime(2027, 6, 2, 12, tzinfo=UTC)
    turn_the_day(june)
    assert told(retainer, june) == ["none"]
    log(retainer, "2027-06-02", "1h", now=june)
    assert told(retainer, june) == []


def test_of_a_cycle_in_grace_the_message_names_it(northlight, ada, mailbox: Mailbox) -> None:
    retainer = a_retainer(northlight, starts="2027-05-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 5, 1, tzinfo=UTC))
    retainer.refresh_from_db()
    june = datetime(2027, 6, 3, 12, tzinfo=UTC)
    log(retainer, "2027-05-20", "9h", now=june)
    assert told(retainer, june) == []
    log(retainer, "2027-05-21", "2h", now=june)
    assert told(retainer, june) == [50]
    send(june)
    assert (
        "May 2027, which closes on 11 June: 50 % of the hours are used: 11 of 20 h"
        in subject_of(mailbox.mails[0])
    )


def test_history_that_is_brought_in_is_no_news(northlight, ada) -> None:
    retainer = opened(a_retainer(northlight, starts="2027-01-01"), NOW)
    turn_the_day(NOW)
    watch_retainers(NOW)
    log(retainer, "2027-02-03", "30h")
    log(retainer, "2027-06-03", "2h")
    assert told(retainer) == []


def test_a_day_that_turns_counts_planned_lines_as_they_come(retainer) -> None:
    log(retainer, "2027-06-24", "16h")
    assert told(retainer) == []
    later = NOW + timedelta(days=2)
    turn_the_day(later)
    assert told(retainer, later) == [80]


def test_two_workers_tell_it_once(retainer) -> None:
    worked(retainer, "16h")
    assert [look_at([retainer.pk], NOW), look_at([retainer.pk], NOW)][1] == 0
    assert Alert.objects.filter(threshold=80).count() == 1


def test_the_provider_is_told_what_to_do_next_and_the_sponsor_only_where_wanted(
    ada, ben, ria, retainer, mailbox: Mailbox
) -> None:
    sponsor = Contact.objects.create(
        client=retainer.client, name="Sue", email="sue@acme.example", role="sponsor"
    )
    link = share([retainer], by=None)
    worked(retainer, "10h")
    told(retainer)
    assert send(NOW) == 2
    assert {mail["To"] for mail in mailbox.mails} == {
        "ada@northlight.example",
        "ben@northlight.example",
    }
    mail = mailbox.mails[0]
    assert subject_of(mail) == "50 % of the hours are used: 10 of 20 h · Acme, Coaching"
    text = text_of(mail).replace("\u00a0", " ")
    assert "Now: 10 of 20 h used · 10 h remain." in text
    assert "Ask for more hours before the work" in text
    assert f"https://hours.example/retainers/{retainer.ref}/requests" in text
    Watch.objects.update(tells_sponsors=["used"], tells_us=[])
    worked(retainer, "6h")
    told(retainer)
    assert send(NOW) == 1
    mail = mailbox.mails[-1]
    assert mail["To"] == sponsor.email
    assert f"https://hours.example{link.path}" in text_of(mail)
    assert "retainers/" not in text_of(mail)
    share([retainer], by=None)
    worked(retainer, "4h")
    told(retainer)
    send(NOW)
    assert "/r/" not in text_of(mailbox.mails[-1])


def test_one_click_mutes_and_the_next_mail_does_not_come(carl, retainer, mailbox: Mailbox) -> None:
    worked(retainer, "10h")
    told(retainer)
    send(NOW)
    mail = mailbox.mails[0]
    path = re.search(r"<https://hours\.example(/m/[^>]+)>", mail["List-Unsubscribe"])[1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "receives the alerts of it" in carl.get(path).content.decode()
    assert Listener.objects.get().muted_at is None
    assert carl.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    worked(retainer, "6h")
    assert told(retainer) == [80]
    assert send(NOW) == 0
    assert "Muted" in carl.get(path).content.decode()
    carl.post(path, {"do": "unmute"})
    worked(retainer, "4h")
    told(retainer)
    assert send(NOW) == 1
    assert carl.get("/m/" + "A" * 22).status_code == 404


def test_a_mail_that_waits_while_it_is_muted_is_dropped(carl, retainer, mailbox: Mailbox) -> None:
    worked(retainer, "10h")
    told(retainer)
    Listener.objects.update(muted_at=NOW)
    assert send(NOW) == 0
    assert Delivery.objects.get().state == "dropped"


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        ("2027-06-23", []),
        ("2027-06-24", ["expires"]),
        ("2027-06-28", ["expires", "resets"]),
    ],
)
def test_the_calendar_is_told_in_the_morning_and_once(northlight, ada, day, kinds) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-21", "2h", now=NOW)
    night = datetime.fromisoformat(f"{day}T00:30:00+00:00")
    turn_the_day(night)
    watch_retainers(night)
    watch_retainers(night + timedelta(hours=1))
    assert sorted(Alert.objects.exclude(kind="used").values_list("kind", flat=True)) == kinds
    assert {f"{row.due_at:%H:%M}" for row in Delivery.objects.all()} == (
        {"07:00"} if kinds else set()
    )
    assert Retainer.objects.get().pk == retainer.pk


def test_a_pace_that_is_too_fast_is_told_once_a_cycle(northlight, ada, mailbox: Mailbox) -> None:
    retainer = a_retainer(northlight)
    early = datetime(2027, 6, 8, 12, tzinfo=UTC)
    for day in ("2027-06-03", "2027-06-04", "2027-06-07"):
        log(retainer, day, "3h", now=early)
    watch_retainers(early)
    log(retainer, "2027-06-08", "30m", now=early)
    watch_retainers(early)
    assert list(Alert.objects.values_list("kind", flat=True)) == ["pace"]
    send(early)
    assert "At this pace the hours run out before the reset" in subject_of(mailbox.mails[0])
    assert "Ask for more hours now, while there is still time to decide." in text_of(
        mailbox.mails[0]
    )


def test_two_weeks_without_anything_new_are_told_and_again_after_the_next_spell(
    northlight, ada
) -> None:
    retainer = a_retainer(northlight, starts="2027-05-01")
    opened = datetime(2027, 5, 1, 9, tzinfo=UTC)
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=opened)
    retainer.refresh_from_db()
    log(retainer, "2027-05-03", "1h", now=opened + timedelta(days=2))
    for days in (15, 16, 17):
        turn_the_day(opened + timedelta(days=days))
        watch_retainers(opened + timedelta(days=days))
    assert list(Alert.objects.values_list("kind", flat=True)) == ["stale"]
    log(retainer, "2027-05-04", "1h", now=opened + timedelta(days=18))
    for days in (18, 31, 33):
        turn_the_day(opened + timedelta(days=days))
        watch_retainers(opened + timedelta(days=days))
    assert Alert.objects.filter(kind="stale").count() == 2


@pytest.mark.parametrize("thresholds", ["fifty", "0", "501", "50,,x", "1,2,3,4,5,6,7,8,9,10,11"])
def test_what_is_no_list_of_percentages_is_refused(ada, retainer, thresholds) -> None:
    answer = ada.post(f"/retainers/{retainer.ref}/alerts/change", {"thresholds": thresholds})
    assert (
        "Write whole numbers" in answer.content.decode() or "At most 10" in answer.content.decode()
    )
    assert Watch.objects.get().thresholds == [50, 80, 100]


def test_the_trail_has_everything_in_one_line_of_time(ada, retainer, mailbox: Mailbox) -> None:
    from hourtab.overage import services
    from hourtab.overage.services import Wish
    from hourtab.sharing.models import ViewDay

    link = share([retainer], by=None, label="For the CFO")
    ViewDay.objects.create(link=link, on=date(2027, 6, 22), views=3)
    carl = Contact.objects.create(
        client=retainer.client, name="Carl", email="carl@acme.example", role="approver"
    )
    wish = Wish("extra", 5 * HOUR, date(2027, 6, 22), date(2027, 6, 30), "Cohort", 9000)
    row = services.ask(
        retainer, wish, [carl], decide_by=NOW + timedelta(days=2), by=ada.member, now=NOW
    )
    send(NOW)
    services.decide(
        row,
        approver=row.approvers.get(),
        name="Carl",
        amount=5 * HOUR,
        now=NOW + timedelta(minutes=5),
    )
    worked(retainer, "16h", now=NOW + timedelta(minutes=6))
    told(retainer, NOW + timedelta(minutes=6))
    with time_machine.travel(NOW + timedelta(minutes=7), tick=False):
        ada.force_login(ada.member.user)
        page = ada.get(f"/retainers/{retainer.ref}/trail").content.decode().replace("\u00a0", " ")
        lines = (
            ada.get(f"/retainers/{retainer.ref}/trail.csv?cycle=2027-06-01")
            .content.decode("utf-8-sig")
            .splitlines()
        )
    for text in (
        "Request 1: asked",
        "Request 1: approved",
        "Extra hours approved",
        "Request for more hours: sent",
        "Alert: waiting",
        "Page opened 3 times",
        "For the CFO",
        "carl@acme.example",
    ):
        assert text in page, text
    assert lines[0] == "At (UTC),What,About,Who"
    assert len(lines) > 7
    assert [line[:10] for line in lines[1:]] == sorted(
        (line[:10] for line in lines[1:]), reverse=True
    )


def test_a_batch_asks_as_many_questions_for_twenty_retainers_as_for_two(
    northlight, ada, ben
) -> None:
    def questions(clients: int) -> int:
        rows = [
            opened(a_retainer(northlight, f"Client {clients} {i}"), NOW) for i in range(clients)
        ]
        turn_the_day(NOW)
        watch_retainers(NOW)
        for row in rows:
            Contact.objects.create(
                client=row.client, name="Sue", email="sue@acme.example", role="sponsor"
            )
            log(row, "2027-06-21", "16h")
        Watch.objects.update(tells_sponsors=["used"])
        with CaptureQueriesContext(connection) as asked:
            assert watch_retainers(NOW) == clients
        assert Delivery.objects.filter(state="waiting").count() == 3 * clients
        Delivery.objects.all().delete()
        return len(asked)

    assert questions(2) == questions(20) <= 30


def test_nothing_new_is_one_question(retainer) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert watch_retainers(NOW) == 0
    assert len(asked) == 2
