"""Approved extra hours: the table of the specification, and what happens at the edges of a
close.
"""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError

from hourtab.core.amounts import HOUR
from hourtab.core.results import Line, paid_by
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Authorisation, Decision, Write
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.log import ALL_SCOPES, lines_of, log_lines
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.saying.coverage import Coverage
from hourtab.ledger.saying.words import headline
from hourtab.ledger.verbs.approve import authorise
from hourtab.ledger.verbs.log import edit_entry, log_time, top_up
from hourtab.retainers.models import Category, OfficeHours, Retainer, WeightRule
from hourtab.retainers.words import words_for
from tests.builders import NOW, a_retainer, log, work

pytestmark = pytest.mark.django_db


def approve(
    retainer: Retainer,
    hours: float,
    *,
    rate: int | None = 25000,
    first="2027-06-01",
    last="2027-06-30",
    now=NOW,
    **more,
):
    days = {"starts_on": date.fromisoformat(first), "ends_on": date.fromisoformat(last)}
    given = {
        "key": f"q{Authorisation.objects.count() + 1}",
        "approved_by": "Carl",
        "by": None,
    } | more
    return authorise(retainer, amount=int(hours * HOUR), rate=rate, now=now, **days, **given)


def cycle_of(retainer: Retainer, now: datetime = NOW):
    return cycles.current_cycle(Retainer.objects.get(pk=retainer.pk), now.date())


def said(retainer: Retainer) -> str:
    return headline(cycle_of(retainer), words_for(retainer)).replace("\u00a0", " ")


def test_the_table_of_going_over(northlight) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "18h")
    approve(retainer, 20)
    cycle = cycle_of(retainer)
    assert (cycle.authorised, cycle.ceiling, cycle.awaiting) == (0, 20 * HOUR, 0)
    assert said(retainer) == "18 of 20 h used · 2 h remain"
    log(retainer, "2027-06-21", "15h")
    cycle = cycle_of(retainer)
    assert (cycle.authorised, cycle.awaiting, cycle.used) == (13 * HOUR, 0, 33 * HOUR)
    assert said(retainer) == "20 of 20 h used · 13 of 20 h approved extra"
    log(retainer, "2027-06-22", "10h")
    cycle = cycle_of(retainer)
    assert (cycle.authorised, cycle.awaiting) == (20 * HOUR, 3 * HOUR)
    assert said(retainer) == "20 of 20 h used · 20 of 20 h approved extra · 3 h await approval"
    assert cycle.billed_at == {25000: 20 * HOUR}
    assert findings(retainer, NOW) == []


def test_every_line_says_which_hours_paid_for_it(northlight) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "18h")
    top_up(retainer, seconds=HOUR, on=date(2027, 6, 3), by=None, now=NOW)
    approve(retainer, 4)
    log(retainer, "2027-06-21", "8h")
    cycle = cycle_of(retainer)
    terms = terms_at(retainer, NOW.date())
    rows = lines_of(retainer, cycle, ALL_SCOPES)
    newest, oldest = log_lines(rows, cycle, terms, NOW.date())
    coverage = Coverage(retainer, cycle, words_for(retainer), terms.rounding)
    assert coverage.of(oldest).replace("\u00a0", " ") == "18 h from this cycle's hours."
    assert coverage.of(newest).replace("\u00a0", " ") == (
        "2 h from this cycle's hours. 1 h from the extra hours added on 3 June. "
        "4 h beyond the hours, approved on 22 June, billed at €250.00 an hour. "
        "1 h beyond the hours await a decision; nobody is charged for them."
    )
    assert [
        part.source for part in paid_by(cycle, Line("", newest.charged, 0, 0, newest.balance or 0))
    ] == [
        "base:2027-06-01",
        "topup:t001",
        "authorisation:q1",
        "awaiting",
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rate": None}, "Say at which rate"),
        ({"hours": 0}, "more than 0"),
        ({"last": "2027-05-01"}, "would end before"),
        ({"last": "9999-12-31"}, "between 1900-01-01 and 2999-12-31"),
        ({"rate": -1}, "below 0"),
    ],
)
def test_what_is_no_approval_is_refused(northlight, change, why) -> None:
    retainer = a_retainer(northlight)
    with pytest.raises(LedgerError, match=why):
        approve(retainer, **{"hours": 3} | change)
    assert not Authorisation.objects.exists()


def test_one_request_cannot_be_granted_twice_even_by_the_database(northlight) -> None:
    retainer = a_retainer(northlight)
    approve(retainer, 3, key="q7")
    with pytest.raises(IntegrityError):
        approve(retainer, 3, key="q7")


def test_an_approval_after_the_close_decides_what_awaits_and_leaves_the_statement(
    northlight,
) -> None:
    retainer = a_retainer(northlight, starts="2027-05-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 5, 1, tzinfo=UTC))
    retainer.refresh_from_db()
    in_may = datetime(2027, 5, 20, 12, tzinfo=UTC)
    log(retainer, "2027-05-04", "21h", now=in_may)
    log(retainer, "2027-05-18", "4h", now=in_may)
    turn_the_day(NOW)
    before = retainer.statements.get().totals
    # Only the work from the 10th on is meant: 4 of the 5 hours that await.
    approve(retainer, 10, first="2027-05-10", last="2027-07-31")
    decision, approval = Decision.objects.get(), Authorisation.objects.get()
    assert (decision.amount, decision.rate, decision.cycle_on) == (
        4 * HOUR,
        25000,
        date(2027, 5, 1),
    )
    assert (approval.amount, approval.starts_on) == (6 * HOUR, date(2027, 6, 1))
    assert retainer.statements.get().totals == before
    cycle = cycle_of(retainer)
    assert (cycle.settled, cycle.pending) == (4 * HOUR, {"2027-05-01": HOUR})
    assert findings(retainer, NOW) == []


def test_it_holds_for_the_days_it_names_both_included(northlight) -> None:
    retainer = a_retainer(northlight, hours=1)
    approve(retainer, 10, first="2027-06-10", last="2027-06-12")
    for day in ("2027-06-09", "2027-06-10", "2027-06-12", "2027-06-13"):
        log(retainer, day, "1h")
    cycle = cycle_of(retainer)
    assert (cycle.authorised, cycle.awaiting) == (2 * HOUR, HOUR)


def test_each_write_says_how_it_left_every_unclosed_cycle(northlight) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "18h")
    top_up(retainer, seconds=10 * HOUR, on=date(2027, 6, 3), by=None, now=NOW)
    levels = [row.levels for row in Write.objects.filter(retainer=retainer).order_by("number")]
    assert levels[-2:] == [
        {"2027-06-01": [18 * HOUR, 20 * HOUR]},
        {"2027-06-01": [18 * HOUR, 30 * HOUR]},
    ]


@pytest.fixture
def weighted(northlight) -> Retainer:
    retainer = a_retainer(northlight, categories=("Helpdesk", "Emergency", "Travel"))
    WeightRule.objects.create(
        retainer=retainer, name="Emergencies", percent=200, category="Emergency"
    )
    WeightRule.objects.create(
        retainer=retainer, name="After hours", percent=150, is_after_hours=True
    )
    WeightRule.objects.create(retainer=retainer, name="Travel", percent=50, category="Travel")
    OfficeHours.objects.create(retainer=retainer, holidays="DE-BE")
    return retainer


@pytest.mark.parametrize(
    ("on", "started", "category", "counts"),
    [
        ("2027-06-22", "09:00", "Helpdesk", (100, "")),
        ("2027-06-22", "08:00", "Helpdesk", (100, "")),
        ("2027-06-22", "07:59", "Helpdesk", (150, "After hours")),
        ("2027-06-22", "18:00", "Helpdesk", (150, "After hours")),
        ("2027-06-22", None, "Helpdesk", (100, "")),
        ("2027-06-20", None, "Helpdesk", (150, "After hours")),
        ("2027-06-22", "20:00", "emergency", (200, "Emergencies")),
        ("2027-06-22", "10:00", "Travel", (50, "Travel")),
        ("2027-06-22", "20:00", "Travel", (150, "After hours")),
        ("2027-06-07", "10:00", "", (100, "")),
    ],
)
def test_the_largest_matching_rule_decides(weighted, on, started, category, counts) -> None:
    from datetime import time

    entry = log(
        weighted,
        on,
        "1h",
        category=category,
        started=time.fromisoformat(started) if started else None,
    )
    row = entry.revisions.get()
    assert (row.weight, row.weighted_by) == counts


def test_a_public_holiday_is_no_office_day(weighted) -> None:
    from datetime import time

    row = log(weighted, "2027-10-04", "1h", started=time(10)).revisions.get()
    assert row.weight == 100
    OfficeHours.objects.update(holidays="DE")
    # Whit Monday of 2027 is 17 May; Corpus Christi is none in Berlin. Ascension Day is 6 May.
    retainer = a_retainer(weighted.workspace, "Other", starts="2027-05-01")
    WeightRule.objects.create(
        retainer=retainer, name="After hours", percent=150, is_after_hours=True
    )
    OfficeHours.objects.create(retainer=retainer, holidays="DE")
    row = log(retainer, "2027-05-17", "1h", started=time(10)).revisions.get()
    assert (row.weight, row.weighted_by.partition(",")[0]) == (150, "After hours")
    assert len(row.weighted_by) > len("After hours, ")


def test_the_weight_is_kept_when_the_rules_change_and_decided_anew_when_the_line_does(
    weighted,
) -> None:
    entry = log(weighted, "2027-06-22", "1h", category="Emergency")
    WeightRule.objects.filter(name="Emergencies").update(percent=300)
    edit_entry(
        entry,
        work(
            "2027-06-22",
            "2h",
            "Longer",
            category="Emergency",
            weight=200,
            weighted_by="Emergencies",
        ),
        by=None,
        now=NOW,
    )
    assert entry.revisions.last().weight == 200
    edit_entry(
        entry,
        work(
            "2027-06-22", "2h", "Longer", category="Helpdesk", weight=200, weighted_by="Emergencies"
        ),
        by=None,
        now=NOW,
    )
    assert (entry.revisions.last().weight, entry.revisions.last().weighted_by) == (100, "")
    assert findings(weighted, NOW) == []


def test_a_late_night_in_winter_time_is_read_where_the_retainer_is(northlight) -> None:
    from datetime import time

    retainer = a_retainer(northlight, zone="Europe/Berlin")
    WeightRule.objects.create(
        retainer=retainer, name="After hours", percent=150, is_after_hours=True
    )
    OfficeHours.objects.create(retainer=retainer)
    assert Category.objects.count() == 0
    entry = log_time(retainer, work("2027-06-22", "1h", started=time(19, 40)), by=None, now=NOW)
    assert entry.revisions.get().weight == 150
    assert cycle_of(retainer).used == 5400


def test_the_page_says_what_the_table_says(northlight, carl) -> None:
    import re

    import time_machine

    from hourtab.sharing.services import share

    retainer = a_retainer(northlight)
    link = share([retainer], by=None)
    log(retainer, "2027-06-03", "18h")
    approve(retainer, 20)

    def figure() -> str:
        with time_machine.travel(NOW, tick=False):
            page = carl.get(f"{link.path}?page=1").content.decode()
        part = page[page.index("figure__number") : page.index("<svg")]
        return " ".join(
            re.sub(r"<[^>]+>", " ", part.partition(">")[2]).replace("\u00a0", " ").split()
        )

    assert figure() == "2 h remain. 18 of 20 h used."
    log(retainer, "2027-06-21", "15h")
    assert (
        figure() == "7 h of the approved extra remain. 20 of 20 h used · 13 of 20 h approved extra."
    )
    log(retainer, "2027-06-22", "10h")
    assert figure() == (
        "3 h beyond what was approved. 20 of 20 h used · 20 of 20 h approved extra · 3 h await approval."
    )


def test_a_line_says_which_rule_made_it_count_so(northlight) -> None:
    from datetime import time

    from hourtab.core.amounts import Rounding

    retainer = a_retainer(northlight, rounding=Rounding(900))
    WeightRule.objects.create(
        retainer=retainer, name="After hours", percent=150, is_after_hours=True
    )
    OfficeHours.objects.create(retainer=retainer)
    log(retainer, "2027-06-21", "0:40", started=time(20))
    log(retainer, "2027-06-22", "0:40", started=time(10))
    cycle, terms = cycle_of(retainer), terms_at(retainer, NOW.date())
    lines = log_lines(lines_of(retainer, cycle, ALL_SCOPES), cycle, terms, NOW.date())
    told = [
        Coverage(retainer, cycle, words_for(retainer), terms.rounding)
        .of(line)
        .replace("\u00a0", " ")
        for line in lines
    ]
    assert told == [
        "40 m worked, rounded to 45 m. 45 m from this cycle's hours.",
        "40 m worked, rounded to 45 m, at 150 % is 1 h 7 m 30 s (After hours). 1 h 7 m 30 s from this cycle's hours.",
    ]
