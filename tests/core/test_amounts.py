import pytest
from hypothesis import given
from hypothesis import strategies as st

from hourtab.core.amounts import HOUR, AmountError, clock, half_up, parse, render, render_bare


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h", 3600),
        ("45m", 2700),
        ("1h 30m", 5400),
        ("1:30", 5400),
        ("01:30:00", 5400),
        ("1.5", 5400),
        ("1,5", 5400),
        ("1.5h", 5400),
        ("90 min", 5400),
        ("7,5", 27000),
        ("1h30", 5400),
        ("2 hours", 7200),
        ("1 Std", 3600),
        (".25", 900),
        ("26:00", 93600),
        ("0,01", 36),
        ("1\u00a0h\u00a030\u00a0m", 5400),
        (" 45M ", 2700),
        ("1h 30m 15s", 5415),
    ],
)
def test_every_notation_is_read_exactly(text: str, seconds: int) -> None:
    assert parse(text) == seconds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Say how long it took"),
        ("abc", "is not a duration"),
        ("-1h", "is negative"),
        ("90", "could be hours or minutes"),
        ("1:5", "could mean 1:05 or 1:50"),
        ("1:75", "more than 59"),
        ("1.500", "thousands or decimals"),
        ("1h 90m", "mixes two ways"),
        ("1.5h 30m", "is not a duration"),
        ("30m 1h", "is not a duration"),
        ("1e5", "is not a duration"),
        ("١h", "is not a duration"),
        ("999999h", "longer than"),
        ("1h 2h", "is not a duration"),
        ("nan", "is not a duration"),
    ],
)
def test_what_is_ambiguous_or_absurd_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(AmountError, match=sentence):
        parse(text)


@given(st.integers(0, 1000 * HOUR))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse(render(seconds)) == seconds
    assert parse(clock(seconds)) == seconds


@given(st.text(max_size=12))
def test_parse_raises_nothing_but_its_own_refusal(text: str) -> None:
    try:
        assert parse(text) >= 0
    except AmountError as refusal:
        assert len(str(refusal)) > 10


def test_durations_never_break_across_lines_and_follow_the_style() -> None:
    assert render(6 * HOUR + 1800) == "6\u00a0h\u00a030\u00a0m"
    assert render(0) == "0\u00a0h"
    assert render(6 * HOUR + 1800, "decimal", mark=",") == "6,5\u00a0h"
    assert render(-1800) == "\u221230\u00a0m"
    assert (render_bare(14 * HOUR), render_bare(5400), render_bare(5400, "decimal")) == (
        "14",
        None,
        "1.5",
    )


def test_half_up_is_exact_and_symmetric() -> None:
    assert [half_up(n, 2) for n in (1, 3, -1, -3, 0)] == [1, 2, -1, -2, 0]
