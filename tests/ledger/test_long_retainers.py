"""Years of weekly cycles: what is stored grows with the cycles, and a write reads the last state."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from hourtab.core.amounts import HOUR
from hourtab.core.document import states
from hourtab.core.terms import Rollover, Terms
from hourtab.ledger.book import Book
from hourtab.ledger.line import Work
from hourtab.ledger.models import Cycle, Write
from hourtab.ledger.reading.cycles import current_cycle, cycles_of, opening_before
from hourtab.ledger.verbs import log as services
from hourtab.ledger.writing import cache
from hourtab.retainers.models import Retainer
from hourtab.retainers.services import open_retainer

pytestmark = pytest.mark.django_db
CYCLES = 260
FIRST = date(2022, 1, 3)
TODAY = FIRST + timedelta(weeks=CYCLES - 1, days=2)
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)


@pytest.fixture
def retainer(northlight) -> Retainer:
    """Five years of weeks, some hours lapsing in each, all of them history to be closed by hand."""
    terms = Terms(FIRST, 10 * HOUR, "week", FIRST, rollover=Rollover(1, 2 * HOUR))
    made = open_retainer(northlight, client="Acme", name="Weeks", terms=terms)
    Retainer.objects.filter(pk=made.pk).update(opened_at=NOW)
    return Retainer.objects.get(pk=made.pk)


def written(retainer: Retainer, on: date) -> None:
    services.log_time(retainer, Work(on, HOUR, description="x"), by=None, now=NOW)


def counting(monkeypatch) -> list[int]:
    """Note the index of every closing state that is decoded."""
    decoded: list[int] = []
    decode = states.closing_from_json

    def noted(raw):
        decoded.append(raw["index"])
        return decode(raw)

    monkeypatch.setattr(states, "closing_from_json", noted)
    return decoded


def test_the_stored_states_grow_with_the_cycles(retainer) -> None:
    written(retainer, FIRST)
    rows = Cycle.objects.filter(retainer=retainer, closing__isnull=False)
    sizes = [len(json.dumps(closing)) for closing in rows.values_list("closing", flat=True)]
    assert len(sizes) == CYCLES - 1
    assert max(sizes) <= 2 * min(sizes)
    assert max(sizes) < 1500


def test_a_write_in_the_last_cycle_reads_one_state(retainer, monkeypatch) -> None:
    written(retainer, FIRST)
    decoded = counting(monkeypatch)
    written(retainer, TODAY)
    assert set(decoded) == {CYCLES - 1}
    assert len(decoded) <= 2


def test_a_page_of_another_day_reads_one_state(retainer, monkeypatch) -> None:
    written(retainer, FIRST)
    decoded = counting(monkeypatch)
    found = Retainer.objects.get(pk=retainer.pk)
    cycles = cycles_of(found, TODAY + timedelta(days=1))
    assert decoded == [CYCLES - 1]
    assert current_cycle(found, TODAY + timedelta(days=1)) == cycles[-1]
    assert len(cycles) == CYCLES


def test_a_write_says_how_it_left_the_cycles_that_may_be_watched(retainer) -> None:
    written(retainer, FIRST)
    week = FIRST + timedelta(weeks=CYCLES - 1)
    levels = cache.levels(Book(retainer, TODAY))
    assert list(levels) == [week.isoformat()]
    assert Write.objects.order_by("number").last().levels == levels


def test_a_gap_in_the_cache_is_computed_anew(retainer) -> None:
    written(retainer, FIRST)
    whole = cycles_of(retainer, TODAY)
    Cycle.objects.filter(retainer=retainer, index=100).delete()
    assert opening_before(retainer, TODAY, TODAY).index == 100
    written(retainer, TODAY)
    assert Cycle.objects.filter(retainer=retainer).count() == CYCLES
    assert cycles_of(Retainer.objects.get(pk=retainer.pk), TODAY)[100:-1] == whole[100:-1]
