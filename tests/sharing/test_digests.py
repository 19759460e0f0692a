"""Digests by mail: asked for on the page, confirmed from the mailbox, ended with one click, over a
real SMTP server.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from hourtab.outbox.jobs import PAUSES, forget_old
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue, send_again
from hourtab.retainers.models import Retainer
from hourtab.schedule import send_mails
from hourtab.sharing import subscriptions
from hourtab.sharing.models import ShareLink, Shown, Subscription
from hourtab.sharing.services import change_link, revoke_link, rotate_link, share
from hourtab.showing.digest import queue_digests
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, send, subject_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def retainer(northlight) -> Retainer:
    retainer = a_retainer(northlight, "Brightwater", "ERP programme", starts="2027-05-01")
    log(retainer, "2027-05-03", "19h", "Kick-off", now=datetime(2027, 5, 3, 12, tzinfo=UTC))
    log(retainer, "2027-06-03", "2h", "Interviews")
    log(retainer, "2027-06-18", "3h 30m", "Vendor\ncall", category="Vendor")
    return retainer


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=UTC)


def subscribe(carl, link, to="cfo@brightwater.example", rhythm="week"):
    return carl.post(f"{link.path}?subscribe", {"to": to, "rhythm": rhythm})


def confirmed(link, rhythm="week", on: datetime = NOW) -> Subscription:
    subscriptions.ask(link, "cfo@brightwater.example", rhythm, now=on)
    row = Subscription.objects.get()
    assert subscriptions.confirm(row, rhythm, now=on)
    Delivery.objects.all().delete()
    return Subscription.objects.get()


def test_a_workspace_asks_two_hundred_times_a_day_and_one_address_five_times(
    northlight, link, retainer
) -> None:
    for n in range(10):
        for rhythm in ("week", "cycle"):
            now = NOW + timedelta(minutes=11 * n)
            subscriptions.ask(link, "cfo@brightwater.example", rhythm, now=now)
    asked = Delivery.objects.filter(kind="confirm")
    assert asked.count() == 5
    for _ in range(5):
        another = share([retainer], by=None)
        for m in range(50):
            subscriptions.ask(another, f"{another.pk}-{m}@victims.example", "week", now=NOW)
    assert asked.count() == 200
    subscriptions.ask(link, "coo@brightwater.example", "week", now=NOW + timedelta(days=2))
    assert asked.count() == 201


def test_the_whole_way_from_the_page_to_the_end(carl, link, mailbox: Mailbox) -> None:
    with time_machine.travel(NOW, tick=False):
        assert "Get this by mail" in carl.get(f"{link.path}?page=1").content.decode()
        said = subscribe(carl, link, "CFO@Brightwater.example").content.decode()
        assert "If CFO@Brightwater.example is right, a mail is on its way there." in said
        assert send_mails(NOW) == 1
    mail = mailbox.wait_for(1)
    assert (mail["To"], subject_of(mail)) == (
        "cfo@brightwater.example",
        "Confirm: hours of Brightwater by mail",
    )
    assert mail["From"].startswith("Northlight <")
    path = re.search(r"https://hours\.example(/d/\S+)", text_of(mail))[1]
    assert path in text_of(mail, "text/html")

    with time_machine.travel(NOW, tick=False):
        assert "Yes, confirm" in carl.get(path).content.decode()
        assert not Subscription.objects.get().is_standing, (
            "whoever only looks at a mail's links confirms nothing"
        )
        assert "receives the balance every week" in carl.post(path).content.decode()
    assert queue_digests(at("06-27T08:00")) == 0, "a week begins on Monday here"
    assert queue_digests(at("06-28T06:59")) == 0
    assert queue_digests(at("06-28T07:00")) == 1
    assert queue_digests(at("06-30T07:00")) == 0
    assert send(at("06-28T07:01")) == 1
    mail = mailbox.wait_for(2)
    assert subject_of(mail) == "5 h 30 m of 20 h used · 14 h 30 m remain · Brightwater"
    text = text_of(mail).replace("\u00a0", " ")
    assert text.startswith("5 h 30 m of 20 h used · 14 h 30 m remain\nERP programme\n")
    assert "Resets: 1 July, in 3 days" in text
    assert "  3 h 30 m  Vendor call" not in text, "it was more than a week ago"
    assert f"https://hours.example{link.path}" in text
    assert "text/html" in [part.get_content_type() for part in mail.walk()]

    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    end = mail["List-Unsubscribe"].strip("<>").removeprefix("https://hours.example")
    assert "End these mails" in carl.get(end).content.decode()
    assert Subscription.objects.get().is_standing
    assert carl.post(end, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscription.objects.get().is_standing
    assert queue_digests(at("07-05T07:00")) == 0


def test_a_digest_at_the_end_of_a_cycle_says_how_it_ended(link, mailbox) -> None:
    confirmed(link, "cycle")
    assert queue_digests(at("06-30T23:00")) == 0
    assert queue_digests(at("07-01T07:00")) == 1
    assert queue_digests(at("07-02T07:00")) == 0
    assert send(at("07-01T07:01")) == 1
    text = text_of(mailbox.wait_for(1)).replace("\u00a0", " ")
    assert "0 of 20 h used · 20 h remain" in text
    assert "June 2027: 5 h 30 m of 20 h used · 14 h 30 m remain" in text
    assert "Friday 18 June\n  3 h 30 m  Vendor call\nThursday 3 June\n  2 h  Interviews\n" in text
    assert queue_digests(at("08-01T07:00")) == 1


def test_each_cycle_of_a_link_is_told_once_when_it_ends(link, mailbox, northlight) -> None:
    other = a_retainer(northlight, "Brightwater", "Helpdesk", starts="2027-06-03")
    Shown.objects.create(link=link, retainer=other, position=1)
    confirmed(link, "cycle")
    queued = [queue_digests(at(f"07-{day:02d}T08:00")) for day in range(1, 15)]
    assert queued == [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert send(at("07-03T08:01")) == 2
    first, second = sorted(text_of(mail).replace("\u00a0", " ") for mail in box_of(mailbox, 2))
    assert "June 2027: 5 h 30 m of 20 h used" in first + second
    assert len(re.findall(r"3 Jun\W+2 Jul 2027: 0 of 20 h used", first + second)) == 1


def box_of(mailbox: Mailbox, count: int) -> list:
    mailbox.wait_for(count)
    return mailbox.mails


def test_a_digest_shows_what_the_link_shows_in_its_language(link, mailbox) -> None:
    confirmed(link)
    change_link(link, shows_categories=True, shows_descriptions=False, locale="de-DE")
    assert queue_digests(at("06-28T07:00")) == 1
    log(
        Retainer.objects.get(),
        "2027-06-25",
        "1h",
        "Secret thing",
        category="Vendor",
        now=at("06-25T12:00"),
    )
    assert send(at("06-28T07:01")) == 1
    text = text_of(mailbox.wait_for(1)).replace("\u00a0", " ")
    assert "6 h 30 min von 20 h verbraucht" in text, "it is rendered when it is sent"
    assert "Freitag, 25. Juni\n  1 h  Vendor" in text
    assert "Secret" not in text
    assert "Diese E-Mails beenden" in text


def test_two_workers_at_once_queue_a_digest_once(link) -> None:
    confirmed(link)
    assert [queue_digests(at("06-28T07:00")) for _ in range(3)] == [1, 0, 0]
    assert Delivery.objects.count() == 1


def test_nothing_in_the_outbox_tells_an_address_of_a_page(carl, link) -> None:
    row = confirmed(link)
    queue_digests(at("06-28T07:00"))
    kept = str(list(Delivery.objects.values())) + str(
        list(Subscription.objects.values("nonce", "token_digest"))
    )
    for token in (link.token, row.token):
        assert token not in kept


def test_what_is_no_longer_wanted_is_dropped(link, mailbox) -> None:
    row = confirmed(link)
    queue_digests(at("06-28T07:00"))
    subscriptions.end(row, now=at("06-28T07:00"))
    assert send(at("06-28T07:01")) == 0
    assert Delivery.objects.get().state == "dropped"
    Delivery.objects.all().delete()
    Subscription.objects.update(ended_at=None)
    queue_digests(at("06-28T07:00"))
    revoke_link(link, now=NOW)
    assert send(at("06-28T07:01")) == 0
    assert Delivery.objects.get().state == "dropped"
    assert mailbox.mails == []


def test_a_digest_names_the_address_the_link_has_now(link, mailbox) -> None:
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    fresh = rotate_link(link, keep=[Subscription.objects.get().pk])
    send(at("06-28T07:01"))
    assert fresh.path in text_of(mailbox.wait_for(1))


def test_asking_is_bounded_and_says_the_same_to_everybody(carl, link, mailbox) -> None:
    with time_machine.travel(NOW, tick=False):
        first = subscribe(carl, link).content
        assert subscribe(carl, link).content == first
        assert Delivery.objects.count() == 1
        subscriptions.confirm(Subscription.objects.get(), "week", now=NOW)
        assert subscribe(carl, link).content == first, "nobody learns who has one"
        assert Delivery.objects.count() == 1
        for i in range(subscriptions.MOST_A_LINK + 5):
            subscribe(carl, link, f"person{i}@brightwater.example")
    assert Subscription.objects.count() == subscriptions.MOST_A_LINK
    with time_machine.travel(NOW, tick=False):
        wrong = subscribe(carl, link, "no address")
    assert wrong.status_code == 422
    assert "Write an e-mail address like name@example.com." in wrong.content.decode()


def test_a_wish_that_was_not_confirmed_ends(carl, link) -> None:
    with time_machine.travel(NOW, tick=False):
        subscriptions.ask(link, "cfo@brightwater.example", "week", now=NOW)
    path = Subscription.objects.get().path
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        carl.post(path)
        assert not Subscription.objects.get().is_standing
        assert "receives no mail from here" in carl.get(path).content.decode()
    assert subscriptions.forget_unconfirmed(NOW + timedelta(days=8)) == 1
    assert carl.get(path).status_code == 404
    assert (
        carl.get("/d/" + "A" * 22).status_code
        == carl.post("/d/" + "A" * 22 + "/end").status_code
        == 404
    )


def test_a_link_without_digests_takes_no_subscriber(carl, link, mailbox, settings) -> None:
    change_link(link, takes_subscribers=False)
    assert subscribe(carl, link).status_code == 404
    assert b"Get this by mail" not in carl.get(f"{link.path}?page=1").content
    change_link(link, takes_subscribers=True)
    settings.EMAIL_URL = ""
    assert subscribe(carl, link).status_code == 404, "where no mail goes out, none is promised"


def test_mail_goes_only_with_the_transaction_that_wanted_it(northlight) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue(
            northlight, Delivery.Kind.DIGEST, about=1, occasion="x", target="a@b.example", now=NOW
        )
        raise ZeroDivisionError
    assert not Delivery.objects.exists()
    for expected in (True, False):
        assert (
            queue(
                northlight,
                Delivery.Kind.DIGEST,
                about=1,
                occasion="x",
                target="a@b.example",
                now=NOW,
            )
            is expected
        )
    assert Delivery.objects.count() == 1


def test_a_server_that_is_busy_is_asked_again_with_growing_pauses(link, mailbox, ada) -> None:
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    mailbox.refusals = [("", "451 try later")] * 3
    now = at("06-28T07:00")
    for attempt in range(3):
        assert send(now) == 0
        message = Delivery.objects.get()
        assert (message.state, message.attempts, message.due_at) == (
            "waiting",
            attempt + 1,
            now + PAUSES[attempt],
        )
        assert "451" in message.problem
        assert send(now + PAUSES[attempt] - timedelta(seconds=1)) == 0
        now += PAUSES[attempt]
    assert send(now) == 1
    assert Delivery.objects.get().state == "sent"
    assert (
        mailbox.wait_for(1)["Message-ID"] == f"<{Delivery.objects.get().message_id}@hours.example>"
    )


def test_an_address_that_does_not_exist_fails_at_once_and_can_be_tried_anew(
    link, mailbox, ada, ria, olga
) -> None:
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    mailbox.refusals = [("cfo@brightwater.example", "550 no such user")]
    assert send(at("06-28T07:00")) == 0
    message = Delivery.objects.get()
    assert message.state == "failed"
    said = ada.get("/settings/mail").content.decode()
    assert "550 no such user" in said
    assert "cfo@brightwater.example" in said
    assert b"brightwater" not in olga.get("/settings/mail").content
    assert ria.get("/settings/mail").status_code == 403
    assert olga.post(f"/settings/mail/{message.pk}/again").status_code == 404
    assert ada.post(f"/settings/mail/{message.pk}/again").status_code == 302
    with time_machine.travel(at("06-28T08:00"), tick=False):
        send_again(message, at("06-28T08:00"))
    assert send(at("06-28T08:00")) == 1


def test_a_server_that_is_down_for_days_loses_nothing_until_all_attempts_are_over(
    link, settings
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    }
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    now = at("06-28T07:00")
    for pause in PAUSES:
        assert send(now) == 0
        assert Delivery.objects.get().state == "waiting"
        now += pause
    assert send(now) == 0
    assert Delivery.objects.get().state == "failed"
    assert now - at("06-28T07:00") > timedelta(days=3)
    assert forget_old(now) == 0
    assert forget_old(now + timedelta(days=181)) == 1


def test_a_server_that_is_down_is_asked_once_a_round(link, settings, northlight) -> None:
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    }
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    row = Subscription.objects.get()
    for i in range(3):
        queue(
            northlight,
            Delivery.Kind.DIGEST,
            about=row.pk,
            occasion=f"x{i}",
            target=row.to,
            now=at("06-28T07:00"),
        )
    assert send(at("06-28T07:00")) == 0
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1]
    assert not Delivery.objects.filter(due_at__lte=at("06-28T07:00")).exists()


def test_a_mail_that_a_worker_left_behind_is_taken_up_again_with_the_same_id(link, mailbox) -> None:
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    message = Delivery.objects.get()
    Delivery.objects.update(leased_until=at("06-28T07:03"))
    assert send(at("06-28T07:01")) == 0, "another worker has it"
    assert send(at("06-28T07:04")) == 1
    assert message.message_id in mailbox.wait_for(1)["Message-ID"]


def test_a_text_that_breaks_the_rendering_stops_no_other_mail(link, mailbox, northlight) -> None:
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    queue(
        northlight,
        Delivery.Kind.CONFIRM,
        about=999,
        occasion="week x",
        target="x@y.example",
        now=at("06-28T06:00"),
    )
    assert send(at("06-28T07:01")) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent", "dropped"}


def test_a_header_cannot_be_smuggled_in_by_a_name(northlight, carl, mailbox) -> None:
    retainer = a_retainer(northlight, "Evil\r\nBcc: all@world.example", "X", starts="2027-06-01")
    link = share([retainer], by=None)
    confirmed(link)
    queue_digests(at("06-28T07:00"))
    assert send(at("06-28T07:01")) == 1
    assert mailbox.wait_for(1)["Bcc"] is None
