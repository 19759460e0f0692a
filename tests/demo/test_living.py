"""The demo follows the calendar, and touches nothing that is not its own. Half a minute."""

from datetime import datetime, timedelta

import pytest

from hourtab.demo.filling import fill
from hourtab.demo.living import keep_up
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Entry, Revision, Statement, Write
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import log as services
from hourtab.overage.models import Request
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer, log


@pytest.fixture
def demo(db):
    workspace, _link = fill(NOW, "a password for the demo")
    return workspace


def go_on(since: datetime, days: int, step: int = 1) -> datetime:
    for day in range(step, days + 1, step):
        now = since + timedelta(days=day)
        keep_up(now)
        turn_the_day(now)
    return since + timedelta(days=days)


def test_a_demo_of_last_spring_looks_as_if_it_had_been_used_since(demo) -> None:
    now = go_on(NOW, 75, step=3)
    for retainer in demo.retainers.all():
        found = cycles.cycles_of(retainer, retainer.today(now))
        assert [cycle.used > 0 for cycle in found[:-1]] == [True] * (len(found) - 1), retainer
        assert findings(retainer, now) == []
    erp = demo.retainers.get(client__name="Brightwater Foundry")
    newest = Entry.objects.filter(retainer=erp).order_by("-on")[0].on
    assert now.date() - newest < timedelta(days=14)
    assert {row.closed_on - row.ends_on for row in Statement.objects.filter(retainer=erp)} == {
        timedelta(days=11)
    }


def test_a_demo_that_was_off_for_months_closes_its_cycles_as_they_were_due(demo) -> None:
    now = NOW + timedelta(days=100)
    keep_up(now)
    turn_the_day(now)
    erp = demo.retainers.get(client__name="Brightwater Foundry")
    assert not Revision.objects.filter(entry__retainer=erp).exclude(posted=None).exists()
    assert [cycle.used > 0 for cycle in cycles.cycles_of(erp, now.date())][:-1] == [True] * 5


def test_done_twice_it_does_nothing(demo) -> None:
    now = NOW + timedelta(days=40)
    assert keep_up(now) > 0
    before = (Write.objects.count(), Request.objects.count())
    assert keep_up(now) == 0
    assert (Write.objects.count(), Request.objects.count()) == before


def test_a_line_that_was_taken_out_does_not_come_back(demo) -> None:
    now = NOW + timedelta(days=40)
    keep_up(now)
    erp = demo.retainers.get(client__name="Brightwater Foundry")
    entry = Entry.objects.filter(retainer=erp).order_by("-on")[0]
    services.withdraw_entry(entry, by=None, now=now)
    assert keep_up(now) == 0


def test_a_request_waits_again_in_the_next_cycle(demo) -> None:
    go_on(NOW, 35, step=5)
    clinics = Request.objects.filter(retainer__client__name="Fernhill Clinics")
    assert [row.starts_on.month for row in clinics.order_by("number")] == [6, 7]


def test_nothing_is_written_to_retainers_of_ones_own(demo, northlight) -> None:
    own, other = a_retainer(demo, "Real"), a_retainer(northlight, "Acme")
    for retainer in (own, other):
        log(retainer, "2027-06-03", "1h")
    keep_up(NOW + timedelta(days=60))
    assert Entry.objects.filter(retainer__in=(own, other)).count() == 2


def test_what_was_renamed_or_ended_is_left_alone(demo) -> None:
    Retainer.objects.filter(workspace=demo).update(name="Mine now")
    assert keep_up(NOW + timedelta(days=60)) == 0
