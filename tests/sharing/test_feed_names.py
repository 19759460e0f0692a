"""Names in feeds: whatever they are, a feed is well-formed and says nothing that they smuggle in."""

import json
from xml.etree import ElementTree

import pytest
import time_machine
from icalendar import Calendar

from hourtab.clients.models import Client
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from tests.builders import NOW, a_retainer

pytestmark = pytest.mark.django_db

NAMES = (
    "Cl\nX",
    "Cl\r\nX",
    "Cl\rATTACH:http://evil.example/x",
    "Cl\nEND:VCALENDAR\nBEGIN:VCALENDAR",
    "a\\nb; c, d: e\\",
    "Cl\x0bX\x0cY\x85Z\u2028W",
    "Cl\x08X",
    'Cl";X=1:',
    "日本語" * 40,
    "\t \n",
)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def link(northlight) -> ShareLink:
    return share([a_retainer(northlight)], by=None, has_feeds=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_one_text_in_every_feed(carl, link, name) -> None:
    Client.objects.update(name=name)
    Retainer.objects.update(name=name)
    answer = carl.get(f"{link.path}?feed=calendar")
    assert answer.status_code == 200
    assert b"\nATTACH" not in answer.content.replace(b"\r", b"\n")
    assert answer.content.replace(b"\r\n", b"").count(b"\r") == 0
    assert answer.content.count(b"\nEND:VCALENDAR") == 1
    (calendar,) = Calendar.from_ical(answer.content, multiple=True)
    shown = " ".join(name.replace("\x08", " ").split())
    assert str(calendar["x-wr-calname"]) == f"{shown} · Northlight".strip()
    events = calendar.walk("VEVENT")
    assert len(events) >= 12
    assert all(set(event) <= _KNOWN for event in events)
    assert str(events[-1]["summary"]).replace("\u00a0", " ") == f"{shown} resets: 20 h".strip()
    ElementTree.fromstring(carl.get(f"{link.path}?feed=badge").content)
    assert json.loads(carl.get(f"{link.path}?feed=json").content)["client"] == name


_KNOWN = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "TRANSP"}
