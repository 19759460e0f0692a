"""Late entries, corrections and decisions (ledger §5): cases an accountant can read."""

import json
from dataclasses import replace
from datetime import date

import pytest

from hourtab.core.amounts import HOUR, parse
from hourtab.core.cycle import CorrectionError
from hourtab.core.document import read, write
from hourtab.core.document.fields import DocumentError
from hourtab.core.entries import Authorisation, Close, Decision, Entry, Ledger
from tests.core.builders import day, hours, ledger, play, terms

JANUARY, FEBRUARY, MARCH = day("01-01"), day("02-01"), day("03-01")


def closed(book: Ledger, *months: date) -> Ledger:
    """Every month closes on the 11th of the next."""
    return replace(book, closes=[Close(month, date(2027, month.month + 1, 11)) for month in months])


def late(book: Ledger, text: str, posted: date = FEBRUARY, **more) -> Ledger:
    """Add an entry like `l1 01-28 2:00` that posts in a later cycle than its own."""
    name, when, amount = text.split()
    seconds = -parse(amount[1:]) if amount[0] == "-" else parse(amount)
    return replace(
        book, entries=[*book.entries, Entry(name, day(when), seconds, posted=posted, **more)]
    )


def decided(
    book: Ledger,
    outcome: str,
    amount: float,
    on: str,
    rate: int | None = None,
    cycle: date = JANUARY,
) -> Ledger:
    number = len(book.decisions) + 1
    return replace(
        book,
        decisions=[
            *book.decisions,
            Decision(f"d{number}", cycle, int(amount * HOUR), outcome, day(on), rate),
        ],
    )


# Cap 10, January closed with 6 used, February has 3 used; on 15 February arrive 2 h dated 28
# January.
@pytest.mark.parametrize(
    ("rollover", "reopened", "used", "expired", "remaining", "reinstated"),
    [(1, False, 6, 0, 9, 0), (1, True, 8, 0, 9, 0), (0, False, 6, 4, 7, 2), (0, True, 8, 2, 7, 0)],
)
def test_the_table_of_late_entries(
    rollover, reopened, used, expired, remaining, reinstated
) -> None:
    book = closed(ledger(terms(rollover=rollover), work="01-05 6:00, 02-03 3:00"), JANUARY)
    book = late(book, "l1 01-28 2:00", posted=None if reopened else FEBRUARY)
    january, february = play(book, "02-15").cycles
    assert hours(january, "used", "expired") == [used, expired]
    assert hours(february, "remaining", "reinstated") == [remaining, reinstated]
    assert (january.state, february.state) == ("closed", "open")


def test_a_late_entry_draws_what_lapsed_through_a_lot_of_its_own() -> None:
    book = late(closed(ledger(terms(), work="01-05 6:00, 02-03 9:00"), JANUARY), "l1 01-28 5:00")
    january, february = play(book, "02-15").cycles
    assert february.drawn == {"reinstated:l1": 4 * HOUR, "base:2027-02-01": 10 * HOUR}
    assert hours(february, "available", "used", "overage") == [14, 14, 0]
    lines = play(book, "02-15").lines
    assert [(line.entry, line.charged // HOUR, line.balance // HOUR) for line in lines[1:]] == [
        ("l1", 5, 9),
        ("e2", 9, 0),
    ]
    assert [item.amount for item in january.closing.lapsed] == [4 * HOUR]
    assert february.revived == {"0": 4 * HOUR}


def test_several_late_entries_share_what_lapsed_in_entry_order() -> None:
    book = closed(ledger(terms(), work="01-05 6:00"), JANUARY)
    book = late(late(book, "l2 01-29 3:00"), "l1 01-28 3:00")
    february = play(book, "02-15").cycles[1]
    assert february.drawn == {
        "reinstated:l1": 3 * HOUR,
        "reinstated:l2": 1 * HOUR,
        "base:2027-02-01": 2 * HOUR,
    }


def test_hours_that_lapsed_before_the_entrys_own_cycle_are_not_reinstated() -> None:
    book = closed(ledger(terms(), work="02-05 10:00"), JANUARY, FEBRUARY)
    march = play(late(book, "l1 02-20 2:00", posted=MARCH), "03-15").cycles[2]
    assert hours(march, "reinstated", "remaining") == [0, 8]


def test_what_was_reinstated_once_is_gone() -> None:
    book = closed(ledger(terms()), JANUARY, FEBRUARY)
    book = late(late(book, "l1 01-20 8:00"), "l2 01-21 8:00", posted=MARCH)
    _, february, march = play(book, "03-15").cycles
    assert hours(february, "reinstated", "remaining", "expired") == [8, 10, 10]
    assert hours(march, "reinstated", "remaining") == [2, 4]


def test_a_positive_correction_is_a_late_entry_that_is_neither_rounded_nor_weighted() -> None:
    book = closed(ledger(terms(rollover=1), work="01-05 6:00"), JANUARY)
    book = late(book, "c1 01-05 0:10", corrects="e1", weight=150)
    assert play(book, "02-15").lines[1].charged == 600


def test_a_negative_correction_of_drawn_hours_gives_them_back_as_goodwill() -> None:
    book = closed(ledger(terms(rollover=1), work="01-05 6:00, 02-03 3:00"), JANUARY)
    book = late(book, "c1 01-05 -2:00", corrects="e1")
    january, february, march = play(book, "03-01").cycles
    assert hours(january, "used") == [6]
    assert hours(february, "carried_in", "topped_up", "available", "used", "remaining") == [
        4,
        2,
        16,
        3,
        13,
    ]
    assert february.drawn == {"base:2027-01-01": 3 * HOUR}
    assert hours(march, "carried_in", "available") == [12, 22]
    correction, entry = play(book, "02-15").lines[1:]
    assert (correction.charged, correction.balance) == (-2 * HOUR, 16 * HOUR)
    assert entry.balance == 13 * HOUR


def test_a_negative_correction_of_billed_overage_becomes_a_credit_last_part_first() -> None:
    book = closed(ledger(terms(policy="bill", rate=9000), work="01-05 12:00"), JANUARY)
    february = play(late(book, "c1 01-05 -3:00", corrects="e1"), "02-15").cycles[1]
    assert february.billed_at == {9000: -2 * HOUR}
    assert hours(february, "billed", "topped_up", "available", "used") == [-2, 1, 11, 0]


def test_approved_extra_hours_are_credited_at_their_own_rate() -> None:
    approval = Authorisation("a1", HOUR, day("01-01"), day("01-31"), 25000)
    book = closed(
        ledger(terms(policy="bill", rate=9000), work="01-05 12:00", approvals=(approval,)), JANUARY
    )
    february = play(late(book, "c1 01-05 -1:30", corrects="e1"), "02-15").cycles[1]
    assert february.billed_at == {9000: -HOUR, 25000: -HOUR // 2}


def test_a_negative_correction_of_what_became_debt_lessens_the_debt() -> None:
    book = closed(ledger(terms(policy="deduct"), work="01-05 14:00"), JANUARY)
    february = play(late(book, "c1 01-05 -3:00", corrects="e1"), "02-15").cycles[1]
    assert hours(february, "debt_in", "available", "topped_up", "debt_out") == [1, 9, 0, 0]


def test_debt_that_later_hours_have_paid_comes_back_as_hours() -> None:
    book = closed(ledger(terms(policy="deduct"), work="01-05 14:00"), JANUARY, FEBRUARY)
    march = play(late(book, "c1 01-05 -3:00", posted=MARCH, corrects="e1"), "03-15").cycles[2]
    assert hours(march, "debt_in", "topped_up", "available") == [0, 3, 13]


def test_a_negative_correction_of_what_awaits_settles_it() -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 12:00"), JANUARY)
    january, february = play(late(book, "c1 01-05 -1:00", corrects="e1"), "02-15").cycles
    assert hours(january, "awaiting") == [2]
    assert hours(february, "settled", "billed", "topped_up") == [1, 0, 0]
    assert play(late(book, "c1 01-05 -1:00", corrects="e1"), "03-01").cycles[
        1
    ].closing.awaiting == {"2027-01-01": HOUR}


def test_after_a_decision_a_correction_goes_the_way_of_the_decision() -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 12:00"), JANUARY, FEBRUARY)
    book = decided(book, "bill", 2, "02-15", 7000)
    march = play(late(book, "c1 01-05 -1:00", posted=MARCH, corrects="e1"), "03-15").cycles[2]
    assert march.billed_at == {7000: -HOUR}
    assert hours(march, "settled", "topped_up") == [0, 0]


def test_corrections_add_up_and_never_give_back_more_than_was_charged() -> None:
    book = closed(ledger(terms(rollover=1), work="01-05 2:00"), JANUARY, FEBRUARY)
    book = late(
        late(book, "c1 01-05 1:00", corrects="e1"), "c2 01-05 -3:00", posted=MARCH, corrects="e1"
    )
    assert hours(play(book, "03-15").cycles[2], "topped_up") == [3]
    with pytest.raises(CorrectionError):
        play(late(book, "c3 01-05 -0:01", posted=MARCH, corrects="e1"), "03-15")


def test_a_decision_before_the_close_changes_the_cycles_own_settlement() -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 13:00"), JANUARY)
    book = decided(decided(book, "bill", 1, "02-05", 9000), "absorb", 1, "02-06")
    january, february = play(book, "02-15").cycles
    assert hours(january, "overage", "billed", "absorbed", "awaiting", "settled") == [3, 1, 1, 1, 0]
    assert january.billed_at == {9000: HOUR}
    assert hours(february, "settled", "billed") == [0, 0]


@pytest.mark.parametrize(
    ("outcome", "billed", "absorbed", "debt_in", "available"),
    [("bill", 2, 0, 0, 10), ("absorb", 0, 2, 0, 10), ("deduct", 0, 0, 2, 8)],
)
def test_a_decision_after_the_close_is_carried_by_the_earliest_unclosed_cycle(
    outcome, billed, absorbed, debt_in, available
) -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 13:00"), JANUARY)
    january, february = play(decided(book, outcome, 2, "02-15"), "02-20").cycles
    assert hours(january, "awaiting", "billed", "absorbed", "debt_out") == [3, 0, 0, 0]
    assert hours(february, "settled", "billed", "absorbed", "debt_in", "available") == [
        2,
        billed,
        absorbed,
        debt_in,
        available,
    ]


def test_on_the_day_of_a_close_a_decision_may_name_the_cycle_that_carries_it() -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 13:00"), JANUARY)
    after = decided(book, "bill", 2, "02-11")
    before = replace(after, decisions=[replace(after.decisions[0], posted=JANUARY)])
    assert hours(play(after, "02-12").cycles[0], "billed", "awaiting") == [0, 3]
    assert hours(play(before, "02-12").cycles[0], "billed", "awaiting") == [2, 1]


def test_a_document_carries_closes_corrections_and_decisions() -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 13:00, 02-03 1:00"), JANUARY)
    book = decided(late(book, "c1 01-05 -0:30", corrects="e1"), "bill", 2, "02-15", 9000)
    document = read.from_text(json.dumps(write.to_json(book, day("02-20"))))
    assert (document.ledger.decisions, document.ledger.closes) == (
        tuple(book.decisions),
        tuple(book.closes),
    )
    assert play(document.ledger, "02-20") == play(book, "02-20")


def test_a_document_that_decides_on_more_than_awaits_is_refused() -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 13:00"), JANUARY)
    with pytest.raises(
        DocumentError,
        match=r"decisions\[0\].amount: is more than what awaits a decision then \(10800\)",
    ):
        read.from_text(json.dumps(write.to_json(decided(book, "bill", 4, "02-15"), day("02-20"))))


def test_after_the_last_close_of_an_ended_retainer_no_decision_finds_a_cycle() -> None:
    book = closed(ledger(terms(policy="ask"), work="01-05 13:00", ends="01-31"), JANUARY)
    with pytest.raises(DocumentError, match=r"decisions\[0\].on: every cycle is closed"):
        read.from_text(json.dumps(write.to_json(decided(book, "bill", 1, "02-15"), day("02-20"))))
