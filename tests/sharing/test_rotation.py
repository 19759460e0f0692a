"""A new address of a link: whoever had only the old one learns nothing of it, by mail neither."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from hourtab.accounts.models import Event
from hourtab.outbox.models import Delivery
from hourtab.retainers.models import Retainer
from hourtab.sharing import subscriptions
from hourtab.sharing.models import ShareLink, Subscription
from hourtab.sharing.services import rotate_link, share
from hourtab.showing.digest import queue_digests
from tests.builders import NOW, a_retainer, log
from tests.mailbox import send, text_of

pytestmark = pytest.mark.django_db

MONDAY = datetime(2027, 6, 28, 7, tzinfo=UTC)
CFO, THIEF = "cfo@brightwater.example", "thief@evil.example"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    retainer = a_retainer(northlight, "Brightwater", "ERP programme", starts="2027-05-01")
    log(retainer, "2027-06-03", "2h", "Interviews")
    return retainer


@pytest.fixture
def link(retainer, mailbox) -> ShareLink:
    return share([retainer], by=None)


def subscribed(link: ShareLink, to: str) -> Subscription:
    subscriptions.ask(link, to, "week", now=NOW)
    row = Subscription.objects.get(to=to)
    assert subscriptions.confirm(row, "week", now=NOW)
    Delivery.objects.all().delete()
    return Subscription.objects.get(pk=row.pk)


@pytest.mark.parametrize("grace", [None, timedelta(days=7)])
def test_a_new_address_is_mailed_to_nobody_who_subscribed_with_the_old_one(
    link, mailbox, carl, grace
) -> None:
    thief = subscribed(link, THIEF)
    subscriptions.ask(link, "waiting@evil.example", "week", now=NOW)
    waiting = Subscription.objects.get(to="waiting@evil.example")
    Delivery.objects.all().delete()
    queue_digests(MONDAY)
    rotate_link(link, grace=grace, now=NOW)
    for row in (thief, waiting):
        carl.post(row.path)
        assert "receives no mail from here" in carl.get(row.path).content.decode()
    assert queue_digests(MONDAY) == 0
    assert send(MONDAY + timedelta(minutes=1)) == 0
    assert mailbox.mails == []


def test_a_former_address_takes_no_subscriber_and_offers_nothing(link, carl, mailbox) -> None:
    old = link.path
    link = rotate_link(link, grace=timedelta(days=7), now=NOW)
    assert "Get this by mail" not in carl.get(f"{old}?page=1").content.decode()
    assert carl.get(f"{old}?subscribe").status_code == 404
    assert carl.post(f"{old}?subscribe", {"to": THIEF}).status_code == 404
    assert not Subscription.objects.exists()
    assert "Get this by mail" in carl.get(f"{link.path}?page=1").content.decode()
    assert carl.post(f"{link.path}?subscribe", {"to": CFO}).status_code == 200
    assert Subscription.objects.count() == 1


def test_a_wish_that_crosses_a_rotation_comes_too_late(link) -> None:
    seen = ShareLink.objects.get(pk=link.pk)
    rotate_link(link, now=NOW)
    subscriptions.ask(seen, THIEF, "week", now=NOW)
    assert not Subscription.objects.exists()


def test_a_confirmation_that_crosses_a_rotation_comes_too_late(link) -> None:
    subscriptions.ask(link, THIEF, "week", now=NOW)
    seen = subscriptions.find(Subscription.objects.get().token)
    rotate_link(link, now=NOW)
    assert not subscriptions.confirm(seen, "week", now=NOW)
    assert not Subscription.objects.get().is_standing


def test_who_rotates_sees_the_addresses_and_may_keep_some(link, ada, mailbox, retainer) -> None:
    kept, left = subscribed(link, CFO), subscribed(link, THIEF)
    said = ada.get(f"/retainers/{retainer.ref}/links").content.decode()
    assert CFO in said
    assert THIEF in said
    answer = ada.post(f"/links/{link.pk}/rotate", {"grace": "0", "keep": [kept.pk]})
    assert answer.status_code == 302
    assert {row.to: row.is_standing for row in Subscription.objects.all()} == {
        CFO: True,
        THIEF: False,
    }
    assert left.pk != kept.pk
    assert queue_digests(MONDAY) == 1
    assert send(MONDAY) == 1
    assert ShareLink.objects.get().path in text_of(mailbox.wait_for(1))


def test_keeping_means_only_who_has_it_by_mail_from_this_link(link, retainer, mailbox) -> None:
    other = subscribed(share([retainer], by=None), "board@brightwater.example")
    subscriptions.ask(link, THIEF, "week", now=NOW)
    unconfirmed = Subscription.objects.get(to=THIEF)
    rotate_link(link, keep=[other.pk, unconfirmed.pk], now=NOW)
    assert Subscription.objects.get(pk=other.pk).is_standing
    assert not subscriptions.confirm(
        subscriptions.find(unconfirmed.token), "week", now=NOW + timedelta(hours=1)
    )


def test_the_provider_ends_one_subscription(link, ada, ria, olga, carl, retainer) -> None:
    row, other = subscribed(link, CFO), subscribed(link, THIEF)
    path = f"/links/{link.pk}/subscriptions/{other.pk}/end"
    assert ria.post(path).status_code == 403
    assert olga.post(path).status_code == 404
    assert ada.get(path).status_code == 405
    foreign = share([retainer], by=None)
    assert ada.post(f"/links/{foreign.pk}/subscriptions/{other.pk}/end").status_code == 404
    assert ada.post(path).status_code == 302
    assert [Subscription.objects.get(pk=one.pk).is_standing for one in (row, other)] == [
        True,
        False,
    ]
    carl.post(other.path)
    assert not Subscription.objects.get(pk=other.pk).is_standing, "it is not theirs to resume"
    event = Event.objects.latest("pk")
    assert (event.kind, event.changes) == ("link_changed", {"digests_by_mail": [2, 1]})
    said = ada.get(f"/retainers/{retainer.ref}/links").content.decode()
    assert "Ended. thief@evil.example gets no more of these mails." in said
    said = ada.get(f"/retainers/{retainer.ref}/links").content.decode()
    assert THIEF not in said
    assert CFO in said


def test_who_ended_it_has_it_again_only_by_asking_again(link, carl, mailbox) -> None:
    row = subscribed(link, CFO)
    carl.post(f"{row.path}/end")
    carl.post(row.path)
    assert not Subscription.objects.get().is_standing
    later = NOW + timedelta(minutes=11)
    with time_machine.travel(later, tick=False):
        subscriptions.ask(link, CFO, "week", now=later)
        carl.post(row.path)
    assert Subscription.objects.get().is_standing
