"""Counted units are written exactly, in every place alike."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from hourtab.core.amounts import count, parse_count
from hourtab.lib.forms import AmountField
from hourtab.lib.words import Words


@pytest.mark.parametrize(
    ("hundredths", "written"),
    [
        (0, "0 sessions"),
        (50, "0.5 sessions"),
        (100, "1 session"),
        (150, "1.5 sessions"),
        (125, "1.25 sessions"),
        (200, "2 sessions"),
        (1_234_567, "12345.67 sessions"),
        (-150, "−1.5 sessions"),
    ],
)
def test_a_number_of_sessions_is_written_whole_and_in_its_plural(hundredths, written) -> None:
    assert Words("en-GB", "hm", "session").amount(hundredths) == written


def test_a_german_number_has_its_comma_and_its_plural() -> None:
    with translation.override("de"):
        words = Words("de-DE", "hm", "deliverable")
        assert [words.amount(number).partition(" ")[0] for number in (150, 100)] == ["1,5", "1"]
        assert words.amount(150).partition(" ")[2] == words.amount(200).partition(" ")[2]


@given(st.integers(0, 100 * 100_000))
def test_what_a_form_shows_of_a_counted_amount_is_read_back_as_it_was(hundredths) -> None:
    field = AmountField(unit="session")
    assert field.clean(field.prepare_value(hundredths)) == hundredths
    assert parse_count(count(hundredths)) == hundredths


@pytest.mark.parametrize(
    ("hundredths", "written"), [(1_234_567, "12345.67"), (100_000_000, "1000000"), (-50, "-0.5")]
)
def test_large_counts_are_never_rounded(hundredths, written) -> None:
    assert count(hundredths) == written
