"""A clock that runs ahead for a while closes nothing; one that is right after all does, an hour
later.
"""

from datetime import datetime, timedelta

import pytest

from hourtab.ledger import jobs
from hourtab.ledger.models import Statement
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.writing import clock
from hourtab.retainers.models import Retainer
from tests.builders import a_retainer, log
from tests.ledger.test_statements import at

pytestmark = pytest.mark.django_db
NOW, AHEAD = at("01-20"), at("04-05")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def a_day_is_a_leap(monkeypatch, time_leaps) -> None:
    monkeypatch.setattr(clock.Clock, "LEAP", DAY)


@pytest.fixture
def retainer(northlight) -> Retainer:
    """Work of January, written on the day; the worker looked at the clock at noon of 20 January."""
    retainer = a_retainer(northlight, hours=10, starts="2027-01-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at("01-01"))
    log(retainer, "2027-01-05", "6h", now=NOW - MINUTE)
    jobs.turn_the_day(NOW)
    return Retainer.objects.get(pk=retainer.pk)


def closed() -> int:
    return Statement.objects.count()


def test_a_clock_that_runs_ahead_for_a_minute_closes_nothing(retainer) -> None:
    log(retainer, "2027-01-20", "1h", now=AHEAD)
    log(retainer, "2027-01-20", "1h", now=AHEAD + MINUTE)
    assert jobs.turn_the_day(AHEAD + MINUTE) == 0
    assert closed() == 0
    entry = log(retainer, "2027-01-20", "1h", now=NOW + HOUR)
    jobs.turn_the_day(NOW + HOUR)
    assert (entry.posts_on, closed()) == (entry.on, 0)


def test_what_was_written_ahead_is_named(retainer) -> None:
    log(retainer, "2027-01-20", "1h", now=AHEAD)
    assert clock.written_ahead(NOW + HOUR) == AHEAD
    assert clock.written_ahead(AHEAD) is None
    said = "write 3 (log) was made on 2027-04-05, which is to come: the clock ran ahead"
    assert said in findings(retainer, NOW + HOUR)
    assert said not in findings(retainer, AHEAD)


def test_the_second_look_an_hour_later_believes_it(retainer) -> None:
    assert jobs.turn_the_day(AHEAD) == 0
    assert jobs.turn_the_day(AHEAD + 59 * MINUTE) == 0
    assert closed() == 0
    assert jobs.turn_the_day(AHEAD + HOUR) == 1
    assert closed() == 2
    assert clock.is_believed(AHEAD + HOUR + DAY)
    assert not clock.is_believed(AHEAD + HOUR + 2 * DAY)


def test_without_a_worker_the_second_write_after_an_hour_closes(retainer) -> None:
    log(retainer, "2027-04-05", "1h", now=AHEAD)
    log(retainer, "2027-04-05", "1h", now=AHEAD + 30 * MINUTE)
    assert closed() == 0
    log(retainer, "2027-04-05", "1h", now=AHEAD + 2 * HOUR)
    assert closed() == 2


def test_a_clock_that_leaps_back_is_no_harm(retainer) -> None:
    assert clock.is_believed(NOW - 300 * DAY)
    assert closed() == 0


def test_day_by_day_every_cycle_closes_when_it_is_due(retainer) -> None:
    now: datetime = NOW
    while now < AHEAD:
        now += DAY
        jobs.turn_the_day(now)
    assert closed() == 2
