"""The form of the terms changes what was changed in it, and nothing else."""

from dataclasses import replace
from datetime import date

import pytest
import time_machine
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from hourtab.core.amounts import HOUR, MINUTE, Rounding
from hourtab.core.cycles import Calendar, index_of, start
from hourtab.core.terms import Overage, Percent, Rollover, Terms
from hourtab.core.terms import Retainer as CoreRetainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.services import open_retainer
from hourtab.retainers.terms_form import ChangeTermsForm, anchor_before
from tests.builders import NOW
from tests.forms import untouched

AMOUNTS = st.integers(1, 2000 * HOUR)
PRICES = st.none() | st.integers(0, 10**9)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@st.composite
def any_terms(draw, unit: str = "hour") -> Terms:
    cadence = draw(st.sampled_from(["week", "two_weeks", "month", "quarter", "year", "once"]))
    anchor = draw(DAYS)
    rounding = Rounding(
        draw(st.sampled_from([0, 360, 900, 1800]) | st.integers(1, 5 * HOUR)),
        draw(st.sampled_from(["up", "nearest", "down"])),
        draw(st.integers(0, 5 * HOUR)),
    )
    return Terms(
        effective_on=anchor,
        cap=draw(AMOUNTS),
        cadence=cadence,
        anchor_on=anchor,
        stub=draw(st.sampled_from(["full", "prorated", "none"])),
        rollover=Rollover(
            draw(st.none() | st.integers(0, 1200)),
            draw(st.none() | AMOUNTS | st.integers(0, 10_000).map(Percent)),
        ),
        overage=Overage(
            draw(st.sampled_from(["bill", "deduct", "absorb", "ask"])),
            draw(st.none() | AMOUNTS),
            draw(PRICES),
        ),
        rounding=rounding if unit == "hour" else Rounding(),
        fee=draw(PRICES),
        grace_days=draw(st.integers(0, 366)),
    )


def agreed(valid: Terms, unit: str, currency: str, day: str, **changed: str) -> Terms:
    """What is agreed when the form of `valid` is sent with some fields changed in the browser."""
    given = {"starts": [(day, day)], "unit": unit, "currency": currency, "valid": valid}
    page = render_to_string("parts/fields.html", {"form": ChangeTermsForm(None, **given)})
    form = ChangeTermsForm(untouched(page) | {"effective_on": day} | changed, **given)
    assert form.is_valid(), form.errors
    return form.terms()


@given(any_terms(), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_other_hours_change_nothing_else_whatever_was_agreed(valid, currency) -> None:
    after = agreed(valid, "hour", currency, "2031-01-31", hours="21")
    assert after == replace(valid, cap=21 * HOUR, effective_on=date(2031, 1, 31))


@given(any_terms("session"), st.sampled_from(["session", "deliverable"]))
def test_another_number_of_sessions_changes_nothing_else(valid, unit) -> None:
    after = agreed(valid, unit, "EUR", "2031-01-31", hours="12.25")
    assert after == replace(valid, cap=1225, effective_on=date(2031, 1, 31))


@given(any_terms())
def test_what_is_left_out_of_what_is_sent_stays(valid) -> None:
    given = {"starts": [("2031-01-31", "")], "unit": "hour", "currency": "EUR", "valid": valid}
    page = render_to_string("parts/fields.html", {"form": ChangeTermsForm(None, **given)})
    needed = ("hours", "stub", "cadence", "rollover", "rollover_cycles", "overage", "rounding")
    sent = untouched(page)
    few = {name: sent[name] for name in (*needed, "rounding_step")} | {"effective_on": "2031-01-31"}
    form = ChangeTermsForm(few, **given)
    assert form.is_valid(), form.errors
    assert form.terms() == replace(valid, effective_on=date(2031, 1, 31))


@given(any_terms(), st.integers(1, 40))
def test_other_hours_leave_the_grid_of_cycles_as_it_was(valid, k) -> None:
    if valid.cadence == "once":
        return
    on = start(valid.anchor_on, valid.cadence, k)
    after = agreed(valid, "hour", "EUR", on.isoformat(), hours="21")
    retainer = CoreRetainer(valid.anchor_on)
    for later in (k + 1, k + 2, k + 7):
        day = start(valid.anchor_on, valid.cadence, later)
        assert Calendar(retainer, [valid, after]).starts_cycle(day)


@pytest.mark.parametrize(
    ("cadence", "anchor", "on", "following"),
    [
        ("quarter", "2027-01-31", "2027-04-30", ["2027-07-31", "2027-10-31", "2028-01-31"]),
        ("year", "2028-02-29", "2029-02-28", ["2030-02-28", "2031-02-28", "2032-02-29"]),
        ("month", "2027-01-31", "2027-02-28", ["2027-03-31", "2027-04-30", "2027-05-31"]),
    ],
)
def test_a_grid_from_the_end_of_a_month_stays(cadence, anchor, on, following) -> None:
    first = date.fromisoformat(anchor)
    valid = Terms(first, 20 * HOUR, cadence, first)
    after = agreed(valid, "hour", "EUR", on, hours="21")
    calendar = Calendar(CoreRetainer(first), [valid, after])
    cycle = calendar.cycle_of(date.fromisoformat(on))
    found = []
    for _ in following:
        cycle = calendar.cycle_of(cycle.ends_before)
        found.append(cycle.starts_on.isoformat())
    assert found == following


@given(DAYS, st.integers(1, 31), st.sampled_from(["month", "quarter", "year"]))
def test_cycles_are_counted_from_the_reset_day(on, day, cadence) -> None:
    anchor = anchor_before(on, day, cadence)
    assert anchor.day == day
    assert anchor <= on
    month_end = start(date(2000, 1, 31), "month", (on.year - 2000) * 12 + on.month - 1).day
    is_in_reach = cadence != "year" or ((on.month, day) != (2, 30) and (on.month, day) != (2, 31))
    if on.day == min(day, month_end) and is_in_reach and day <= 28:
        assert start(anchor, cadence, index_of(anchor, cadence, on)) == on


def test_a_quarter_on_the_31st_that_begins_on_30_april_has_no_stub() -> None:
    assert anchor_before(date(2027, 4, 30), 31, "quarter") == date(2027, 1, 31)
    assert anchor_before(date(2027, 2, 28), 29, "year") == date(2024, 2, 29)
    assert anchor_before(date(2027, 6, 20), 31, "month") == date(2027, 5, 31)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"rollover": "other", "rollover_cycles": "5"}, {}, {"rollover": Rollover(5)}),
        ({"rollover": "0"}, {"rollover": Rollover(5, 3600)}, {"rollover": Rollover(0, 3600)}),
        (
            {"rollover_max": "", "rollover_percent": "50"},
            {"rollover": Rollover(1, 3600)},
            {"rollover": Rollover(1, Percent(50))},
        ),
        (
            {"rollover_percent": ""},
            {"rollover": Rollover(1, Percent(50))},
            {"rollover": Rollover(1)},
        ),
        (
            {"rounding": "other", "rounding_step": "5m", "rounding_mode": "nearest"},
            {},
            {"rounding": Rounding(5 * MINUTE, "nearest")},
        ),
        (
            {"rounding": "0", "rounding_minimum": "15m"},
            {"rounding": Rounding(300, "down", 60)},
            {"rounding": Rounding(0, "down", 900)},
        ),
        (
            {"overage": "deduct", "debt_max": "10"},
            {},
            {"overage": Overage("deduct", 10 * HOUR)},
        ),
        ({"debt_max": ""}, {"overage": Overage("ask", 60)}, {"overage": Overage("ask")}),
        ({"fee": "2000"}, {}, {"fee": 200_000}),
        ({"fee": ""}, {"fee": 1}, {"fee": None}),
        ({"stub": "none"}, {}, {"stub": "none"}),
        ({"reset_day": "15"}, {}, {"anchor_on": date(2027, 6, 15)}),
        (
            {"cadence": "week", "reset_day": ""},
            {},
            {"cadence": "week", "anchor_on": date(2027, 7, 1)},
        ),
    ],
)
def test_everything_that_can_be_agreed_has_a_field(change, before, after) -> None:
    valid = replace(Terms(date(2027, 1, 1), 20 * HOUR, "month", date(2027, 1, 1)), **before)
    found = agreed(valid, "hour", "EUR", "2027-07-01", **change)
    assert found == replace(valid, effective_on=date(2027, 7, 1), **after)


@pytest.fixture
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.django_db
def test_opened_by_the_command_and_changed_on_the_page_terms_keep_what_they_were(
    today, ada, northlight
) -> None:
    first = date(2027, 1, 31)
    odd = Terms(
        first,
        20 * HOUR,
        "quarter",
        first,
        rollover=Rollover(5, Percent(50)),
        overage=Overage("deduct", 10 * HOUR, 12_000),
        rounding=Rounding(300, "nearest", 600),
        fee=240_000,
        grace_days=3,
    )
    retainer = open_retainer(northlight, client="Acme", name="Coaching", terms=odd)
    path = f"/retainers/{retainer.ref}/terms/change"
    page = ada.get(path).content.decode()
    fields = untouched(page.partition("<main")[2]) | {"hours": "21"}
    assert ada.post(path, fields).status_code == 302
    changed = Retainer.objects.get().agreed()[-1].as_core()
    assert changed == replace(odd, cap=21 * HOUR, effective_on=date(2027, 7, 31))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rollover": "other", "rollover_cycles": ""}, "how many cycles"),
        ({"rollover": "other", "rollover_cycles": "1201"}, "less than or equal to 1200"),
        ({"rollover_max": "5", "rollover_percent": "50"}, "not both"),
        ({"rounding": "other", "rounding_step": ""}, "Say the step"),
        ({"rounding": "other", "rounding_step": "6"}, "could be hours or minutes"),
        ({"debt_max": "lots"}, "not a duration"),
        ({"fee": "-5"}, "Write a price like"),
    ],
)
def test_half_of_an_agreement_is_refused_beside_its_field(change, sentence) -> None:
    valid = Terms(date(2027, 1, 1), 20 * HOUR, "month", date(2027, 1, 1))
    given = {"starts": [("2027-07-01", "")], "unit": "hour", "currency": "EUR", "valid": valid}
    page = render_to_string("parts/fields.html", {"form": ChangeTermsForm(None, **given)})
    form = ChangeTermsForm(untouched(page) | {"effective_on": "2027-07-01"} | change, **given)
    assert not form.is_valid()
    assert sentence in str(form.errors)
