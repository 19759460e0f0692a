from datetime import date

import pytest

from hourtab.core.amounts import HOUR
from hourtab.imports import reports, verbs
from hourtab.imports.errors import Open, Refusal
from hourtab.imports.matching.balances import stored_seconds
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Entry
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import log as ledger
from hourtab.ledger.writing import record
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer, log, toggl, work

pytestmark = pytest.mark.django_db

WEEK = (
    "06-01 09:00 1:30 Prep call",
    "06-02 10:00 2:00 Workshop",
    "06-02 10:00 2:00 Workshop",
    "06-04 14:00 0:45 Notes",
)


@pytest.fixture
def retainer(northlight) -> Retainer:
    return a_retainer(northlight, "Acme")


def bring_in(
    retainer: Retainer,
    *lines: str,
    name: str = "week.csv",
    all_rows: bool = False,
    only_add: bool = False,
    **answers: str,
):
    ticked = {
        key: "yes" for key, value in (("all_rows", all_rows), ("only_add", only_add)) if value
    }
    return verbs.apply(
        Upload(name, toggl(*lines), answers | ticked),
        retainer.workspace,
        retainer,
        by=None,
        now=NOW,
    )


def state(retainer: Retainer) -> list[dict]:
    fresh = Retainer.objects.get(pk=retainer.pk)
    assert findings(fresh, NOW) == []
    return [cycles.totals_json(cycle) for cycle in cycles.cycles_of(fresh, date(2027, 6, 22))]


def used(retainer: Retainer) -> float:
    return state(retainer)[-1]["used"] / HOUR


def counts(done) -> dict[str, int]:
    return {key: value for key, value in reports.summary(done.counts).items() if value}


def test_a_week_goes_in_and_twins_both_count(retainer) -> None:
    done = bring_in(retainer, *WEEK)
    assert counts(done) == {"read": 4, "new": 4}
    assert used(retainer) == 6.25
    assert Retainer.objects.get(pk=retainer.pk).as_of_source == "import:Toggl"


def test_the_same_file_twice_changes_nothing(retainer) -> None:
    bring_in(retainer, *WEEK)
    before, version = state(retainer), Retainer.objects.get(pk=retainer.pk).version
    assert counts(bring_in(retainer, *WEEK)) == {"read": 4, "unchanged": 4}
    assert state(retainer) == before
    assert Retainer.objects.get(pk=retainer.pk).version == version


def test_a_wider_range_changes_only_what_is_new(retainer) -> None:
    bring_in(retainer, *WEEK)
    assert counts(bring_in(retainer, *WEEK, "06-09 09:00 1:00 Next week")) == {
        "read": 5,
        "new": 1,
        "unchanged": 4,
    }
    assert used(retainer) == 7.25


def test_an_edit_at_the_source_is_one_change_and_not_two(retainer) -> None:
    bring_in(retainer, *WEEK)
    done = bring_in(retainer, WEEK[0], WEEK[1], WEEK[2], "06-04 14:00 1:45 Notes")
    assert counts(done) == {"read": 4, "changed": 1, "unchanged": 3}
    assert used(retainer) == 7.25
    assert Entry.objects.count() == 4


def test_a_row_gone_from_the_source_is_withdrawn_inside_the_window_only(retainer) -> None:
    bring_in(retainer, *WEEK)
    assert counts(bring_in(retainer, *WEEK[1:3])) == {"read": 2, "unchanged": 2}
    assert counts(bring_in(retainer, WEEK[0], WEEK[1], WEEK[3])) == {
        "read": 3,
        "gone": 1,
        "unchanged": 3,
    }
    assert used(retainer) == 4.25
    assert counts(bring_in(retainer, WEEK[0], WEEK[3], only_add=True)) == {
        "read": 2,
        "unchanged": 2,
    }
    assert counts(bring_in(retainer, WEEK[0], WEEK[3], gone="keep")) == {
        "read": 2,
        "gone": 1,
        "unchanged": 2,
    }
    assert used(retainer) == 4.25


def test_rows_of_another_client_are_not_stored(retainer) -> None:
    done = bring_in(retainer, WEEK[0], "06-02 10:00 2:00 Secret work | Rival Ltd")
    assert counts(done) == {"read": 2, "new": 1, "not_for_this_retainer": 1}
    assert "Secret" not in str(done.outcomes)
    assert done.content is None
    assert used(retainer) == 1.5


def test_a_file_of_other_clients_is_a_question_and_the_answer_is_remembered(retainer) -> None:
    rows = ("06-01 09:00 1:30 Call | Acme Corp", "06-02 10:00 2:00 Secret | Rival Ltd")
    with pytest.raises(Open) as question:
        bring_in(retainer, *rows)
    assert (question.value.question.key, question.value.question.options) == (
        "client",
        ("Acme Corp", "Rival Ltd"),
    )
    assert counts(bring_in(retainer, *rows, client="Acme Corp")) == {
        "read": 2,
        "new": 1,
        "not_for_this_retainer": 1,
    }
    assert counts(bring_in(retainer, *rows)) == {
        "read": 2,
        "unchanged": 1,
        "not_for_this_retainer": 1,
    }


def test_rows_can_be_chosen_by_project_and_by_billable(retainer) -> None:
    rows = (
        "06-01 09:00 1:00 A | Acme | One | Yes",
        "06-01 10:00 2:00 B | Acme | Two | Yes",
        "06-01 13:00 4:00 C | Acme | One | No",
    )
    assert counts(bring_in(retainer, *rows, project="One", billable="only")) == {
        "read": 3,
        "new": 1,
        "not_for_this_retainer": 2,
    }
    assert used(retainer) == 1


def test_a_file_of_one_client_withdraws_nobody_elses_lines(northlight, retainer) -> None:
    rival = a_retainer(northlight, "Rival Ltd")
    both = (WEEK[0], "06-02 10:00 2:00 For the rival | Rival Ltd")
    bring_in(retainer, *both)
    bring_in(rival, *both)
    bring_in(rival, "06-03 10:00 1:00 Other | Somebody", all_rows=False, client="Rival Ltd")
    assert used(rival) == 2
    bring_in(retainer, WEEK[0])
    assert (used(retainer), used(rival)) == (1.5, 2)


def test_rows_outside_the_retainers_dates_are_named(retainer) -> None:
    done = bring_in(retainer, WEEK[0], "05-31 10:00 2:00 Too early")
    assert counts(done) == {"read": 2, "new": 1, "not_for_this_retainer": 1}
    assert [(group["kind"], group["lines"], group["why"]) for group in done.outcomes][1] == (
        "not_for_this_retainer",
        "3",
        "2027-05-31 is before the retainer starts",
    )


def test_a_line_edited_here_stays_as_it_is_when_the_file_comes_again(retainer) -> None:
    bring_in(retainer, *WEEK)
    entry = Entry.objects.get(on=date(2027, 6, 4))
    ledger.edit_entry(entry, work("2027-06-04", "3h", "Notes, with the appendix"), by=None, now=NOW)
    assert counts(bring_in(retainer, *WEEK)) == {"read": 4, "unchanged": 4}
    assert used(retainer) == 8.5


@pytest.mark.parametrize(("answer", "hours"), [({}, 8.5), ({"conflict": "take"}, 6.5)])
def test_edited_here_and_changed_at_the_source_is_a_conflict(retainer, answer, hours) -> None:
    bring_in(retainer, *WEEK)
    entry = Entry.objects.get(on=date(2027, 6, 4))
    ledger.edit_entry(entry, work("2027-06-04", "3h", "Mine"), by=None, now=NOW)
    changed = (*WEEK[:3], "06-04 14:00 1:00 Notes")
    assert counts(bring_in(retainer, *changed, **answer)) == {
        "read": 4,
        "conflict": 1,
        "unchanged": 3,
    }
    assert used(retainer) == hours
    assert counts(bring_in(retainer, *changed, **answer)) == {"read": 4, "unchanged": 4}


def test_lines_logged_by_hand_are_never_touched_and_doubles_are_flagged(retainer) -> None:
    log(retainer, "2027-06-02", "2h", "Workshop, by hand")
    examined = verbs.examine(Upload("w.csv", toggl(*WEEK), {}), retainer.workspace, NOW, retainer)
    assert {(flag.line, flag.why.split(":")[0]) for flag in examined.plan.flags} == {
        (3, "looks like a line logged by hand"),
        (4, "looks like a line logged by hand"),
    }
    bring_in(retainer, *WEEK)
    bring_in(retainer, WEEK[0], WEEK[3])
    assert used(retainer) == 4.25


def test_undo_restores_the_statement_after_every_kind_of_import(retainer) -> None:
    log(retainer, "2027-06-02", "1h", "By hand")
    states, done = [state(retainer)], []
    for rows in (
        WEEK,
        (WEEK[0], "06-02 10:00 3:00 Workshop", WEEK[3], "06-08 09:00 1:00 More"),
        (WEEK[1], WEEK[2]),
    ):
        done.append(bring_in(retainer, *rows))
        states.append(state(retainer))
    for applied, before in zip(reversed(done), reversed(states[:-1]), strict=True):
        verbs.undo(applied, by=None, now=NOW)
        assert state(retainer) == before
    assert counts(bring_in(retainer, *WEEK)) == {"read": 4, "new": 4}
    assert state(retainer) == states[1]
    assert Entry.objects.count() == 6


def test_undo_is_refused_while_a_later_change_stands_in_its_way(retainer) -> None:
    done = bring_in(retainer, *WEEK)
    entry = Entry.objects.get(on=date(2027, 6, 4))
    ledger.edit_entry(entry, work("2027-06-04", "3h", "Mine"), by=None, now=NOW)
    with pytest.raises(
        LedgerError, match=r"1 lines of this import were changed since: 2027-06-04 “Notes”"
    ):
        verbs.undo(done, by=None, now=NOW)
    assert used(retainer) == 8.5
    with pytest.raises(LedgerError, match="undone"):
        later = bring_in(retainer, *WEEK, "06-09 09:00 1:00 More")
        verbs.undo(later, by=None, now=NOW)
        verbs.undo(later, by=None, now=NOW)


def test_an_apply_that_would_do_something_else_than_was_shown_is_refused(retainer) -> None:
    upload = Upload("w.csv", toggl(*WEEK), {})
    shown = verbs.examine(upload, retainer.workspace, NOW, retainer).fingerprint
    bring_in(retainer, *WEEK)
    with pytest.raises(Refusal, match="changed since this preview"):
        verbs.apply(upload, retainer.workspace, retainer, by=None, now=NOW, expect=shown)


def test_the_preview_says_the_balance_the_apply_then_makes(retainer) -> None:
    bring_in(retainer, *WEEK)
    upload = Upload(
        "w.csv", toggl(WEEK[0], "06-02 10:00 3:00 Workshop", "06-09 09:00 1:00 More"), {}
    )
    examined = verbs.examine(upload, retainer.workspace, NOW, retainer)
    done = verbs.apply(upload, retainer.workspace, retainer, by=None, now=NOW)
    (part,), (did,) = examined.parts, done.parts.all()
    assert (part.before, part.after) == (did.before, did.after)
    assert part.stored == stored_seconds(retainer, done.source) == 5.5 * HOUR


def test_texts_are_kept_exactly(retainer) -> None:
    text = '=SUM(A1) — "quoted", 🙂 -dash'
    bring_in(retainer, f"06-01 09:00 1:30 {text}")
    assert record.latest_work(Entry.objects.get()).description == text


def test_a_known_category_is_read_from_the_text_before_a_colon(northlight) -> None:
    retainer = a_retainer(northlight, "Acme", categories=("Session prep",))
    bring_in(
        retainer, "06-01 09:00 1:30 session prep: notes read", "06-01 12:00 1:00 Vendor A: call"
    )
    said = [record.latest_work(entry) for entry in Entry.objects.order_by("began")]
    assert [(work.category, work.description) for work in said] == [
        ("Session prep", "notes read"),
        ("", "Vendor A: call"),
    ]
