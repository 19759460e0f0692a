"""Cycles, terms, pauses, going over: the rules of the ledger in cases an accountant can read."""

import pytest

from hourtab.core.amounts import HOUR, Rounding, money
from hourtab.core.cycles import CycleError
from hourtab.core.entries import Authorisation, Hold, TopUp, Transfer
from tests.core.builders import day, hours, ledger, play, terms


def test_unused_hours_can_be_used_one_cycle_longer() -> None:
    january, february, _ = play(
        ledger(terms(rollover=1, at_most=5), work="01-14 7:00, 02-03 12:30"), "03-01"
    ).cycles
    assert hours(january, "cap", "used", "remaining", "carried_out") == [10, 7, 3, 3]
    assert hours(february, "carried_in", "cap", "used", "remaining") == [3, 10, 12.5, 0.5]


def test_a_debt_stands_before_all_entries_and_never_shows_as_overage() -> None:
    first, second, third = play(ledger(terms(policy="deduct"), work="01-05 25:00"), "03-05").cycles
    assert hours(first, "overage", "debt_out") == [15, 15]
    assert hours(second, "debt_in", "available", "overage", "debt_out", "remaining") == [
        15,
        -5,
        0,
        5,
        0,
    ]
    assert hours(third, "available", "remaining") == [5, 5]


def test_debt_beyond_its_maximum_is_billed() -> None:
    first, second = play(
        ledger(terms(policy="deduct", debt_max=4), work="01-05 20:00"), "02-01"
    ).cycles
    assert hours(first, "overage", "billed", "debt_out") == [10, 6, 4]
    assert hours(second, "debt_in", "available") == [4, 6]


@pytest.mark.parametrize(
    ("policy", "field"), [("bill", "billed"), ("absorb", "absorbed"), ("ask", "awaiting")]
)
def test_overage_goes_where_the_policy_says(policy: str, field: str) -> None:
    first, _ = play(ledger(terms(policy=policy), work="01-05 12:00"), "02-01").cycles
    assert hours(first, "overage", field) == [2, 2]
    assert sum(hours(first, "billed", "absorbed", "awaiting", "debt_out")) == 2


def test_approved_extra_hours_are_used_after_the_lots_and_the_rest_awaits() -> None:
    approval = Authorisation("a1", 20 * HOUR, day("01-01"), day("01-31"), 25000)
    book = ledger(
        terms(hours=20, policy="ask"),
        work="01-05 18:00, 01-06 15:00, 01-07 10:00",
        approvals=(approval,),
    )
    (cycle,) = play(book, "01-31").cycles
    assert hours(cycle, "overage", "authorised", "awaiting", "billed", "remaining") == [
        23,
        20,
        3,
        20,
        0,
    ]
    assert cycle.billed_at == {25000: 20 * HOUR}
    assert money(20 * HOUR, 25000) == 500_000
    assert [line.balance // HOUR for line in play(book, "01-31").lines] == [2, -13, -23]


def test_an_approval_counts_over_all_its_cycles_together() -> None:
    approval = Authorisation("a1", 5 * HOUR, day("01-15"), day("02-28"), 100)
    book = ledger(
        terms(policy="ask"), work="01-10 12:00, 01-20 3:00, 02-05 14:00", approvals=(approval,)
    )
    january, february = play(book, "02-28").cycles
    assert hours(january, "authorised", "awaiting") == [3, 2]
    assert hours(february, "authorised", "awaiting", "ceiling") == [2, 2, 2]


def test_of_several_approvals_the_one_that_ends_first_is_used_first() -> None:
    long = Authorisation("a1", 5 * HOUR, day("01-01"), day("02-28"), 100)
    short = Authorisation("a2", 2 * HOUR, day("01-01"), day("01-31"), 200)
    (cycle,) = play(ledger(work="01-10 13:00", approvals=(long, short)), "01-31").cycles
    assert cycle.billed_at == {200: 2 * HOUR, 100: HOUR}


def test_topups_last_through_the_cycle_of_their_until_and_are_never_trimmed() -> None:
    topups = (
        TopUp("t1", day("01-20"), 5 * HOUR, until=day("02-10")),
        TopUp("g1", day("01-01"), HOUR, "goodwill", "never"),
    )
    january, february, march = play(
        ledger(terms(rollover=1, at_most=2), topups=topups), "03-01"
    ).cycles
    assert hours(january, "available", "topped_up", "trimmed", "expired", "carried_out") == [
        16,
        6,
        8,
        0,
        8,
    ]
    assert hours(february, "carried_in", "expired", "trimmed", "carried_out") == [8, 7, 8, 3]
    assert hours(march, "carried_in") == [3]


def test_the_lot_that_expires_first_is_drawn_first_whatever_its_kind() -> None:
    topups = (
        TopUp("t1", day("01-01"), HOUR),
        TopUp("t2", day("01-01"), HOUR, until="never"),
        TopUp("g", day("01-01"), HOUR, "goodwill"),
    )
    (cycle,) = play(ledger(terms(rollover=1), work="01-02 12:30", topups=topups), "01-31").cycles
    assert list(cycle.drawn.items()) == [
        ("goodwill:g", HOUR),
        ("topup:t1", HOUR),
        ("base:2027-01-01", 10 * HOUR),
        ("topup:t2", HOUR // 2),
    ]


def test_a_change_now_is_a_transfer_and_never_takes_a_lot_below_nothing() -> None:
    up, down = (Transfer("x1", day("01-10"), 10 * HOUR), Transfer("x2", day("02-10"), -30 * HOUR))
    january, february = play(
        ledger(terms(rollover=1, at_most="50%"), transfers=(up, down)), "02-28"
    ).cycles
    assert hours(january, "cap", "transferred", "available", "trimmed", "carried_out") == [
        10,
        10,
        20,
        10,
        10,
    ]
    assert hours(february, "cap", "transferred", "available") == [10, -10, 10]


def test_a_paused_cycle_grants_nothing_lapses_nothing_and_does_not_count() -> None:
    book = ledger(terms(rollover=1), work="01-05 4:00, 02-05 1:00, 03-05 2:00", pauses=("02-01",))
    january, february, march, april = play(book, "04-01").cycles
    assert hours(january, "carried_out", "expired") == [6, 0]
    assert (
        february.state,
        hours(february, "cap", "available", "used", "expired", "carried_out"),
    ) == ("paused", [0, 6, 1, 0, 5])
    assert hours(
        march, "carried_in", "drawn_sum" if False else "used", "expired", "carried_out"
    ) == [5, 2, 3, 10]
    assert hours(april, "carried_in") == [10]


def test_a_pause_or_other_terms_later_do_not_change_what_was_drawn_before() -> None:
    topup = TopUp("t1", day("02-01"), 2 * HOUR, until=day("03-15"))
    plain = ledger(terms(rollover=1), work="02-05 11:00", topups=(topup,))
    paused = ledger(terms(rollover=1), work="02-05 11:00", topups=(topup,), pauses=("03-01",))
    changed = ledger(
        terms(rollover=1),
        terms("03-01", cadence="week", hours=2),
        work="02-05 11:00",
        topups=(topup,),
    )
    expected = play(plain, "03-01").cycles[:2]
    for other in (paused, changed):
        assert [cycle.drawn for cycle in play(other, "03-01").cycles[:2]] == [
            cycle.drawn for cycle in expected
        ]


def test_a_retainer_that_ends_leaves_nothing_open() -> None:
    book = ledger(
        terms(rollover=None, policy="deduct"), work="01-05 4:00, 02-05 30:00", ends="02-10"
    )
    january, february = play(book, "06-01").cycles
    assert hours(january, "carried_out") == [6]
    assert february.ends_on == day("02-10")
    assert hours(february, "cap", "overage", "billed", "debt_out", "carried_out") == [
        10,
        14,
        14,
        0,
        0,
    ]
    assert february.state == "ended"
    lapsed = play(ledger(terms(rollover=None), work="01-05 4:00", ends="02-10"), "06-01").cycles[-1]
    assert hours(lapsed, "expired", "carried_out") == [16, 0]


@pytest.mark.parametrize(
    ("hours_", "starts", "anchor", "expected"),
    [
        (20, "2027-09-16", "2027-09-25", "5:48"),
        (20, "2027-02-15", "2027-03-01", "10:00"),
        (10, "2027-11-20", "2027-12-01", "3:40"),
        (40, "2028-02-10", "2028-03-01", "27:35"),
    ],
)
def test_a_prorated_stub_divides_by_the_full_grid_cycle(
    hours_: int, starts: str, anchor: str, expected: str
) -> None:
    from hourtab.core.amounts import clock

    for stub, cap in (("prorated", expected), ("full", f"{hours_}:00"), ("none", "0:00")):
        first = play(ledger(terms(starts, hours=hours_, anchor=anchor, stub=stub)), starts).cycles[
            0
        ]
        assert clock(first.cap) == cap


def test_terms_of_another_rhythm_begin_with_a_stub() -> None:
    book = ledger(
        terms(hours=10),
        terms("03-01", hours=30, cadence="quarter", anchor="01-01", stub="prorated"),
    )
    cycles = play(book, "04-15").cycles
    assert [str(cycle.starts_on) for cycle in cycles] == [
        "2027-01-01",
        "2027-02-01",
        "2027-03-01",
        "2027-04-01",
    ]
    assert cycles[2].cap == 10 * HOUR + 20 * 60  # 31 of 90 days of 30 h
    with pytest.raises(
        CycleError,
        match="does not start a cycle of the terms before; the next cycle starts 2027-03-01",
    ):
        play(ledger(terms(), terms("02-15", hours=30)), "04-15")


def test_a_prepaid_block_is_one_cycle() -> None:
    (block,) = play(
        ledger(terms(cadence="once", hours=100), work="01-05 30:00, 2029-05-05 20:00"), "2029-06-01"
    ).cycles
    assert hours(block, "available", "used", "remaining") == [100, 50, 50]
    (ended,) = play(
        ledger(terms(cadence="once", hours=100), work="01-05 30:00", ends="12-31"), "2028-01-01"
    ).cycles
    assert hours(ended, "expired") == [70]


def test_rounding_then_weight_once() -> None:
    from hourtab.core.amounts import charge

    quarter = 15 * 60
    assert [
        charge(2671, rule, 100)
        for rule in (
            Rounding(),
            Rounding(360),
            Rounding(quarter),
            Rounding(quarter, "nearest"),
            Rounding(quarter, "down"),
        )
    ] == [2671, 2880, 2700, 2700, 1800]
    assert charge(240, Rounding(quarter, "nearest", quarter), 100) == 900
    assert charge(2671, Rounding(quarter), 150) == 4050
    assert charge(0, Rounding(quarter, "up", quarter), 100) == 0
    assert charge(450, Rounding(quarter, "nearest"), 100) == 900
    assert charge(100, Rounding(0, "up", 900), 50) == 450


def test_what_is_dated_later_is_planned_and_counts_from_its_day() -> None:
    book = ledger(
        work="01-05 4:00, 01-20 3:00", holds=(Hold("h", day("01-15"), day("01-18"), 2 * HOUR),)
    )
    assert [
        hours(play(book, on).cycles[0], "used", "planned")
        for on in ("01-10", "01-18", "01-19", "01-20")
    ] == [
        [4, 5],
        [4, 5],
        [4, 3],
        [7, 0],
    ]
    assert [line.entry for line in play(book, "01-10").lines] == ["e1"]


def test_before_the_start_there_is_nothing() -> None:
    assert play(ledger(work="01-05 1:00"), "2026-12-31").cycles == ()


def test_entries_are_taken_by_day_then_start_then_id() -> None:
    book = ledger(work="01-05 14:00 1:00, 01-05 2:00, 01-04 18:00 4:00, 01-05 09:00 0:30")
    assert [line.entry for line in play(book, "01-31").lines] == ["e3", "e2", "e4", "e1"]
