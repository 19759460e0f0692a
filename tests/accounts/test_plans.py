"""Plans are data; at a limit only adding stops, with a sentence, and nothing that was typed is
lost.
"""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured

from hourtab.accounts.models import Invitation, User
from hourtab.accounts.plans import PlanError, plan_of, read_plans
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Entry
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from hourtab.team import services as team
from tests.builders import NOW, a_retainer, log, toggl
from tests.conftest import _member
from tests.imports.test_series import bring_in

pytestmark = pytest.mark.django_db
OPEN = {
    "client": "Beta",
    "name": "Advice",
    "hours": "10",
    "starts_on": "2027-06-01",
    "cadence": "month",
    "rollover": "0",
    "overage": "ask",
    "rounding": "0",
    "stub": "full",
    "zone": "UTC",
    "grace_days": "10",
}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def free(settings, tmp_path) -> None:
    path = tmp_path / "plans.toml"
    path.write_text('[free]\nname = "Free"\nretainers = 1\nmembers = 2\nlinks = 2\nmonths = 12\n')
    settings.PLANS, settings.PLAN = str(path), "free"


def test_who_hosts_for_themselves_has_no_limits(northlight) -> None:
    plan = plan_of(northlight)
    assert (plan.name, plan.retainers, plan.members, plan.links, plan.months) == (
        "Unlimited",
        None,
        None,
        None,
        None,
    )


def test_the_first_retainer_is_free_and_a_second_one_asks_politely(
    free, northlight, ada, carl
) -> None:
    first = a_retainer(northlight)
    link = share([first], by=None)
    assert "room for 1 active retainers" in ada.get("/retainers/open").content.decode()
    page = ada.post("/retainers/open", OPEN).content.decode()
    assert "room for 1 active retainers" in page
    assert 'value="Beta"' in page, "what was typed is still there"
    assert Retainer.objects.get() == first
    log(first, "2027-06-03", "1h")
    assert carl.get(link.path + "?page=1").status_code == 200
    assert ada.get(f"/retainers/{first.ref}/log.csv").status_code == 200
    assert ada.post("/settings/export").status_code == 200
    assert "1 of 1 active retainers" in ada.get("/settings").content.decode()


def test_a_retainer_that_ended_makes_room_and_goes_on_only_where_there_is_room(
    free, northlight, ada
) -> None:
    first = a_retainer(northlight)
    Retainer.objects.filter(pk=first.pk).update(ends_on=NOW.date() - timedelta(days=1))
    assert ada.post("/retainers/open", OPEN).status_code == 302
    page = ada.post(
        f"/retainers/{first.ref}/end", {"ends_on": "2027-06-21", "go_on": "yes"}, follow=True
    ).content.decode()
    first.refresh_from_db()
    assert first.ends_on is not None
    assert "room for 1" in page


def test_links_that_answer_are_counted_and_one_that_was_revoked_makes_room(
    free, northlight, ada
) -> None:
    retainer = a_retainer(northlight)
    one = share([retainer], by=None)
    share([retainer], by=None)
    page = ada.post(
        f"/retainers/{retainer.ref}/links/add", {"label": "A third", "splits_by": "category"}
    )
    assert (page.status_code, "room for 2 links" in page.content.decode()) == (422, True)
    assert 'value="A third"' in page.content.decode()
    ada.post(f"/links/{one.pk}/revoke")
    assert (
        ada.post(
            f"/retainers/{retainer.ref}/links/add", {"label": "A third", "splits_by": "category"}
        ).status_code
        == 302
    )
    assert ShareLink.objects.filter(revoked_at=None).count() == 2


def test_members_and_who_is_invited_are_counted(free, northlight, ada) -> None:
    row = team.invite(northlight, "dora@firm.example", "editor", None, by=ada.member, now=NOW)
    page = ada.post(
        "/settings/members", {"to": "eve@firm.example", "role": "editor"}
    ).content.decode()
    assert "room for 2 members" in page
    assert Invitation.objects.count() == 1
    eve = _member(northlight, "eve", "viewer")
    dora = User.objects.create_user("dora@firm.example")
    with pytest.raises(team.TeamError, match="room for 2"):
        team.accept(row, dora, now=NOW)
    row.refresh_from_db()
    assert row.accepted_at is None, "the invitation waits for room"
    team.end_membership(eve.member, now=NOW)
    assert team.accept(row, dora, now=NOW).role == "editor"


def test_an_invitation_again_to_the_same_address_takes_no_second_place(
    free, northlight, ada
) -> None:
    team.invite(northlight, "dora@firm.example", "editor", None, by=ada.member, now=NOW)
    team.invite(northlight, "dora@firm.example", "viewer", None, by=ada.member, now=NOW)


def test_work_is_added_as_far_back_as_the_plan_goes_and_what_is_there_stays(
    settings, tmp_path, northlight, ada
) -> None:
    retainer = a_retainer(northlight, starts="2026-01-01", grace=366)
    old = log(retainer, "2026-03-03", "1h")
    path = tmp_path / "plans.toml"
    path.write_text('[free]\nname = "Free"\nmonths = 12\n')
    settings.PLANS, settings.PLAN = str(path), "free"
    with pytest.raises(LedgerError, match="goes 12 months back: work from 2026-06-01 on"):
        log(retainer, "2026-05-31", "1h")
    log(retainer, "2026-06-01", "1h")
    from hourtab.imports.errors import Refusal

    file = toggl("06-03 09:00 1:30 Call").replace(b"2027-06-03", b"2026-05-03")
    with pytest.raises(Refusal, match="line 2: The plan"):
        bring_in(northlight, file, retainer)
    assert Entry.objects.count() == 2
    assert ada.get(f"/retainers/{retainer.ref}/entries/{old.pk}").status_code == 200
    form = {
        "on": "2026-03-03",
        "amount": "2h",
        "description": "More",
        "seen": "1",
        "scope": "retainer",
    }
    ada.post(f"/retainers/{retainer.ref}/entries/{old.pk}/edit", form)
    old.refresh_from_db()
    assert old.number == 2, "what is there can be changed"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[free]\nretainers = 1\n", "needs a name"),
        ('[free]\nname = "Free"\nretainer = 1\n', "has retainer; known are"),
        ('[free]\nname = "Free"\nretainers = 0\n', "whole number from 1"),
        ('[free]\nname = "Free"\nretainers = true\n', "whole number from 1"),
        ('[free]\nname = "Free"\nretainers = "one"\n', "whole number from 1"),
        ("free = 1\n", "needs a name"),
        ("[free\n", "cannot be used"),
    ],
)
def test_a_file_of_plans_that_is_none_is_refused(tmp_path, text, sentence) -> None:
    path = tmp_path / "plans.toml"
    path.write_text(text)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        read_plans(path)


def test_a_workspace_has_a_plan_of_its_own(free, settings, northlight, ada) -> None:
    from django.core.management import call_command

    settings.PLANS = ""
    call_command("plan", "practice")
    northlight.refresh_from_db()
    assert (northlight.plan, plan_of(northlight).retainers) == ("practice", 15)
    event = northlight.events.get(kind="plan")
    assert (event.changes, event.who) == ({"plan": ["free", "practice"]}, "")
    northlight.plan = "of another installation"
    assert plan_of(northlight).slug == "free"
    settings.PLAN = "gone"
    with pytest.raises(ImproperlyConfigured, match="There is no plan “gone”"):
        plan_of(northlight)


def test_a_second_retainer_at_the_same_moment_finds_no_room(free, northlight) -> None:
    a_retainer(northlight)
    with pytest.raises(PlanError):
        a_retainer(northlight, "Beta")
