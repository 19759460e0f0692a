"""Everything that was agreed can be read, in words."""

from dataclasses import replace
from datetime import date

import pytest

from hourtab.core.amounts import HOUR, Rounding
from hourtab.core.terms import Overage, Percent, Rollover, Terms
from hourtab.lib.words import Words
from hourtab.retainers.words import agreement

PLAIN = Terms(date(2027, 1, 1), 20 * HOUR, "month", date(2027, 1, 1))


def said(terms: Terms, unit: str = "hour", **more) -> str:
    text = " ".join(agreement(terms, Words("en-GB", "hm", unit), "EUR", **more))
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("agreed", "sentence"),
    [
        ({"rollover": Rollover(5)}, "can be used 5 months longer"),
        ({"rollover": Rollover(1, Percent(50))}, "up to 50 % of the hours granted"),
        ({"rounding": Rounding(300, "nearest")}, "rounded to the nearest 5 m per entry"),
        ({"rounding": Rounding(300, "down", 900)}, "An entry counts at least 15 m."),
        (
            {"overage": Overage("deduct", 10 * HOUR)},
            "At most 10 h are taken so; what is owed beyond that is billed.",
        ),
        (
            {"overage": Overage("ask", 10 * HOUR)},
            "Where it is taken from the next hours: at most 10 h, the rest is billed.",
        ),
    ],
)
def test_the_client_reads_what_was_agreed_about_hours(agreed, sentence) -> None:
    assert sentence in said(replace(PLAIN, **agreed))


@pytest.mark.parametrize("policy", ["bill", "absorb"])
def test_where_nothing_can_be_owed_nothing_is_said_of_it(policy) -> None:
    assert "10 h" not in said(replace(PLAIN, overage=Overage(policy, 10 * HOUR)))


def test_counted_units_say_how_many_may_be_owed() -> None:
    counted = replace(PLAIN, cap=1000, overage=Overage("deduct", 150))
    assert "At most 1.5 sessions are taken so" in said(counted, "session")


@pytest.mark.parametrize(
    ("agreed", "sentence"),
    [
        ({"fee": 200_000}, "The fee is €2,000.00 a month."),
        ({"fee": 200_000, "cadence": "once"}, "The fee is €2,000.00."),
        ({"grace_days": 1}, "A cycle closes 1 day after its last one."),
        (
            {"anchor_on": date(2026, 12, 15), "stub": "prorated"},
            "Up to the first reset, on 15 January 2027, it is in proportion to the days.",
        ),
        ({"anchor_on": date(2026, 12, 15), "stub": "none"}, "there is nothing to use"),
        ({"anchor_on": date(2026, 12, 15)}, "all of it can be used"),
    ],
)
def test_the_provider_reads_the_fee_the_first_stretch_and_when_cycles_close(
    agreed, sentence
) -> None:
    terms = replace(PLAIN, **agreed)
    assert sentence in said(terms, for_provider=True)
    assert sentence not in said(terms)


def test_terms_that_begin_with_a_cycle_say_nothing_of_a_first_stretch() -> None:
    assert "first reset" not in said(replace(PLAIN, stub="none"), for_provider=True)
