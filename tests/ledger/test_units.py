"""Fields, the quick line and files know the same words for hours, minutes and seconds."""

from datetime import date

import pytest

from hourtab.core.amounts import UNIT_WORDS, parse
from hourtab.imports.reading.durations import read_units
from hourtab.ledger.quick.line import read
from hourtab.retainers.models import Retainer
from tests.builders import a_retainer

TODAY = date(2027, 6, 22)
WORDS = [(word, seconds) for seconds, words in UNIT_WORDS.items() for word in words]


@pytest.mark.django_db
def test_the_quick_line_reads_every_word_that_a_field_reads(northlight) -> None:
    a_retainer(northlight)
    retainers = list(Retainer.objects.prefetch_related("categories"))
    for word, seconds in WORDS:
        for text in (f"2 {word}", f"2{word}", f"2 {word.title()}."):
            assert parse(text) == 2 * seconds, text
            line = read(f"Call with Ben, {text} @acme", retainers, TODAY)
            assert (line.seconds, line.description) == (2 * seconds, "Call with Ben"), text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2 Stunden", 7200),
        ("1 Stunde 30 Minuten", 5400),
        ("1,5 Std.", 5400),
        ("1h30", 5400),
        ("1h 30", 5400),
        ("1h 30 m", 5400),
        ("1 hr 5 mins", 3900),
        ("90 Sek.", 90),
    ],
)
def test_a_time_is_taken_whole(northlight, time, seconds) -> None:
    a_retainer(northlight)
    retainers = list(Retainer.objects.prefetch_related("categories"))
    line = read(f"Gespräch, {time} @acme", retainers, TODAY)
    assert (line.seconds, line.description) == (seconds, "Gespräch")


def test_files_know_every_word_that_a_field_reads() -> None:
    for word, seconds in WORDS:
        assert read_units(f"2 {word}", ".") == 2 * seconds, word


@pytest.mark.django_db
def test_a_word_that_only_begins_like_a_unit_is_none(northlight) -> None:
    a_retainer(northlight)
    retainers = list(Retainer.objects.prefetch_related("categories"))
    line = read("3 hats and 2 mice for 5 hosts, 45m @acme", retainers, TODAY)
    assert (line.seconds, line.description) == (2700, "3 hats and 2 mice for 5 hosts")
