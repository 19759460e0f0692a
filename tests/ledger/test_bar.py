"""The bar never runs over its end."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from hourtab.core.results import CycleTotals
from hourtab.ledger.saying.bar import Bar, bar_of

HOURS = st.integers(0, 500)


def a_cycle(available: int, used: int, planned: int, carried: int = 0, extra: int = 0):
    rest = dict.fromkeys(
        [
            "cap",
            "transferred",
            "reinstated",
            "debt_in",
            "overage",
            "authorised",
            "billed",
            "absorbed",
            "awaiting",
            "settled",
            "expired",
            "trimmed",
            "carried_out",
            "debt_out",
            "remaining",
        ],
        0,
    )
    days = {"starts_on": date(2027, 6, 1), "ends_on": date(2027, 6, 30)}
    return CycleTotals(
        **days,
        **rest,
        available=available,
        used=used,
        planned=planned,
        carried_in=carried,
        topped_up=extra,
        drawn={},
        state="open",
    )


def right_edges(bar: Bar) -> list[int]:
    return [bar.used, bar.scale + bar.over, bar.planned_from + bar.planned, bar.scale]


def test_planned_work_behind_a_debt_stays_on_the_bar() -> None:
    bar = bar_of(a_cycle(available=-2, used=0, planned=4), date(2027, 6, 22))
    assert bar is not None
    assert (bar.over, bar.planned_from, bar.planned) == (333, 333, 666)


@given(st.integers(-500, 500), HOURS, HOURS, HOURS, HOURS)
def test_nothing_on_the_bar_lies_beyond_its_end(available, used, planned, carried, extra) -> None:
    bar = bar_of(a_cycle(available, used, planned, carried, extra), date(2027, 6, 22))
    if bar is not None:
        assert all(0 <= edge <= 1000 for edge in right_edges(bar))
        assert bar.pace is not None
        assert 0 <= bar.pace <= 1000
