"""A canary under each option of a link: taken off, nothing of what it covers is in any public
answer, of any kind, nor in a digest.
"""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR, Rounding
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.verbs.close import reopen_cycle
from hourtab.ledger.verbs.log import edit_entry
from hourtab.ledger.verbs.plan import plan_work
from hourtab.outbox.models import Delivery
from hourtab.overage import services as requests
from hourtab.overage.services import Wish
from hourtab.retainers.models import Retainer
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import change_link, share
from hourtab.showing.digest import digest
from tests.builders import NOW, a_retainer, log, work
from tests.pdf import text_of_pdf
from tests.sharing.test_canaries import crawl

pytestmark = pytest.mark.django_db

COVERED = {
    "shows_descriptions": ("canary text",),
    "shows_categories": ("canary kind",),
    "shows_people": ("canary person",),
    "shows_projects": ("canary project",),
    "shows_courtesy": ("canary courtesy",),
    "shows_worked": ("1 h 25 m", "1:25", "5100", "200 %: "),
    "shows_past": ("canary past", "/s/", "Past cycles"),
    "shows_documents": ("SHA-256", "Fingerprint", "hourtab-public/1", "/s/", "as=pdf", "as=csv"),
    "shows_requests": ("2 h 34 m",),
}
NEVER = ("22:17", "10:17", "canary internal")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight, ada) -> Retainer:
    retainer = a_retainer(
        northlight, "Brightwater", "ERP", starts="2027-05-01", rounding=Rounding(900)
    )
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 5, 1, tzinfo=UTC))
    in_may = datetime(2027, 5, 5, 12, tzinfo=UTC)
    log(retainer, "2027-05-05", "3h", "canary past and canary text", now=in_may)
    turn_the_day(NOW)
    reopen_cycle(
        retainer, date(2027, 5, 1), by=ada.member, now=NOW, reason="canary text of reopening"
    )
    turn_the_day(NOW)
    doubled = {"started": time(22, 17), "weight": 200, "weighted_by": "Nights"}
    said = {"category": "canary kind", "person": "canary person"}
    entry = log(retainer, "2027-06-18", "1:25", "canary text", **said, **doubled)
    line = work("2027-06-18", "1:25", "canary text anew", **said, **doubled)
    edit_entry(entry, line, by=ada.member, now=NOW, reason="canary text of a reason")
    for scope in ("project", "courtesy", "internal"):
        log(retainer, "2027-06-17", "1h", f"canary {scope}, canary text", scope=scope)
    days = {"starts_on": date(2027, 6, 24), "ends_on": date(2027, 6, 25)}
    plan_work(retainer, text="canary text planned", amount=HOUR, by=ada.member, now=NOW, **days)
    contact = Contact.objects.create(
        client=retainer.client, name="Carl", email="carl@brightwater.example", role="approver"
    )
    wish = Wish("extra", 9240, date(2027, 6, 3), date(2027, 6, 30), "canary text of it", 9000)
    decide_by = NOW + timedelta(days=9)
    requests.ask(retainer, wish, [contact], decide_by=decide_by, by=ada.member, now=NOW)
    return Retainer.objects.get(pk=retainer.pk)


@pytest.fixture
def link(retainer) -> ShareLink:
    shown = dict.fromkeys(COVERED, True)
    return share([retainer], by=None, has_feeds=True, splits_by="category", **shown)


def everything(carl, link: ShareLink) -> dict[str, str]:
    """Return all that is told by a link, its statements and a digest of it."""
    retainer = link.shown.get().retainer
    told = crawl(carl, link)
    own = [link.path + form for form in ("?as=pdf", "?all&as=pdf")]
    own.append(statement_path(link, retainer.ref, 1))
    own += [f"{own[-1]}?{form}" for form in ("as=pdf", "as=json", "as=csv", "version=1", "check")]
    for path in own:
        answer = carl.get(path)
        if answer.status_code == 200:
            is_pdf = answer["Content-Type"] == "application/pdf"
            told[path] = text_of_pdf(answer.content) if is_pdf else answer.content.decode()
    row, _new = link.subscriptions.get_or_create(
        to="cfo@brightwater.example", defaults={"asked_at": NOW, "confirmed_at": NOW}
    )
    for occasion in ("week 2027-06-21", "cycle 2027-06-01"):
        mail = digest(Delivery(about=row.pk, occasion=occasion))
        told[occasion] = mail.text + mail.html
    # What was searched for stands in its own field.
    return {
        path: re.sub(r'name="q" value="[^"]*"', "", text).replace("\u00a0", " ")
        for path, text in told.items()
        if not text.startswith("%PDF")
    }


def test_with_every_option_each_canary_sings_but_those_no_option_covers(carl, link) -> None:
    told = everything(carl, link)
    assert len(told) > 25
    for canary in {canary for covered in COVERED.values() for canary in covered}:
        assert any(canary in text for text in told.values()), canary
    assert any("canary text" in told[path] for path in told if "as=pdf" in path)
    for path, text in told.items():
        for canary in NEVER:
            assert canary not in text, (path, canary)


@pytest.mark.parametrize("option", COVERED)
def test_without_an_option_nothing_of_what_it_covers_is_told(carl, link, option) -> None:
    change_link(link, **{option: False})
    told = everything(carl, ShareLink.objects.get(pk=link.pk))
    for path, text in told.items():
        for canary in (*COVERED[option], *NEVER):
            at = text.find(canary)
            assert at < 0, (path, text[max(0, at - 80) : at + 80])
