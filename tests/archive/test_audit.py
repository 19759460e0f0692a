"""Who did what and when: everything that changes hours, money, links, members or security, in one
list that nobody changes.
"""

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.accounts.models import Event
from hourtab.archive.audit import TOPICS, Asked, lines_of
from hourtab.ledger.models import Entry
from hourtab.ledger.verbs import log as ledger
from hourtab.lib.append_only import AppendOnlyError
from hourtab.sharing.services import change_link, revoke_link, rotate_link, share
from hourtab.team import services as team
from tests.builders import NOW, a_retainer, log, work

pytestmark = pytest.mark.django_db


def told(workspace, topic: str = "", **more) -> list[tuple[str, str, str]]:
    return [(line.what, line.about, line.who) for line in lines_of(workspace, Asked(topic, **more))]


def test_each_kind_of_event_has_one_topic() -> None:
    kinds = [kind for _label, kinds in TOPICS.values() for kind in kinds]
    assert sorted(kinds) == sorted(Event.Kind.values)


def test_hours_links_and_members_stand_in_one_list_with_who_did_it(northlight, ada, ben) -> None:
    retainer = a_retainer(northlight)
    link = share([retainer], by=ada.member, label="For the CFO")
    entry = ledger.log_time(retainer, work("2027-06-03", "2h", "Prep"), by=ben.member, now=NOW)
    ledger.edit_entry(
        Entry.objects.get(pk=entry.pk),
        work("2027-06-03", "3h", "Prep"),
        by=ben.member,
        now=NOW,
        reason="Typo",
    )
    change_link(link, by=ben.member, shows_people=True)
    rotate_link(link, by=ben.member)
    revoke_link(link, now=NOW, by=ben.member)
    team.change_member(ben.member, "viewer", None, by=ada.member)
    hours = told(northlight, "hours")
    assert hours[-1][0] == "Retainer opened"
    assert ("Line changed", "Acme, Coaching · 3 June 2027 · 3 h · Prep · Typo", "Ben") in [
        (what, about.replace("\u00a0", " "), who) for what, about, who in hours
    ]
    assert [what for what, _about, _who in told(northlight, "links")] == [
        "Link revoked",
        "Link got a new address",
        "Link changed",
        "Link made",
    ]
    changed = next(
        line for line in lines_of(northlight, Asked("links")) if line.what == "Link changed"
    )
    assert list(changed.changes) == [("Who did the work", "no", "yes")]
    role = next(
        line for line in lines_of(northlight, Asked("people")) if line.what == "Role changed"
    )
    assert (role.who, list(role.changes)) == ("Ada", [("role", "editor", "viewer")])
    assert {who for _what, _about, who in told(northlight, member=ben.member)} == {"Ben"}
    assert len(told(northlight)) == len(hours) + 4 + 1


def test_what_stands_there_cannot_be_changed_or_taken_out(northlight, ada) -> None:
    a_retainer(northlight)
    event = Event.objects.get()
    for attempt in (
        event.delete,
        event.save,
        Event.objects.all().delete,
        lambda: Event.objects.update(who="Eve"),
        lambda: Event.objects.bulk_update([event], ["who"]),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()
    page = ada.get("/settings/audit").content.decode()
    assert "<form" in page
    assert not re.search(r'action="[^"]*audit', page)


def test_days_are_those_of_the_workspace_and_both_are_included(northlight, ada) -> None:
    northlight.zone = "America/New_York"
    northlight.save()
    for hour in (3, 5):
        with time_machine.travel(NOW.replace(day=22, hour=hour, minute=0), tick=False):
            Event.objects.create(
                workspace=northlight,
                kind="settings",
                at=NOW.replace(hour=hour, minute=0),
                about=f"{hour} UTC",
            )
    of = {
        day: [
            line.about
            for line in lines_of(
                northlight,
                Asked(first=NOW.date().replace(day=day), last=NOW.date().replace(day=day)),
            )
        ]
        for day in (21, 22)
    }
    assert of == {21: ["3 UTC"], 22: ["5 UTC"]}


def test_the_page_is_cut_into_pages_and_the_csv_has_all_of_it(northlight, ada, olga) -> None:
    for i in range(130):
        Event.objects.create(
            workspace=northlight,
            kind="settings",
            at=NOW + timedelta(seconds=i),
            about=f"=change {i}",
            who="Ada",
        )
    Event.objects.create(workspace=olga.member.workspace, kind="settings", at=NOW, about="Theirs")
    first, second = ada.get("/settings/audit"), ada.get("/settings/audit?page=2&topic=workspace")
    assert ("change 129" in first.content.decode(), "change 29<" in first.content.decode()) == (
        True,
        False,
    )
    assert "change 29<" in second.content.decode()
    answer = ada.get("/settings/audit.csv?topic=workspace")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows[0] == ["At (UTC)", "What", "About", "Who", "Changes"]
    assert len(rows) == 131
    assert rows[1][2] == "'=change 129", "a spreadsheet takes it for no formula"
    assert not any("Theirs" in cell for row in rows for cell in row)
    for query in (
        "topic=nonsense",
        "member=999999",
        "first=x",
        "page=-1",
        "page=99999999",
        "member=' OR 1=1",
        "kind__regex=.",
    ):
        assert ada.get(f"/settings/audit?{query}").status_code == 200


def test_the_csv_asks_as_often_for_ten_retainers_as_for_two(northlight, ada) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            rows = ada.get("/settings/audit.csv").getvalue().decode().splitlines()
        assert sum("Call" in row for row in rows) == northlight.retainers.count()
        return len(queries)

    for n in range(2):
        log(a_retainer(northlight, f"Client {n}"), "2027-06-03", "1h", "Call")
    before = asked()
    for n in range(2, 10):
        log(a_retainer(northlight, f"Client {n}"), "2027-06-03", "1h", "Call")
    assert asked() == before


def test_signing_in_failing_and_changing_how_are_noted_in_every_workspace_of_that_user(
    northlight, ada, olga, carl
) -> None:
    elsewhere = olga.member.workspace
    user = ada.member.user
    elsewhere.memberships.create(user=user, role="editor")
    carl.post("/accounts/login/", {"login": user.email, "password": "wrong"})
    carl.post("/accounts/login/", {"login": user.email, "password": "correct horse battery"})
    form = {
        "oldpassword": "correct horse battery",
        "password1": "another battery staple",
        "password2": "another battery staple",
    }
    carl.post("/accounts/password/change/", form)
    for workspace in (northlight, elsewhere):
        assert [what for what, *_rest in told(workspace, "security")] == [
            "How somebody signs in changed",
            "Signed in",
            "Sign-in failed",
        ]
        assert told(workspace, "security")[0][1:] == ("password changed", "Ada")
        assert told(workspace, "security")[1][1] == "password"


def test_settings_say_what_they_were_and_are(northlight, ada) -> None:
    form = {
        "name": "Northlight Ltd",
        "zone": "UTC",
        "locale": "en-GB",
        "currency": "EUR",
        "hour_format": "hm",
    }
    assert ada.post("/settings", form).status_code == 302
    assert ada.post("/settings", form).status_code == 302
    (line,) = lines_of(northlight, Asked("workspace"))
    assert (line.who, list(line.changes)) == ("Ada", [("name", "Northlight", "Northlight Ltd")])


def test_contacts_weights_and_rules_for_going_over_are_noted(northlight, ada) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "1h")
    ada.post(
        f"/clients/{retainer.client_id}/contacts/add",
        {"name": "Carl", "email": "carl@acme.example", "role": "approver"},
    )
    contact = retainer.client.contacts.get()
    ada.post(
        f"/contacts/{contact.pk}/edit",
        {"name": "Carl", "email": "eve@evil.example", "role": "approver"},
    )
    ada.post(f"/contacts/{contact.pk}/remove")
    people = lines_of(northlight, Asked("people"))
    assert [list(line.changes) for line in people][1] == [
        ("e-mail address", "carl@acme.example", "eve@evil.example")
    ]
    assert [line.about for line in people] == ["Acme · Carl"] * 3
    ada.post(
        f"/retainers/{retainer.ref}/requests/terms", {"soft_limit": "80", "emergency_hours": "24"}
    )
    ada.post(
        f"/retainers/{retainer.ref}/weights",
        {"name": "Nights", "percent": "150", "category": "Night"},
    )
    kinds = {line.what for line in lines_of(northlight, Asked("hours"))}
    assert {"What counts more or less changed", "Rules for going over changed"} <= kinds
