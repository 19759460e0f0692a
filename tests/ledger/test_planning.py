"""Planned work, what the hours went into, and how long they last."""

from datetime import date, datetime, timedelta

import pytest

from hourtab.core.amounts import HOUR
from hourtab.core.document import read
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Cycle, Hold, Write
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.breakdown import breakdown_at, breakdowns
from hourtab.ledger.reading.cycles import current_cycle, cycles_of
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.saying.words import facts_of
from hourtab.ledger.verbs.agree import end_retainer
from hourtab.ledger.verbs.erase import erase_texts
from hourtab.ledger.verbs.log import edit_entry, withdraw_entry
from hourtab.ledger.verbs.plan import clear_hold, plan_work, standing_holds
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for
from tests.builders import NOW, a_retainer, log, work

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def onboarding(
    retainer: Retainer,
    hours: int = 12,
    first: str = "2027-06-24",
    last: str = "2027-06-28",
    now: datetime = NOW,
) -> Hold:
    days = {"starts_on": date.fromisoformat(first), "ends_on": date.fromisoformat(last)}
    return plan_work(
        retainer, text="Onboarding week", amount=hours * HOUR, by=None, now=now, **days
    )


def cycle_of(retainer: Retainer, now: datetime = NOW):
    return current_cycle(Retainer.objects.get(pk=retainer.pk), now.date())


def test_planned_work_is_hatched_and_not_used(northlight) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "5h")
    onboarding(retainer)
    cycle = cycle_of(retainer)
    assert (cycle.used, cycle.planned, cycle.remaining) == (5 * HOUR, 12 * HOUR, 15 * HOUR)
    facts = dict(facts_of(retainer, cycle, TODAY, words_for(retainer), plans=["Onboarding week"]))
    assert facts["Planned"] == "12\u00a0h, Onboarding week"
    assert findings(retainer, NOW) == []


def test_it_ends_the_day_after_its_last_one_and_by_hand(northlight) -> None:
    retainer = a_retainer(northlight)
    hold = onboarding(retainer)
    assert [cycle_of(retainer, NOW + timedelta(days=n)).planned for n in (6, 7)] == [12 * HOUR, 0]
    clear_hold(hold, by=None, now=NOW)
    clear_hold(hold, by=None, now=NOW)
    assert cycle_of(retainer).planned == 0
    assert standing_holds(retainer, TODAY) == []
    assert [row.kind for row in Write.objects.filter(retainer=retainer)][:3] == [
        "open",
        "hold",
        "clear",
    ]
    assert findings(retainer, NOW) == []


@pytest.mark.parametrize(
    ("hours", "first", "last", "said"),
    [
        (0, "2027-06-24", "2027-06-25", "more than 0"),
        (2, "2027-06-25", "2027-06-24", "end before it begins"),
        (2, "2027-06-20", "2027-06-21", "are over"),
        (2, "2027-06-24", "9999-12-31", "too far ahead"),
        (2, "2027-06-29", "2027-07-02", "ends on 30 June 2027"),
        (2, "2027-05-29", "2027-06-29", "not within this retainer"),
    ],
)
def test_what_cannot_be_planned_is_said(northlight, hours, first, last, said) -> None:
    retainer = a_retainer(northlight)
    with pytest.raises(LedgerError, match=said.replace(" ", "[ \u00a0]")):
        onboarding(retainer, hours, first, last)
    assert not Hold.objects.exists()


def test_a_hold_survives_the_way_through_a_ledger_document(northlight) -> None:
    from hourtab.core.document import read
    from hourtab.core.statement import statement
    from hourtab.ledger.reading.proof import ledger_document

    retainer = a_retainer(northlight)
    onboarding(retainer)
    found = read.from_json(ledger_document(retainer, TODAY))
    assert statement(found.ledger, found.as_of).cycles[-1].planned == 12 * HOUR


def test_a_page_takes_planned_work_by_form_and_clears_it(ada, northlight) -> None:
    retainer = a_retainer(northlight, starts="2026-01-01")
    today = retainer.today(datetime.now(tz=retainer.tzinfo))
    fields = {"text": "Go-live", "amount": "4h", "starts_on": today.isoformat(), "ends_on": ""}
    assert ada.post(f"/retainers/{retainer.ref}/plan", fields).status_code == 302
    page = ada.get(f"/retainers/{retainer.ref}/").content.decode()
    assert "Go-live" in page
    hold = Hold.objects.get()
    assert ada.post(f"/retainers/{retainer.ref}/plan/{hold.pk}/clear").status_code == 302
    assert "No longer planned." in ada.get(f"/retainers/{retainer.ref}/").content.decode()
    wrong = ada.post(f"/retainers/{retainer.ref}/plan", fields | {"amount": "soon"})
    assert b"errorlist" in wrong.content


def test_the_breakdown_adds_up_to_what_was_used(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-05-01")
    log(
        retainer,
        "2027-05-03",
        "2h",
        category="Design",
        person="Mara",
        project="One",
        now=datetime(2027, 5, 4, 9, tzinfo=NOW.tzinfo),
    )
    log(retainer, "2027-06-03", "2h", category="Design", person="Mara", project="One")
    first = log(retainer, "2027-06-04", "3h", category="Helpdesk", person="Jon", project="Two")
    log(retainer, "2027-06-04", "1h", category="Design", person="Jon", project="Two")
    log(retainer, "2027-06-05", "30m", category="Design", scope="courtesy", person="Mara")
    log(retainer, "2027-06-30", "9h", category="Later")
    cycle = cycle_of(retainer)
    found = breakdown_at(Retainer.objects.get(), cycle, TODAY)
    assert found.names["category"]["retainer"] == [["Design", 3 * HOUR], ["Helpdesk", 3 * HOUR]]
    assert found.names["category"]["courtesy"] == [["Design", HOUR // 2]]
    assert found.names["person"]["retainer"] == [["Jon", 4 * HOUR], ["Mara", 2 * HOUR]]
    assert found.days == [(date(2027, 6, 3), 2 * HOUR), (date(2027, 6, 4), 4 * HOUR)]
    assert (dict(found.counts), found.charged) == ({"courtesy": 1, "retainer": 3}, 3)
    for by in ("category", "project", "person"):
        assert sum(amount for _name, amount in found.names[by]["retainer"]) == cycle.used

    edit_entry(first, work("2027-06-04", "1h", category="Advice"), by=None, now=NOW)
    found = breakdown_at(Retainer.objects.get(), cycle_of(retainer), TODAY)
    assert found.names["category"]["retainer"] == [["Design", 3 * HOUR], ["Advice", HOUR]]
    withdraw_entry(first, by=None, now=NOW)
    assert breakdown_at(Retainer.objects.get(), cycle_of(retainer), TODAY).counts["retainer"] == 2


def test_without_the_cache_the_breakdown_is_the_same(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-05-01")
    for day in ("2027-05-03", "2027-06-03", "2027-06-04"):
        log(retainer, day, "2h", category="Design", person="Mara")
    kept = {row.starts_on: row.breakdown for row in Cycle.objects.all()}
    book = entries.ledger_of(retainer, None, entries.NAMES)
    cycles = cycles_of(retainer, TODAY)
    fresh = breakdowns(book.entries, cycles, retainer, TODAY)
    assert {
        cycle.starts_on: part.as_json() for cycle, part in zip(cycles, fresh, strict=True)
    } == kept
    Cycle.objects.all().delete()
    assert breakdown_at(retainer, cycles[-1], TODAY).as_json() == kept[cycles[-1].starts_on]


def test_an_erased_name_is_gone_from_the_cache_too(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-04-01")
    entry = log(
        retainer,
        "2027-04-05",
        "2h",
        person="Mara Meyer",
        project="Secret plan",
        now=datetime(2027, 4, 6, 9, tzinfo=NOW.tzinfo),
    )
    log(retainer, "2027-06-05", "1h")
    assert "Mara Meyer" in str(list(Cycle.objects.values_list("breakdown", flat=True)))
    erase_texts(entry, by=None, now=NOW)
    kept = str(list(Cycle.objects.values_list("breakdown", flat=True)))
    assert "Mara Meyer" not in kept
    assert "Secret plan" not in kept
    assert findings(retainer, NOW) == []


def test_verify_names_a_breakdown_that_is_not_what_the_record_gives(northlight) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "2h", category="Design")
    row = Cycle.objects.get()
    Cycle.objects.update(breakdown=row.breakdown | {"charged": 7})
    assert findings(retainer, NOW) == [
        "cycle 2027-06-01: the cached breakdown is not the computed one"
    ]


def test_a_retainer_does_not_end_before_work_that_is_planned(northlight) -> None:
    retainer = a_retainer(northlight)
    plan_work(retainer, text="Plan", amount=HOUR, starts_on=TODAY, ends_on=TODAY, by=None, now=NOW)
    day = TODAY - timedelta(days=1)
    with pytest.raises(LedgerError, match="Work is planned after"):
        end_retainer(retainer, day, by=None, now=NOW)
    later = NOW + timedelta(days=3)
    end_retainer(retainer, day, by=None, now=later)
    assert standing_holds(retainer, TODAY) == [], "what is over goes with the end"
    fresh = Retainer.objects.get(pk=retainer.pk)
    assert findings(fresh, later) == []
    read.from_json(ledger_document(fresh, later.date()))
