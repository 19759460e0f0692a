"""What machines read from a link."""

import json
from datetime import date

import pytest
import time_machine
from icalendar import Calendar

from hourtab.core.amounts import HOUR
from hourtab.ledger.verbs.log import top_up
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import change_link, share
from tests.builders import NOW, a_retainer, log

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    retainer = a_retainer(
        northlight,
        "Brightwater & Söhne",
        "ERP <programme>",
        starts="2027-06-01",
        zone="Europe/Berlin",
    )
    log(retainer, "2027-06-03", "12h 30m", "Secret work", category="Secret kind", person="Mara")
    return retainer


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None, has_feeds=True)


def test_feeds_are_there_only_where_the_provider_switched_them_on(carl, link) -> None:
    for feed in ("json", "calendar", "badge"):
        assert carl.get(f"{link.path}?feed={feed}").status_code == 200
    assert carl.get(f"{link.path}?feed=other").status_code == 404
    change_link(link, has_feeds=False)
    for feed in ("json", "calendar", "badge"):
        assert carl.get(f"{link.path}?feed={feed}").status_code == 404
    assert b"?feed=" not in carl.get(f"{link.path}?page=1").content


def test_the_figures_as_json(carl, link, retainer) -> None:
    answer = carl.get(f"{link.path}?feed=json")
    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    said = json.loads(answer.content)
    assert said == {
        "format": "hourtab-balance/1",
        "provider": "Northlight",
        "client": "Brightwater & Söhne",
        "retainers": [
            {
                "name": "ERP <programme>",
                "unit": "hour",
                "as_of": "2027-06-22",
                "updated_at": "2027-06-22T14:05:00+00:00",
                "cycle": {
                    "starts_on": "2027-06-01",
                    "ends_on": "2027-06-30",
                    "resets_on": "2027-07-01",
                    "state": "open",
                    "available": 20 * HOUR,
                    "carried_in": 0,
                    "used": 45000,
                    "remaining": 27000,
                    "over": 0,
                    "planned": 0,
                    "would_expire": 27000,
                },
                "level": "enough",
                "text": "12 h 30 m of 20 h used · 7 h 30 m remain",
            }
        ],
    }
    assert (
        carl.get(f"{link.path}?feed=json", headers={"if-none-match": answer["ETag"]}).status_code
        == 304
    )
    top_up(retainer, seconds=HOUR, on=date(2027, 6, 3), by=None, now=NOW)
    assert (
        carl.get(f"{link.path}?feed=json", headers={"if-none-match": answer["ETag"]}).status_code
        == 200
    )


def test_the_calendar_names_resets_and_what_would_expire(carl, link) -> None:
    answer = carl.get(f"{link.path}?feed=calendar")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    events = {
        (event.decoded("dtstart"), str(event["summary"]).replace("\u00a0", " "))
        for event in Calendar.from_ical(answer.content).walk("VEVENT")
    }
    assert (date(2027, 6, 30), "ERP <programme>: 7 h 30 m expire unless used") in events
    assert (date(2027, 7, 1), "ERP <programme> resets: 20 h") in events
    assert (date(2028, 6, 1), "ERP <programme> resets: 20 h") in events
    assert len(events) == 13
    assert link.token not in answer.content.decode(), (
        "a calendar is passed on; the address stays where it is"
    )
    ids = [
        str(event["uid"])
        for event in Calendar.from_ical(carl.get(f"{link.path}?feed=calendar").content).walk(
            "VEVENT"
        )
    ]
    assert ids == [str(event["uid"]) for event in Calendar.from_ical(answer.content).walk("VEVENT")]
    assert len(set(ids)) == 13


def test_the_calendar_of_what_ends_ends(carl, northlight) -> None:
    retainer = a_retainer(northlight, "Short", starts="2027-06-01")
    Retainer.objects.filter(pk=retainer.pk).update(ends_on=date(2027, 7, 31))
    link = share([Retainer.objects.get(pk=retainer.pk)], by=None, has_feeds=True)
    events = Calendar.from_ical(carl.get(f"{link.path}?feed=calendar").content).walk("VEVENT")
    assert [(event.decoded("dtstart"), str(event["summary"])) for event in events][-1] == (
        date(2027, 7, 31),
        "Coaching ends",
    )
    assert len([event for event in events if "resets" in str(event["summary"])]) == 1


def test_the_badge_is_a_picture_with_words_for_every_retainer(carl, link, northlight) -> None:
    other = a_retainer(northlight, "Brightwater & Söhne", "Helpdesk", hours=8, starts="2027-06-01")
    log(other, "2027-06-03", "9h")
    both = share(
        [*Retainer.objects.filter(name="ERP <programme>"), other],
        by=None,
        has_feeds=True,
        locale="de-DE",
    )
    answer = carl.get(f"{both.path}?feed=badge")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    svg = answer.content.decode().replace("\u00a0", " ")
    assert "ERP &lt;programme&gt;" in svg
    assert "12 h 30 min von 20 h verbraucht · 7 h 30 min übrig" in svg
    assert "9 von 8 h verbraucht · 1 h darüber" in svg
    assert " style=" not in svg
    assert "<script" not in svg


def test_no_feed_tells_what_was_done_or_by_whom(carl, link) -> None:
    for feed in ("json", "calendar", "badge"):
        said = carl.get(f"{link.path}?feed={feed}").content.decode()
        for secret in ("Secret work", "Secret kind", "Mara"):
            assert secret not in said


def test_before_its_start_there_is_nothing_to_count(carl, northlight) -> None:
    link = share([a_retainer(northlight, "Later", starts="2027-07-01")], by=None, has_feeds=True)
    said = json.loads(carl.get(f"{link.path}?feed=json").content)["retainers"][0]
    assert (said["cycle"], said["text"].replace("\u00a0", " ")) == (None, "Starts on 1 July 2027")
    assert carl.get(f"{link.path}?feed=calendar").status_code == 200
    assert b"Starts on" in carl.get(f"{link.path}?feed=badge").content
