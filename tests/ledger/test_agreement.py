"""Other terms, a change now, a pause, the end: each alters no cycle that is closed, and stands in
the chain.
"""

from dataclasses import replace
from datetime import date

import pytest

from hourtab.core.amounts import HOUR, MINUTE
from hourtab.core.document import read
from hourtab.core.terms import Rollover, Terms
from hourtab.ledger import jobs
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Transfer, Write
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import agree as agreement
from hourtab.ledger.verbs import log as services
from hourtab.retainers.models import Retainer
from hourtab.retainers.services import open_retainer
from tests.builders import a_retainer, log
from tests.ledger.test_statements import FEBRUARY, JANUARY, MARCH, a_january, at, said, standing

pytestmark = pytest.mark.django_db
APRIL = date(2027, 4, 1)


def whole(retainer: Retainer, on: str = "02-15") -> Retainer:
    """The retainer anew; everything stored fits, and its document verifies."""
    fresh = Retainer.objects.get(pk=retainer.pk)
    assert findings(fresh, at(on)) == []
    read.from_json(ledger_document(fresh, at(on).date()))
    return fresh


def test_other_terms_from_the_next_cycle_on_leave_the_earlier_ones(northlight) -> None:
    retainer = a_january(northlight)
    terms = replace(retainer.versions()[0], effective_on=MARCH, cap=30 * HOUR, rollover=Rollover(1))
    agreement.change_terms(retainer, terms, by=None, now=at("02-15"), reason="More coaching")
    assert said(whole(retainer)) == "3 of 10 h used · 7 h remain"
    assert said(whole(retainer), "03-02") == "0 of 30 h used · 30 h remain"
    row = Write.objects.latest("number")
    assert (row.kind, row.reason, row.before, row.after) == (
        "terms",
        "More coaching",
        7 * HOUR,
        7 * HOUR,
    )


def test_terms_for_the_same_day_are_replaced_and_can_be_taken_back(northlight) -> None:
    retainer = a_january(northlight)
    for hours in (30, 40):
        terms = replace(retainer.versions()[0], effective_on=MARCH, cap=hours * HOUR)
        agreement.change_terms(retainer, terms, by=None, now=at("02-15"))
    assert [version.cap // HOUR for version in whole(retainer).versions()] == [10, 40]
    agreement.withdraw_terms(retainer, MARCH, by=None, now=at("02-15"))
    assert [version.cap // HOUR for version in whole(retainer).versions()] == [10]
    with pytest.raises(LedgerError, match="No later terms"):
        agreement.withdraw_terms(retainer, JANUARY, by=None, now=at("02-15"))


def test_another_reset_day_begins_with_a_stub(northlight) -> None:
    retainer = a_january(northlight)
    terms = replace(
        retainer.versions()[0], effective_on=MARCH, anchor_on=date(2027, 2, 15), stub="prorated"
    )
    agreement.change_terms(retainer, terms, by=None, now=at("02-15"))
    first, second = whole(retainer).calendar().through(date(2027, 3, 20))[2:]
    assert (first.starts_on, first.ends_on, first.cap) == (MARCH, date(2027, 3, 14), 5 * HOUR)
    assert second.starts_on == date(2027, 3, 15)


@pytest.mark.parametrize(
    ("day", "text"), [(JANUARY, "is closed"), (date(2027, 2, 10), "does not start a cycle")]
)
def test_terms_that_do_not_fit_are_refused(northlight, day, text) -> None:
    retainer = a_january(northlight)
    with pytest.raises(LedgerError, match=text):
        agreement.change_terms(
            retainer, replace(retainer.versions()[0], effective_on=day), by=None, now=at("02-15")
        )
    assert len(whole(retainer).versions()) == 1


def change_now(retainer: Retainer, hours: float, *, is_prorated: bool = False) -> int:
    """Let the cycle of 11 June have so many hours; what was added."""
    return agreement.change_cap_now(
        retainer,
        int(hours * HOUR),
        on=date(2027, 6, 11),
        is_prorated=is_prorated,
        by=None,
        now=at("06-11"),
    )


def available(retainer: Retainer) -> int:
    return cycles.current_cycle(whole(retainer, "06-11"), date(2027, 6, 11)).available


@pytest.mark.parametrize(
    ("is_prorated", "amount"), [(False, 10 * HOUR), (True, 6 * HOUR + 40 * MINUTE)]
)
def test_a_change_now_is_a_transfer_in_full_or_for_the_days_left(
    northlight, is_prorated, amount
) -> None:
    retainer = a_retainer(northlight, hours=20, starts="2027-06-01")
    assert change_now(retainer, 30, is_prorated=is_prorated) == amount
    assert [row.amount for row in Transfer.objects.all()] == [amount]
    assert available(retainer) == 20 * HOUR + amount


def test_a_second_change_now_starts_from_what_the_first_one_left(northlight) -> None:
    retainer = a_retainer(northlight, hours=20, starts="2027-06-01")
    change_now(retainer, 30)
    assert change_now(retainer, 25) == -5 * HOUR
    assert available(retainer) == 25 * HOUR
    assert change_now(retainer, 20) == -5 * HOUR
    assert available(retainer) == 20 * HOUR
    with pytest.raises(LedgerError, match="has already"):
        change_now(retainer, 20)


def test_a_second_change_for_the_days_left_takes_its_share_of_what_is_missing(northlight) -> None:
    retainer = a_retainer(northlight, hours=20, starts="2027-06-01")
    change_now(retainer, 30, is_prorated=True)
    missing = 3 * HOUR + 20 * MINUTE
    assert change_now(retainer, 30, is_prorated=True) == 2 * HOUR + 13 * MINUTE
    assert change_now(retainer, 30) == missing - (2 * HOUR + 13 * MINUTE)
    assert available(retainer) == 30 * HOUR


def test_a_change_now_starts_from_the_hours_of_a_stub(northlight) -> None:
    terms = Terms(date(2027, 6, 11), 15 * HOUR, "month", date(2027, 6, 1), stub="prorated")
    retainer = open_retainer(northlight, client="Acme", name="Coaching", terms=terms)
    assert available(retainer) == 10 * HOUR
    assert change_now(retainer, 15) == 5 * HOUR
    assert available(retainer) == 15 * HOUR


def test_a_paused_cycle_grants_nothing_and_the_pause_can_be_lifted(northlight) -> None:
    retainer = a_january(northlight, rollover=1)
    agreement.pause(retainer, MARCH, by=None, now=at("02-15"), reason="Parental leave")
    assert said(whole(retainer), "03-02") == "0 of 10 h used · 10 h remain"
    with pytest.raises(LedgerError, match="so already"):
        agreement.pause(retainer, MARCH, by=None, now=at("02-15"))
    agreement.pause(retainer, MARCH, by=None, now=at("02-15"), lift=True)
    assert said(whole(retainer), "03-02") == "0 of 20 h used · 20 h remain"
    for day, text in ((JANUARY, "is closed"), (date(2027, 3, 2), "No cycle starts")):
        with pytest.raises(LedgerError, match=text):
            agreement.pause(retainer, day, by=None, now=at("02-15"))
    services.transfer(retainer, seconds=HOUR, on=MARCH, by=None, now=at("02-15"))
    with pytest.raises(LedgerError, match="changed by hand"):
        agreement.pause(retainer, MARCH, by=None, now=at("02-15"))


def test_a_pause_holds_the_grid_in_place(northlight) -> None:
    retainer = a_january(northlight)
    agreement.pause(retainer, MARCH, by=None, now=at("02-15"))
    terms = replace(retainer.versions()[0], effective_on=FEBRUARY, anchor_on=date(2027, 1, 15))
    with pytest.raises(LedgerError, match="is paused and would no longer begin"):
        agreement.change_terms(retainer, terms, by=None, now=at("02-15"))


def test_an_end_lets_every_lot_lapse_and_bills_what_is_owed(northlight) -> None:
    retainer = a_january(northlight, rollover=2)
    last = agreement.ending(retainer, date(2027, 2, 20), date(2027, 2, 15))
    assert (last.expired, last.carried_out, last.ends_on) == (11 * HOUR, 0, date(2027, 2, 20))
    agreement.end_retainer(
        retainer, date(2027, 2, 20), by=None, now=at("02-15"), reason="Programme over"
    )
    assert cycles.cycles_of(whole(retainer), date(2027, 3, 20))[-1].ends_on == date(2027, 2, 20)
    with pytest.raises(LedgerError, match="ends on 2027-02-20"):
        log(retainer, "2027-02-21", "1h", now=at("02-15"))
    agreement.end_retainer(retainer, None, by=None, now=at("02-15"))
    assert said(whole(retainer), "03-02") == "0 of 21 h used · 21 h remain"


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 12, 1), "cannot end before"),
        (date(2027, 1, 20), "is closed"),
        (date(2027, 2, 2), "1 lines are dated after"),
    ],
)
def test_an_end_that_cannot_be_is_refused(northlight, day, text) -> None:
    retainer = a_january(northlight)
    with pytest.raises(LedgerError, match=text):
        agreement.end_retainer(retainer, day, by=None, now=at("02-15"))
    assert whole(retainer).ends_on is None


def test_after_the_last_close_the_end_stays(northlight) -> None:
    retainer = a_january(northlight)
    agreement.end_retainer(retainer, date(2027, 2, 28), by=None, now=at("02-15"))
    jobs.turn_the_day(at("03-20"))
    assert standing(retainer) == [(1, 1, 6.0), (2, 1, 3.0)]
    with pytest.raises(LedgerError, match="the end stays"):
        agreement.end_retainer(retainer, None, by=None, now=at("03-20"))


def test_the_cycles_that_may_change_are_offered(northlight) -> None:
    retainer = a_january(northlight)
    starts = [cycle.starts_on for cycle in agreement.coming_starts(retainer, date(2027, 3, 5), 3)]
    assert starts == [FEBRUARY, MARCH, APRIL, date(2027, 5, 1)]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"anchor_on": date(1800, 1, 1)}, "anchor_on: must lie between"),
        ({"grace_days": -1}, "grace_days: must not be negative"),
        ({"fee": 10**18}, "fee: is absurdly large"),
    ],
)
def test_terms_that_no_document_may_hold_are_refused(northlight, more, text) -> None:
    retainer = a_january(northlight)
    terms = replace(retainer.versions()[0], effective_on=MARCH, **more)
    with pytest.raises(LedgerError, match=text):
        agreement.change_terms(retainer, terms, by=None, now=at("02-15"))
    assert len(whole(retainer).versions()) == 1


def test_terms_do_not_draw_hours_changed_by_hand_into_a_pause(northlight) -> None:
    retainer = a_january(northlight)
    agreement.pause(retainer, MARCH, by=None, now=at("02-15"))
    services.transfer(retainer, seconds=HOUR, on=APRIL, by=None, now=at("02-15"))
    terms = replace(retainer.versions()[0], effective_on=MARCH, cadence="quarter", anchor_on=MARCH)
    with pytest.raises(LedgerError, match="a paused cycle has none"):
        agreement.change_terms(retainer, terms, by=None, now=at("02-15"))
    whole(retainer)
