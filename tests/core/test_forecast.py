"""When the hours run out, or what is left (ledger §7)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hourtab.core.amounts import HOUR
from hourtab.core.cycles import FOR_EVER
from hourtab.core.forecast import Forecast, forecast, nth_working_day, working_days
from hourtab.core.results import CycleTotals
from tests.core.builders import ledger, play, terms

MONDAY = date(2027, 6, 21)


def a_cycle(used: int, *, cap: int = 20, planned: int = 0) -> CycleTotals:
    """A cycle of June 2027 as of Monday 21, with so many hours used and planned."""
    cycle = play(ledger(terms("06-01", hours=cap)), "06-21").cycles[-1]
    return replace(
        cycle,
        used=used * HOUR,
        planned=planned * HOUR,
        available=cap * HOUR,
        remaining=max(0, cap - used) * HOUR,
    )


# From 1 to 21 June 2027 there are 15 working days, after it 7 until the end of the month.
@pytest.mark.parametrize(
    ("used", "planned", "expected"),
    [
        (15, 0, Forecast(date(2027, 6, 28), None, False)),  # 1 h a day, 5 h left: the fifth day
        (12, 0, Forecast(None, 8640, False)),  # 0.8 h a day: 5.6 h more, 2.4 h left
        (
            10,
            6,
            Forecast(date(2027, 6, 29), None, True),
        ),  # 0.67 h a day, 4 h left beside what is planned
        (10, 0, Forecast(None, 10 * HOUR - 16800, False)),
        (15, 5, Forecast(MONDAY, None, True)),  # what is planned takes all that is left
        (20, 0, None),
        (22, 0, None),
        (0, 0, None),
    ],
)
def test_the_pace_of_working_days_decides(used, planned, expected) -> None:
    assert forecast(a_cycle(used, planned=planned), 5, MONDAY) == expected


def test_thin_data_is_silent() -> None:
    cycle = a_cycle(15)
    assert forecast(cycle, 2, MONDAY) is None
    assert forecast(cycle, 3, MONDAY) is not None
    assert forecast(cycle, 5, date(2027, 6, 2)) is None
    assert forecast(cycle, 5, date(2027, 6, 3)) is not None


def test_only_an_open_cycle_has_one() -> None:
    for state in ("ended", "closed", "paused"):
        assert forecast(replace(a_cycle(15), state=state), 5, MONDAY) is None


def test_a_block_without_end_runs_out_some_day() -> None:
    cycle = replace(a_cycle(15), ends_on=FOR_EVER)
    assert forecast(cycle, 5, MONDAY) == Forecast(date(2027, 6, 28), None, False)
    assert forecast(replace(cycle, used=1), 5, MONDAY) is None


@given(st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.integers(0, 60))
def test_working_days_are_mondays_to_fridays(first, length) -> None:
    last = date.fromordinal(first.toordinal() + length)
    days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    assert working_days(first, last) == sum(day.weekday() < 5 for day in days)
    assert working_days(last, first) == (0 if length else int(first.weekday() < 5))


@given(st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.integers(1, 400))
def test_the_nth_working_day_is_one_and_has_so_many_before_it(after, count) -> None:
    day = nth_working_day(after, count)
    assert day.weekday() < 5
    assert working_days(date.fromordinal(after.toordinal() + 1), day) == count
