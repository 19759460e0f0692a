"""Tables as CSV: what people typed never becomes a formula, and comes back as it was."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hourtab.lib.csv import Exact, guarded, table, unguarded


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "'"])
def test_a_text_that_could_be_a_formula_is_written_behind_an_apostrophe(first) -> None:
    row = next(csv.reader(io.StringIO(table(["What"], [[f"{first}1+1"]]).split("\r\n", 1)[1])))
    assert row == [f"'{first}1+1"]


def test_figures_dates_and_durations_are_written_as_they_are() -> None:
    row = [-3600, date(2027, 6, 1), Exact("-1:00"), None, "Call"]
    assert (
        table(["A", "B", "C", "D", "E"], [row]) == "A,B,C,D,E\r\n-3600,2027-06-01,-1:00,,Call\r\n"
    )


@given(st.text())
def test_every_text_comes_back_as_it_was(text) -> None:
    assert unguarded(guarded(text)) == text
