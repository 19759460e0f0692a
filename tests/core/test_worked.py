"""The sentences of ledger §3 and §5 on order, debt, decisions and corrections, each worked out by
hand.
"""

import pytest

from hourtab.core.amounts import HOUR
from hourtab.core.results import paid_by
from tests.core.worked import worked


def fates(result, entry: str) -> list[tuple[str, float, int | None]]:
    """What paid for a line, in hours."""
    for cycle, lines in result.by_cycle():
        for line in lines:
            if line.entry == entry:
                parts = paid_by(cycle, line)
                return [(part.source, part.amount / HOUR, part.rate) for part in parts]
    raise AssertionError(entry)


# Debt beyond `debt_max` in total is billed.


def test_a_decision_before_the_close_bills_what_would_be_owed_beyond_the_maximum() -> None:
    result = worked("""
        terms    cap 10, policy ask, debt_max 2, rate 9000
        closes   January
        01-05    e1 25:00
        02-05    decides deduct 15:00 of January
        ---
        January  overage 15:00  billed 13:00  awaiting 0:00  debt_out 2:00  at:9000 13:00
        February debt_in 2:00  available 8:00  billed 0:00
    """)
    assert fates(result, "e1") == [
        ("base:2027-01-01", 10, None),
        ("debt", 2, None),
        ("billed", 13, 9000),
    ]


def test_the_same_decision_after_the_close_bills_and_owes_the_same() -> None:
    worked("""
        terms    cap 10, policy ask, debt_max 2, rate 9000
        closes   January
        01-05    e1 25:00
        02-12    decides deduct 15:00 of January
        ---
        January  overage 15:00  billed 0:00  awaiting 15:00  debt_out 0:00
        February settled 15:00  billed 13:00  debt_in 2:00  available 8:00  debt_out 0:00
    """)


@pytest.mark.parametrize("on", ["02-05", "02-12"])
def test_what_was_billed_beyond_the_maximum_comes_back_as_money_and_then_off_the_debt(on) -> None:
    # 25 h were paid 10 from lots, 2 owed, 13 billed; the last 14 go back: 13 billed, 1 owed, which
    # February's hours had paid.
    worked(f"""
        terms    cap 10, policy ask, debt_max 2, rate 9000
        closes   January, February
        01-05    e1 25:00
        {on}     decides deduct 15:00 of January
        03-12    c1 -14:00 corrects e1, in March
        ---
        March    billed -13:00  at:9000 -13:00  topped_up 1:00  debt_in 0:00  available 11:00
    """)


def test_several_decisions_share_what_may_be_owed() -> None:
    result = worked("""
        terms    cap 10, policy ask, debt_max 5, rate 9000
        closes   January
        01-05    e1 24:00
        02-05    decides deduct 3:00 of January
        02-06    decides absorb 2:00 of January
        02-07    decides deduct 4:00 of January
        02-08    decides bill 1:00 of January at 7000
        ---
        January  overage 14:00  debt_out 5:00  billed 3:00  absorbed 2:00  awaiting 4:00
        January  at:9000 2:00  at:7000 1:00
        February debt_in 5:00  settled 0:00
    """)
    assert fates(result, "e1")[1:] == [
        ("debt", 3, None),
        ("absorbed", 2, None),
        ("debt", 2, None),
        ("billed", 2, 9000),
        ("billed", 1, 7000),
        ("awaiting", 4, None),
    ]


def test_old_debt_beyond_a_lower_maximum_is_billed_at_the_end_and_comes_back_as_a_credit() -> None:
    # January owes 18; February's 10 pay the oldest 10, of the 8 left 3 may stay: the newest 5 are
    # billed. The last 6 h of e1 go back: 5 were billed, 1 of the 3 stands no longer.
    worked("""
        terms    cap 10, policy deduct, rate 9000
        terms    from 02-01, cap 10, policy deduct, debt_max 3, rate 8000
        closes   January, February
        01-05    e1 28:00
        03-12    c1 -6:00 corrects e1, in March
        ---
        January  debt_out 18:00
        February debt_in 18:00  available -8:00  billed 5:00  at:8000 5:00  debt_out 3:00
        March    billed -5:00  at:8000 -5:00  debt_in 2:00  available 8:00  topped_up 0:00
    """)


# A decision settles what awaits in entry order; from then on those hours are billed, debt, absorbed.


def test_a_decision_settles_the_first_entries_that_await_and_a_correction_goes_by_its_own() -> None:
    # e1 has 2 h beyond, e2 3 h. The decision bills e1's 2 h and the first hour of e2.
    worked("""
        terms    cap 10, policy ask, rate 9000
        closes   January, February
        01-05    e1 12:00
        01-06    e2 3:00
        02-15    decides bill 3:00 of January at 7000
        03-12    c1 -1:00 corrects e1, in March
        03-13    c2 -1:00 corrects e2, in March
        ---
        February settled 3:00  billed 3:00
        March    at:7000 -1:00  settled 1:00  topped_up 0:00
    """)


def test_in_a_cycle_corrections_go_back_before_decisions_are_carried() -> None:
    # Of 5 h that await, e1's last goes back first; the decision on 4 h then settles all that is left.
    worked("""
        terms    cap 10, policy ask, rate 9000
        closes   January
        01-05    e1 12:00
        01-06    e2 3:00
        01-05    c1 -1:00 corrects e1, in February
        02-15    decides absorb 4:00 of January
        ---
        February settled 5:00  absorbed 4:00  billed 0:00  topped_up 0:00
    """)


def test_of_absorbed_hours_only_absorbed_goes_down() -> None:
    worked("""
        terms    cap 10, policy absorb
        closes   January
        01-05    e1 13:00
        01-05    c1 -2:00 corrects e1, in February
        ---
        February absorbed -2:00  billed 0:00  topped_up 0:00  available 10:00  used 0:00
    """)


# What became debt lessens debt that still stands; what lots have paid of it since comes back.


def test_debt_that_still_stands_is_lessened_before_hours_come_back() -> None:
    # e1 owes 15; February pays 10 of them; of 8 that go back 5 still stand, 3 were paid.
    worked("""
        terms    cap 10, policy deduct
        closes   January, February
        01-05    e1 25:00
        03-12    c1 -8:00 corrects e1, in March
        ---
        February debt_in 15:00  available -5:00  debt_out 5:00
        March    debt_in 0:00  topped_up 3:00  available 13:00  remaining 13:00
    """)


def test_the_debt_that_stands_may_be_another_entrys() -> None:
    # e1 owed 8 h, which February's hours paid; e2 then went 8 h over. 3 h of e1 go back: off what
    # stands. Its last 5 h find no debt of theirs either, and 3 h more of e2 do.
    worked("""
        terms    cap 10, policy deduct
        closes   January, February
        01-05    e1 18:00
        02-05    e2 10:00
        03-12    c1 -3:00 corrects e1, in March
        ---
        February debt_in 8:00  available 2:00  overage 8:00  debt_out 8:00
        March    debt_in 5:00  topped_up 0:00  available 5:00
    """)


def test_a_decision_to_deduct_is_owed_from_then_on() -> None:
    worked("""
        terms    cap 10, policy ask
        closes   January, February
        01-05    e1 13:00
        02-12    decides deduct 3:00 of January
        03-12    c1 -2:00 corrects e1, in March
        ---
        February settled 3:00  debt_in 3:00  available 7:00  debt_out 0:00
        March    topped_up 2:00  settled 0:00  debt_in 0:00  available 12:00
    """)


# Order of expiry, pauses, age.


def test_a_pause_prolongs_what_a_correction_gave_back_and_top_ups_keep_their_until() -> None:
    # February holds a lot of 2 h given back with K 1 (through March), January's 4 h (through
    # February) and 1 h bought through March. March is paused: base lots and the 2 h last one longer.
    worked("""
        terms    cap 10, keeps 1, policy bill
        closes   January
        01-05    e1 6:00
        01-05    c1 -2:00 corrects e1, in February
        02-10    topup t1 1:00 until 03-31
        03-01    pause
        04-05    e2 11:00
        ---
        February carried_in 4:00  topped_up 3:00  available 17:00  expired 4:00  carried_out 13:00
        March    carried_in 13:00  cap 0:00  expired 1:00  trimmed 0:00  carried_out 12:00
        April    carried_in 12:00  available 22:00  goodwill:c1 2:00  base:02-01 9:00
    """)


def test_a_pause_recorded_for_later_leaves_the_order_as_it_was() -> None:
    # t1 lasts through March like February's base lot would: base before top-up, whatever comes.
    for later in ("", "03-01 pause", "ends 03-20", "terms from 03-01, cap 2, cadence week"):
        worked(f"""
            terms    cap 10, keeps 1, policy bill
            {later}
            02-10    topup t1 2:00 until 03-15
            01-05    e0 10:00
            02-05    e1 11:00
            ---
            February base:02-01 10:00  topup:t1 1:00  carried_out 1:00
        """)


def test_the_age_of_what_a_correction_gave_back_is_the_start_of_its_cycle_then_its_id() -> None:
    # All are goodwill through February: that of the 1st by its id, then by date.
    result = worked("""
        terms    cap 10, policy bill
        closes   January
        01-05    e1 8:00
        01-05    c1 -2:00 corrects e1, in February
        02-01    goodwill b1 1:00
        02-01    goodwill d1 1:00
        02-05    e2 3:30
        ---
        February goodwill:b1 1:00  goodwill:c1 2:00  goodwill:d1 0:30
    """)
    assert [key for key in result.cycles[1].drawn if key.startswith("goodwill")] == [
        "goodwill:b1",
        "goodwill:c1",
        "goodwill:d1",
    ]


def test_late_work_uses_the_oldest_of_what_lapsed() -> None:
    # Of January, 10 h lapse then; 3 h bought on 20 January lapse with February. Late work of January
    # takes the older base lot, so that late work of February still finds what was bought.
    worked("""
        terms    cap 10, policy bill
        closes   January, February
        01-20    topup t1 3:00 until 02-20
        01-28    l1 9:00 in March
        02-20    l2 13:00 in March
        ---
        January  expired 10:00  carried_out 3:00
        February expired 13:00
        March    reinstated:l1 9:00  reinstated:l2 13:00  reinstated 22:00  remaining 10:00
    """)
