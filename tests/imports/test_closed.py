"""Files that hit a closed cycle: late work counts in the open one, what was closed changes only
when asked, by corrections.
"""

from datetime import UTC, date, datetime

import pytest
import time_machine

from hourtab.core.amounts import HOUR
from hourtab.imports import verbs
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger import jobs
from hourtab.ledger.errors import ClosedError, LedgerError
from hourtab.ledger.models import Entry, Statement
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.verify import findings
from hourtab.retainers.models import Retainer
from tests.builders import a_retainer, toggl

pytestmark = pytest.mark.django_db
MAY = ("05-03 09:00 2:00 Prep", "05-04 09:00 3:00 Call")
NOW = datetime(2027, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def on_15_june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    """May closed with 5 of 10 h used, brought in from Toggl."""
    retainer = a_retainer(northlight, hours=10, starts="2027-05-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 5, 1, tzinfo=UTC))
    bring_in(retainer, *MAY, now=datetime(2027, 5, 20, 12, tzinfo=UTC))
    jobs.turn_the_day(NOW)
    return Retainer.objects.select_related("workspace", "client").get(pk=retainer.pk)


def bring_in(retainer: Retainer, *lines: str, now: datetime = NOW, **answers: str):
    upload = Upload("may.csv", toggl(*lines), answers)
    examined = verbs.examine(upload, retainer.workspace, now, retainer)
    done = verbs.apply(
        upload, retainer.workspace, retainer, by=None, now=now, expect=examined.fingerprint
    )
    (shown,), (did,) = examined.parts, done.parts.all()
    assert (shown.before, shown.after) == (did.before, did.after)
    assert findings(Retainer.objects.get(pk=retainer.pk), now) == []
    return done


def june(retainer: Retainer):
    return cycles.current_cycle(Retainer.objects.get(pk=retainer.pk), NOW.date())


def outcomes(done) -> list[tuple[str, str]]:
    return [
        (group["kind"], group["why"]) for group in done.outcomes if group["kind"] != "unchanged"
    ]


def test_a_new_row_of_a_closed_cycle_is_late_and_says_so(retainer) -> None:
    done = bring_in(retainer, *MAY, "05-05 09:00 1:30 Forgotten")
    assert outcomes(done) == [("new", "its cycle is closed; it counts in the one from 2027-06-01")]
    assert (june(retainer).used, june(retainer).reinstated) == (5400, 5400)
    assert Statement.objects.get().totals["used"] == 5 * HOUR
    verbs.undo(done, by=None, now=NOW)
    assert june(retainer).used == 0
    assert findings(retainer, NOW) == []


def test_late_rows_may_be_left_out(retainer) -> None:
    done = bring_in(retainer, *MAY, "05-05 09:00 1:30 Forgotten", late="leave_out")
    assert outcomes(done) == [
        ("not_for_this_retainer", "left out by choice: the cycle of 2027-05-05 is closed")
    ]
    assert june(retainer).used == 0


def test_a_changed_row_of_a_closed_cycle_is_pointed_out_and_stays(retainer) -> None:
    done = bring_in(retainer, "05-03 09:00 1:00 Prep", MAY[1])
    assert outcomes(done) == [("conflict", "its cycle is closed; the line stays as it is")]
    assert june(retainer).topped_up == 0
    again = bring_in(retainer, "05-03 09:00 1:00 Prep", MAY[1])
    assert again.counts["unchanged"] == 2


def test_a_changed_row_is_corrected_when_asked(retainer) -> None:
    done = bring_in(retainer, "05-03 09:00 1:00 Prep", MAY[1], closed="correct")
    assert outcomes(done) == [("changed", "its cycle is closed; it is corrected")]
    assert june(retainer).topped_up == HOUR
    correction = Entry.objects.exclude(corrects=None).get()
    assert (correction.on, correction.posts_on) == (date(2027, 5, 3), date(2027, 6, 1))
    assert Statement.objects.get().totals["used"] == 5 * HOUR
    assert bring_in(retainer, "05-03 09:00 1:00 Prep", MAY[1]).counts["unchanged"] == 2


def test_a_row_that_is_gone_is_pointed_out_or_corrected(retainer) -> None:
    done = bring_in(
        retainer, MAY[1], "05-03 08:00 0:30 Other", **{"from": "2027-05-01", "until": "2027-05-31"}
    )
    assert (
        "conflict",
        "gone from the source; its cycle is closed, and the line stays as it is",
    ) in outcomes(done)
    assert (june(retainer).topped_up, june(retainer).used) == (0, 1800)


def test_a_row_that_is_gone_is_given_back_when_asked(retainer) -> None:
    done = bring_in(
        retainer, MAY[1], closed="correct", **{"from": "2027-05-01", "until": "2027-05-31"}
    )
    assert outcomes(done) == [("gone", "its cycle is closed; it is corrected")]
    assert june(retainer).topped_up == 2 * HOUR


def test_an_import_whose_lines_were_closed_is_taken_back_as_corrections(retainer) -> None:
    done = retainer.workspace.imports.get()
    with pytest.raises(ClosedError, match="2 lines of this import stand in cycles that are closed"):
        verbs.undo(done, by=None, now=NOW)
    assert june(retainer).topped_up == 0
    verbs.undo(done, by=None, now=NOW, corrects=True)
    assert june(retainer).topped_up == 5 * HOUR
    assert Statement.objects.get().totals["used"] == 5 * HOUR
    assert findings(retainer, NOW) == []


def test_the_page_offers_corrections_for_an_undo(ada, retainer) -> None:
    done = retainer.workspace.imports.get()
    page = ada.post(f"/imports/{done.ref}/undo", follow=True).content.decode()
    assert "They can be taken back as corrections." in page
    page = ada.post(f"/imports/{done.ref}/undo", {"corrects": "yes"}, follow=True).content.decode()
    assert "Taken back." in page


def test_where_every_cycle_is_closed_new_rows_are_named_and_left_out(northlight) -> None:
    retainer = a_retainer(northlight, hours=10, starts="2027-05-01")
    Retainer.objects.filter(pk=retainer.pk).update(
        opened_at=datetime(2027, 5, 1, tzinfo=UTC), ends_on=date(2027, 5, 31)
    )
    retainer = Retainer.objects.select_related("workspace", "client").get(pk=retainer.pk)
    bring_in(retainer, *MAY, now=datetime(2027, 5, 20, 12, tzinfo=UTC))
    jobs.turn_the_day(NOW)
    done = bring_in(retainer, *MAY, "05-05 09:00 1:30 Forgotten")
    assert outcomes(done) == [
        (
            "not_for_this_retainer",
            "Every cycle of this retainer is closed. Reopen one to add late work.",
        )
    ]
    assert issubclass(ClosedError, LedgerError)


def test_what_falls_due_between_preview_and_apply_is_never_corrected_unasked(northlight) -> None:
    retainer = a_retainer(northlight, hours=10, starts="2027-05-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 5, 1, tzinfo=UTC))
    retainer = Retainer.objects.select_related("workspace", "client").get(pk=retainer.pk)
    bring_in(retainer, *MAY, now=datetime(2027, 5, 20, 12, tzinfo=UTC))
    upload = Upload("may.csv", toggl("05-03 09:00 1:00 Prep", MAY[1]))
    done = verbs.apply(upload, retainer.workspace, retainer, by=None, now=NOW)
    assert outcomes(done) == [("conflict", "its cycle is closed; the line stays as it is")]
    assert Statement.objects.get().totals["used"] == 5 * HOUR
    assert june(retainer).topped_up == 0
