"""Digests by the hundred: one bad row stops no other, and a digest reads the terms once."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.outbox.models import Delivery
from hourtab.retainers.models import Retainer
from hourtab.sharing import subscriptions
from hourtab.sharing.models import Shown, Subscription
from hourtab.sharing.services import share
from hourtab.showing.digest import digest, queue_digests
from tests.builders import NOW, a_retainer, log

pytestmark = pytest.mark.django_db

MONDAY = datetime(2027, 6, 28, 7, tzinfo=UTC)


def subscribed(retainer: Retainer, to: str) -> Subscription:
    link = share([retainer], by=None)
    subscriptions.ask(link, to, "week", now=NOW)
    row = Subscription.objects.get(to=to)
    assert subscriptions.confirm(row, "week", now=NOW)
    Delivery.objects.all().delete()
    return row


def test_one_bad_row_stops_no_other_digest(northlight, caplog) -> None:
    names = ("First", "Lost", "Bare", "Last")
    retainers = [a_retainer(northlight, name, name) for name in names]
    rows = [subscribed(one, f"{one.name}@client.example".lower()) for one in retainers]
    Retainer.objects.filter(name="Lost").update(zone="Atlantis/Nowhere")
    Shown.objects.filter(retainer__name="Bare").delete()
    assert queue_digests(MONDAY) == 2
    assert set(Delivery.objects.values_list("target", flat=True)) == {
        "first@client.example",
        "last@client.example",
    }
    assert f"queue digests: row {rows[1].pk}" in caplog.text
    assert "client.example" not in caplog.text
    assert queue_digests(MONDAY) == 0


def test_a_digest_of_thirty_lines_reads_the_terms_once(northlight) -> None:
    retainer = a_retainer(northlight, rollover=1, starts="2027-05-01")
    for minute in range(30):
        log(retainer, "2027-06-25", "10m", f"Line {minute}", now=datetime(2027, 6, 25, tzinfo=UTC))
    row = subscribed(retainer, "cfo@client.example")
    message = Delivery(about=row.pk, occasion="week 2027-06-28")
    with (
        time_machine.travel(MONDAY, tick=False),
        CaptureQueriesContext(
            connection,
        ) as asked,
    ):
        assert "Line 29" in digest(message).text
    of_terms = [one["sql"] for one in asked if 'FROM "retainers_terms' in one["sql"]]
    assert len(of_terms) == 1
    assert len(asked) < 40
