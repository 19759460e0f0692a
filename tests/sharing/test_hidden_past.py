"""Past cycles that a link hides are nowhere to be read from it."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Entry
from hourtab.ledger.verbs.log import edit_entry
from hourtab.retainers.models import Retainer
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import change_link, rotate_link, share
from tests.builders import NOW, a_retainer, log, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    """April and May are closed."""
    retainer = a_retainer(northlight, "Brightwater", "ERP programme", starts="2027-04-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 4, 1, tzinfo=UTC))
    log(retainer, "2027-04-05", "3h", "Old work", now=datetime(2027, 4, 5, 12, tzinfo=UTC))
    turn_the_day(NOW)
    log(retainer, "2027-06-03", "2h", "Interviews")
    return Retainer.objects.get(pk=retainer.pk)


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None, shows_past=False, has_feeds=True)


FORMS = ("", "?as=json", "?as=csv", "?as=pdf", "?check", "?version=1", "?logo=x")


def test_a_statement_answers_only_where_the_link_shows_past_cycles(carl, retainer, link) -> None:
    path = statement_path(link, retainer.ref, 1)
    assert [carl.get(path + form).status_code for form in FORMS] == [404] * len(FORMS)
    change_link(link, shows_past=True)
    assert carl.get(path).status_code == 200
    change_link(link, shows_past=False)
    assert carl.get(path).status_code == 404, "an address that was known before"
    change_link(link, shows_past=True, shows_documents=False)
    assert carl.get(path).status_code == 404


def test_the_address_of_a_statement_does_not_follow_from_the_link(retainer, link) -> None:
    mac = hmac.new(
        link.token.encode(), f"statement\0{retainer.ref}\0{1}".encode(), hashlib.sha256
    ).digest()
    own = base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()
    assert own not in statement_path(link, retainer.ref, 1)
    assert link.token not in statement_path(link, retainer.ref, 1)


def test_the_address_of_a_statement_is_new_with_the_address_of_its_link(retainer, link) -> None:
    before = statement_path(link, retainer.ref, 1)
    assert statement_path(rotate_link(link), retainer.ref, 1) != before
    other = share([retainer], by=None)
    assert statement_path(other, retainer.ref, 1) != before


def test_a_former_address_ends_with_the_past_cycles_too(carl, retainer, link) -> None:
    change_link(link, shows_past=True)
    link = ShareLink.objects.get(pk=link.pk)
    old = statement_path(link, retainer.ref, 1)
    rotate_link(link, grace=timedelta(days=7), now=NOW)
    assert carl.get(old).status_code == 200
    change_link(link, shows_past=False)
    assert carl.get(old).status_code == 404


def test_the_calendar_names_no_reference_of_the_retainer(carl, retainer, link) -> None:
    said = carl.get(f"{link.path}?feed=calendar").content.decode()
    assert retainer.ref not in said
    ids = re.findall(r"UID:(\S+)", said)
    assert len(ids) == len(set(ids)) >= 12
    other = share([retainer], by=None, has_feeds=True)
    assert not set(ids) & set(
        re.findall(r"UID:(\S+)", carl.get(f"{other.path}?feed=calendar").content.decode())
    )


def test_a_correction_tells_no_text_of_a_past_cycle(carl, retainer, link) -> None:
    edit_entry(
        Entry.objects.get(on="2027-04-05"),
        work("2027-04-05", "4h", "Renamed work"),
        by=None,
        now=NOW,
    )
    page = carl.get(f"{link.path}?page=1").content.decode().replace("\u00a0", " ")
    assert "Corrects “–” of 5 April, whose cycle was closed, by +1 h." in page
    for form in ("?as=json", "?q=work"):
        assert "“Renamed work”" not in carl.get(link.path + form).content.decode()
    change_link(link, shows_past=True)
    page = carl.get(f"{link.path}?page=1").content.decode().replace("\u00a0", " ")
    assert "Corrects “Renamed work” of 5 April" in page
