"""Erasing what is stored of one person: everywhere, with a list, and the figures as they were."""

import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.accounts.models import Event, Invitation, User
from hourtab.archive import erasure
from hourtab.archive.erasure import ErasureError, Person
from hourtab.clients.models import Contact
from hourtab.imports import verbs as imports
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.reading import cycles, entries
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import log as ledger
from hourtab.outbox.models import Delivery
from hourtab.sharing import subscriptions
from hourtab.sharing.models import Subscription
from hourtab.sharing.services import share
from hourtab.team import services as team
from tests.archive.test_archive import exported
from tests.builders import a_retainer, log, toggl, work
from tests.conftest import _member
from tests.ledger.test_statements import a_january, at

pytestmark = pytest.mark.django_db
JANE = Person("Jane Doe", "jane@acme.example")
NOW = at("02-15")


@pytest.fixture(autouse=True)
def on_15_february():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def stored(northlight, ada):
    """Jane Doe in every place a person may be in: contact, reader, worker, in texts, a link,
    requests, a former member.
    """
    retainer = a_january(northlight, rollover=1)
    Contact.objects.create(
        client=retainer.client, name="Jane Doe", email="Jane@acme.example", role="approver"
    )
    link = share(
        [retainer],
        by=ada.member,
        label="For Jane Doe",
        given_to="jane doe, by mail",
        shows_people=True,
    )
    subscriptions.ask(link, "jane@acme.example", "week", now=NOW)
    log(retainer, "2027-02-03", "2h", "Workshop on pricing", now=NOW, person="Jane Doe")
    old = Entry.objects.get(on=date(2027, 1, 5))
    ledger.edit_entry(
        old,
        work("2027-01-05", "4h", "Interviews", person="jane doe"),
        by=ada.member,
        now=NOW,
        reason="Asked Jane Doe",
    )
    log(retainer, "2027-02-04", "1h", "Call with Jane Doe about hiring", now=NOW)
    log(retainer, "2027-02-05", "1h", "Call with Jane Doerr", now=NOW)
    bring_in(northlight, toggl("02-09 09:00 1:30 Call"), retainer)
    team.invite(northlight, "jane@acme.example", "viewer", None, by=ada.member, now=NOW)
    gone = _member(northlight, "jane", "viewer")
    User.objects.filter(pk=gone.member.user_id).update(email="jane@acme.example", name="Jane Doe")
    gone.member.user.refresh_from_db()
    team.end_membership(gone.member, now=NOW, by=ada.member)
    return retainer


def bring_in(workspace, content: bytes, retainer):
    return imports.apply(Upload("week.csv", content), workspace, retainer, by=None, now=NOW)


def everything() -> str:
    """Every value of every table, as text."""
    said = []
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            said += [
                f"{table}: {bytes(value).decode('utf-8', 'ignore') if isinstance(value, bytes | memoryview) else value}"
                for row in cursor.fetchall()
                for value in row
            ]
    return "\n".join(said)


def test_nothing_of_them_is_left_in_any_table_and_every_balance_is_as_it_was(
    northlight, ada, stored
) -> None:
    before = [cycles.totals_json(cycle) for cycle in cycles.cycles_of(stored, date(2027, 2, 15))]
    person = Person(JANE.name, JANE.email, with_mentions=True)
    found = {
        str(item.label): item.count
        for item in erasure.erase(northlight, person, by=ada.member, now=NOW)
    }
    assert (
        found["contacts"]
        == found["digests by mail"]
        == found["invitations"]
        == found["links"]
        == found["former members"]
        == 1
    )
    assert found["lines of work they did"] == 2
    assert found["lines whose texts mention them"] == 2, "one says so in the reason of an edit"
    left = [
        line
        for line in everything().splitlines()
        if re.search(r"jane doe\b|jane@", line, re.IGNORECASE)
    ]
    assert left == []
    assert "Jane Doerr" in everything()
    stored.refresh_from_db()
    assert [
        cycles.totals_json(cycle) for cycle in cycles.cycles_of(stored, date(2027, 2, 15))
    ] == before
    assert findings(stored, NOW) == []
    assert erasure.find(northlight, person) == []
    with zipfile.ZipFile(io.BytesIO(exported(northlight, NOW))) as archive:
        assert not any(b'jane doe"' in archive.read(name).lower() for name in archive.namelist())


def test_without_mentions_a_line_they_did_keeps_its_text_and_loses_their_name(
    northlight, ada, stored
) -> None:
    erasure.erase(northlight, JANE, by=ada.member, now=NOW)
    latest = entries.latest(stored)
    line = latest.get(description="Workshop on pricing")
    assert (line.person, line.number) == ("", 2)
    assert latest.filter(description="Call with Jane Doe about hiring").exists()
    assert not Revision.objects.filter(person__iexact="jane doe").exists()
    assert findings(stored, NOW) == []
    still = erasure.find(northlight, JANE)
    assert [(str(item.label), item.is_left) for item in still] == [
        ("lines whose texts mention them", True)
    ]


def test_a_file_that_holds_the_row_again_does_not_bring_the_name_back(northlight, ada) -> None:
    retainer = a_retainer(northlight, starts="2027-02-01")
    file = toggl("02-09 09:00 1:30 Call")
    bring_in(northlight, file, retainer)
    assert Revision.objects.get().person == "Mara"
    erasure.erase(northlight, Person("Mara", ""), by=ada.member, now=NOW)
    again = bring_in(northlight, file, retainer)
    assert (again.counts["unchanged"], again.counts["new"], again.counts["changed"]) == (1, 0, 0)
    assert not Revision.objects.filter(person="Mara").exists()


def test_what_was_touched_is_listed_and_the_audit_keeps_numbers_without_the_name(
    northlight, ada, stored
) -> None:
    form = {"name": "Jane Doe", "email": "jane@acme.example"}
    page = ada.post("/settings/erase", form).content.decode()
    assert "lines of work they did" in page
    assert "Erase this for ever" in page
    assert Contact.objects.exists(), "looking erases nothing"
    page = ada.post("/settings/erase", form | {"erase": "yes"}).content.decode()
    assert "What was touched" in page
    event = Event.objects.get(kind="erased")
    assert (event.who, event.changes["contacts"]) == ("Ada", [1, 0])
    assert "Jane" not in json.dumps(event.changes)
    assert not Invitation.objects.exists()
    assert not Subscription.objects.exists()
    assert not Delivery.objects.filter(target="jane@acme.example").exists()


def test_a_member_is_removed_first_and_somebody_has_to_be_named(northlight, ada, ben) -> None:
    with pytest.raises(ErasureError, match="Remove them first"):
        erasure.erase(northlight, Person("", ben.member.user.email), by=ada.member, now=NOW)
    assert (
        "Remove them first"
        in ada.post(
            "/settings/erase", {"email": ben.member.user.email, "erase": "yes"}
        ).content.decode()
    )
    with pytest.raises(ErasureError, match="A member has this name"):
        erasure.erase(northlight, Person("ben", "ben@acme.example"), by=ada.member, now=NOW)
    for form in ({}, {"name": "Jo"}, {"email": "nobody"}):
        assert ada.post("/settings/erase", form | {"erase": "yes"}).status_code == 422
    assert not Event.objects.filter(kind="erased").exists()


def test_retainers_are_locked_in_the_order_everybody_keeps(northlight, ada) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks the whole database.")
    one = a_retainer(northlight, "Zeta", starts="2027-02-01")
    two = a_retainer(northlight, "Acme", starts="2027-02-01")
    for retainer in (two, one):
        log(retainer, "2027-02-03", "1h", "Call", now=NOW, person="Jane Doe")
    with CaptureQueriesContext(connection) as queries:
        erasure.erase(northlight, JANE, by=ada.member, now=NOW)
    locks = [
        query["sql"]
        for query in queries
        if "FOR NO KEY UPDATE" in query["sql"] and "retainers_retainer" in query["sql"]
    ]
    assert 'ORDER BY "retainers_retainer"."id" ASC' in locks[0]


def test_erasing_gives_no_mails_of_the_day_back(northlight, ada) -> None:
    link = share([a_retainer(northlight, starts="2027-02-01")], by=None)

    def ask(minute: int) -> None:
        now = at("02-15") + timedelta(minutes=minute)
        subscriptions.ask(link, "jane@acme.example", "week", now=now)

    for n in range(3):
        ask(11 * n)
    erasure.erase(northlight, JANE, by=ada.member, now=NOW)
    kept = Delivery.objects.filter(kind="confirm")
    assert (kept.count(), kept.filter(target__contains="jane").count()) == (3, 0)
    assert set(kept.values_list("state", flat=True)) == {"dropped"}


def test_another_workspace_keeps_what_it_knows_of_the_same_person(
    northlight, ada, olga, stored
) -> None:
    theirs = a_retainer(olga.member.workspace, "Gamma", starts="2027-02-01")
    Contact.objects.create(client=theirs.client, name="Jane Doe", email="jane@acme.example")
    log(theirs, "2027-02-03", "1h", "Call with Jane Doe", now=NOW, person="Jane Doe")
    erasure.erase(
        northlight, Person(JANE.name, JANE.email, with_mentions=True), by=ada.member, now=NOW
    )
    assert Contact.objects.get().client == theirs.client
    assert entries.latest(theirs).get().person == "Jane Doe"


def test_a_client_or_a_retainer_of_that_name_is_left_and_said(northlight, ada) -> None:
    a_retainer(northlight, "Jane Doe", "Coaching of Jane Doe", starts="2027-02-01")
    found = {str(item.label): item.is_left for item in erasure.find(northlight, JANE)}
    assert found["clients named so: rename them yourself"] is True
    assert found["retainers named so: they stay"] is True
