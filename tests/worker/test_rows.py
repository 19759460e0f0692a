"""Doing something for many rows."""

from datetime import timedelta

import pytest

from hourtab.ledger.jobs import turn_the_day
from hourtab.operating.metrics import _Installation
from hourtab.retainers.models import Retainer
from hourtab.worker.models import Stumble
from hourtab.worker.rows import EndOfRound, each, in_batches
from tests.builders import NOW, a_retainer

pytestmark = pytest.mark.django_db


@pytest.fixture
def retainers(northlight) -> list[Retainer]:
    return [a_retainer(northlight, name) for name in ("Acme", "Beta", "Cobalt", "Delta")]


def failing_for(*names: str, seen: list[str]):
    def do(retainer: Retainer) -> int:
        seen.append(retainer.client.name)
        if retainer.client.name in names:
            raise ValueError(retainer.client.name)
        return 1

    return do


def test_a_zone_this_machine_does_not_know_stops_only_its_own_retainer(retainers) -> None:
    Retainer.objects.filter(pk=retainers[1].pk).update(zone="No/Where")
    later = NOW + timedelta(days=1)
    assert turn_the_day(later) == 3
    turned = Retainer.objects.filter(balanced_on=later.date())
    assert {row.client.name for row in turned} == {"Acme", "Cobalt", "Delta"}
    assert Stumble.objects.get().row == retainers[1].pk


def test_rows_that_fail_never_starve_the_rest_however_many_they_are(retainers) -> None:
    rows, seen = Retainer.objects.all(), []
    do = failing_for("Acme", "Beta", seen=seen)
    assert each("count", rows, do, NOW, most=2) == 0
    assert each("count", rows, do, NOW, most=2) == 2
    each("count", rows, do, NOW + timedelta(hours=1), most=2)
    assert seen == ["Acme", "Beta", "Cobalt", "Delta", "Cobalt", "Delta", "Acme", "Beta"]


def test_the_pause_grows_to_an_hour(retainers) -> None:
    rows, now = Retainer.objects.filter(pk=retainers[0].pk), NOW
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        each("count", rows, failing_for("Acme", seen=[]), now)
        assert Stumble.objects.get().again_at - now == timedelta(minutes=minutes)
        now += timedelta(minutes=minutes)


def test_what_a_row_wrote_before_it_failed_is_undone(retainers) -> None:
    def rename(retainer: Retainer) -> int:
        Retainer.objects.filter(pk=retainer.pk).update(name="Changed")
        if retainer.client.name == "Beta":
            raise ValueError
        return 1

    assert each("rename", Retainer.objects.all(), rename, NOW) == 3
    assert Retainer.objects.exclude(name="Changed").get().client.name == "Beta"


def test_a_row_that_need_not_be_done_any_more_is_forgotten(retainers) -> None:
    each("count", Retainer.objects.all(), failing_for("Acme", seen=[]), NOW)
    each("count", Retainer.objects.exclude(pk=retainers[0].pk), lambda _row: 1, NOW)
    assert Stumble.objects.count() == 1
    later = NOW + timedelta(minutes=2)
    each("count", Retainer.objects.exclude(pk=retainers[0].pk), lambda _row: 1, later)
    assert not Stumble.objects.exists()


def test_a_round_that_makes_no_sense_any_more_ends_without_a_stumble(retainers) -> None:
    seen = []

    def do(retainer: Retainer) -> int:
        seen.append(retainer.client.name)
        if retainer.client.name == "Beta":
            raise EndOfRound
        return 1

    assert each("count", Retainer.objects.all(), do, NOW) == 1
    assert seen == ["Acme", "Beta"]
    assert not Stumble.objects.exists()


def test_of_a_batch_that_fails_the_bad_row_alone_is_left_out(retainers) -> None:
    seen = []

    def do(keys) -> int:
        seen.append(len(keys))
        if retainers[2].pk in keys:
            raise ValueError
        return len(keys)

    assert in_batches("count", Retainer.objects.all(), do, NOW, size=2) == 3
    assert seen == [2, 2, 1, 1]
    assert Stumble.objects.get().row == retainers[2].pk
    assert in_batches("count", Retainer.objects.all(), do, NOW, size=2) == 3
    assert seen[4:] == [2, 1]


def test_the_log_names_the_row_and_none_of_its_words(retainers, caplog) -> None:
    each("count", Retainer.objects.all(), failing_for("Acme", seen=[]), NOW)
    assert f"Could not count: row {retainers[0].pk}" in caplog.text
    assert "Acme" not in str([record.getMessage() for record in caplog.records])
    assert Stumble.objects.get().problem == "ValueError"


def test_monitors_hear_how_many_rows_wait_to_be_tried_again(retainers) -> None:
    each("count", Retainer.objects.all(), failing_for("Acme", "Beta", seen=[]), NOW)
    gauges = {gauge.name: gauge.samples[0].value for gauge in _Installation(NOW).collect()}
    assert gauges["hourtab_rows_failing"] == 2
