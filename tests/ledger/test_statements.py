"""Closing, late work, corrections, decisions and reopening, through the services and in the words
of the page.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from hourtab.core.amounts import HOUR
from hourtab.core.document import read, write
from hourtab.core.statement import statement
from hourtab.ledger import jobs
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Entry, Revision, Statement, Write
from hourtab.ledger.reading import cycles, entries
from hourtab.ledger.reading.closed import closed_count
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.reading.statements import statements_of
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.saying.words import headline
from hourtab.ledger.verbs import close as statements
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs import log as services
from hourtab.ledger.writing import record
from hourtab.lib.append_only import AppendOnlyError
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from tests.builders import a_retainer, log, work

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY, MARCH = date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)


def at(text: str) -> datetime:
    """Noon of a day like `02-15` of 2027."""
    return datetime.fromisoformat(f"2027-{text}T12:00:00").replace(tzinfo=UTC)


def a_january(northlight, *, rollover: int | None = 0, used: str = "6h", **more) -> Retainer:
    """Cap 10, January closed with 6 used, February has 3 used, as it stands on 15 February."""
    retainer = a_retainer(northlight, hours=10, starts="2027-01-01", rollover=rollover, **more)
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at("01-01"))
    log(retainer, "2027-01-05", used, "January's work", now=at("01-05"))
    log(retainer, "2027-02-03", "3h", "February's work", now=at("02-03"))
    jobs.turn_the_day(at("02-15"))
    return Retainer.objects.get(pk=retainer.pk)


def said(retainer: Retainer, on: str = "02-15") -> str:
    cycle = cycles.current_cycle(Retainer.objects.get(pk=retainer.pk), at(on).date())
    return headline(cycle, Words()).replace("\u00a0", " ")


def standing(retainer: Retainer) -> list[tuple[int, int, float]]:
    """Number, version and hours used of every statement."""
    return [(row.number, row.version, row.totals["used"] / HOUR) for row in statements_of(retainer)]


@pytest.mark.parametrize(
    ("rollover", "reopened", "january", "february"),
    [
        (1, False, (1, 1, 6.0), "5 of 14 h used · 9 h remain"),
        (1, True, (1, 2, 8.0), "3 of 12 h used · 9 h remain"),
        (0, False, (1, 1, 6.0), "5 of 12 h used · 7 h remain"),
        (0, True, (1, 2, 8.0), "3 of 10 h used · 7 h remain"),
    ],
)
def test_the_table_of_late_entries(northlight, rollover, reopened, january, february) -> None:
    retainer = a_january(northlight, rollover=rollover)
    entry = log(retainer, "2027-01-28", "2h", "Late", now=at("02-15"))
    assert Entry.objects.get(pk=entry.pk).posts_on == FEBRUARY
    if reopened:
        statements.reopen_cycle(
            retainer, JANUARY, by=None, now=at("02-15"), reason="Forgotten call"
        )
    assert standing(retainer) == [january]
    assert said(retainer) == february
    assert findings(retainer, at("02-15")) == []
    assert Statement.objects.get(version=1).totals["used"] == 6 * HOUR


def test_a_cycle_closes_by_itself_on_the_day_after_its_grace(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-01-01")
    log(retainer, "2027-01-05", "6h", now=at("01-05"))
    for day, closed in (("02-10", 0), ("02-11", 1)):
        jobs.turn_the_day(at(day))
        assert closed_count(retainer) == closed
    row = Statement.objects.get()
    assert (row.number, row.version, row.closed_on, row.by) == (1, 1, date(2027, 2, 11), None)
    assert row.totals["state"] == "closed"


def test_every_write_closes_what_is_due_first(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-01-01")
    log(retainer, "2027-01-05", "6h", now=at("01-05"))
    entry = log(retainer, "2027-01-06", "1h", now=at("02-11"))
    assert Entry.objects.get(pk=entry.pk).posts_on == FEBRUARY
    assert standing(retainer) == [(1, 1, 6.0)]


def test_a_worker_that_slept_for_four_months_catches_up_with_the_same_result(northlight) -> None:
    found = []
    for name, days in (("awake", 130), ("asleep", 1)):
        retainer = a_retainer(northlight, "Acme", name, hours=10, starts="2027-01-01", rollover=1)
        for month, amount in ((1, "4h"), (2, "12h"), (3, "7h")):
            log(retainer, f"2027-0{month}-05", amount, "Same", now=at(f"0{month}-06"))
        for day in range(days):
            jobs.turn_the_day(at("07-15") - timedelta(days=days - 1 - day))
        rows = Statement.objects.filter(retainer=retainer)
        found.append(
            [(row.number, row.totals, row.closed_on, row.opening, row.closing) for row in rows]
        )
        links = Write.objects.filter(retainer=retainer, kind="close")
        found[-1].append([link.records for link in links])
        assert findings(retainer, at("07-15")) == []
    assert found[0] == found[1]
    assert [row[0] for row in found[0][:-1]] == [1, 2, 3, 4, 5, 6]


def test_closing_twice_is_a_no_op(northlight) -> None:
    retainer = a_january(northlight)
    before = list(Write.objects.values_list("hash", flat=True))
    assert jobs.turn_the_day(at("02-15")) == 0
    with pytest.raises(LedgerError, match="closed already"):
        statements.close_cycles(retainer, JANUARY, by=None, now=at("02-15"))
    assert list(Write.objects.values_list("hash", flat=True)) == before


def test_by_hand_a_cycle_closes_once_its_last_day_is_over(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-01-01")
    log(retainer, "2027-01-05", "6h", now=at("01-05"))
    with pytest.raises(LedgerError, match="from 2027-02-01 on"):
        statements.close_cycles(retainer, JANUARY, by=None, now=at("01-31"))
    statements.close_cycles(retainer, JANUARY, by=None, now=at("02-01"))
    assert standing(retainer) == [(1, 1, 6.0)]


def test_history_from_before_the_retainer_was_opened_closes_by_hand_all_at_once(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-01-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at("04-05"))
    for month in ("01", "02", "03", "04"):
        log(retainer, f"2027-{month}-05", "6h", now=at("04-06"))
    jobs.turn_the_day(at("05-20"))
    assert standing(retainer) == []
    statements.close_cycles(retainer, MARCH, by=None, now=at("05-20"))
    assert standing(retainer) == [(1, 1, 6.0), (2, 1, 6.0), (3, 1, 6.0)]
    log(retainer, "2027-05-05", "1h", now=at("05-21"))
    assert standing(retainer)[-1] == (4, 1, 6.0)
    assert findings(retainer, at("05-21")) == []


def test_a_statement_opens_with_what_the_one_before_closed_with(northlight) -> None:
    retainer = a_january(northlight, rollover=2)
    log(retainer, "2027-01-20", "1h", now=at("02-16"))
    jobs.turn_the_day(at("04-20"))
    one, two, three = statements_of(retainer)
    for before, after in ((one, two), (two, three)):
        assert (
            Statement.objects.get(pk=after.pk).opening
            == Statement.objects.get(pk=before.pk).closing
        )
    assert (
        Statement.objects.get(pk=one.pk).totals["carried_out"]
        == Statement.objects.get(pk=two.pk).totals["carried_in"]
    )


def test_a_statement_cannot_be_changed_or_deleted(northlight) -> None:
    a_january(northlight)
    row = Statement.objects.get()
    for attempt in (
        row.save,
        row.delete,
        Statement.objects.all().delete,
        lambda: Statement.objects.update(number=2),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()


def test_a_correction_upwards_posts_the_difference_and_leaves_the_statement(northlight) -> None:
    retainer = a_january(northlight, rollover=1)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        entry,
        work("2027-01-05", "7h", "January's work"),
        by=None,
        now=at("02-15"),
        reason="An hour more",
    )
    added = Entry.objects.get(corrects=entry)
    assert (added.on, added.posts_on, record.latest_work(added).amount) == (
        date(2027, 1, 5),
        FEBRUARY,
        HOUR,
    )
    assert standing(retainer) == [(1, 1, 6.0)]
    assert said(retainer) == "4 of 14 h used · 10 h remain"
    assert corrections.standing_work(entry).amount == 7 * HOUR
    assert Revision.objects.get(entry=added).reason == "An hour more"
    assert Write.objects.latest("number").kind == "correct"
    assert findings(retainer, at("02-15")) == []


def test_a_correction_downwards_gives_the_hours_back(northlight) -> None:
    retainer = a_january(northlight)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(entry, work("2027-01-05", "4h", "January's work"), by=None, now=at("02-15"))
    assert said(retainer) == "3 of 12 h used · 9 h remain"
    services.edit_entry(entry, work("2027-01-05", "5h", "January's work"), by=None, now=at("02-16"))
    assert said(retainer, "02-16") == "3 of 11 h used · 8 h remain"
    assert corrections.standing_work(entry).amount == 5 * HOUR
    assert findings(retainer, at("02-16")) == []


def test_taking_a_closed_line_out_gives_all_of_it_back_and_putting_it_back_takes_it_again(
    northlight,
) -> None:
    retainer = a_january(northlight, rollover=1)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.withdraw_entry(entry, by=None, now=at("02-15"), reason="Not theirs")
    assert said(retainer) == "3 of 20 h used · 17 h remain"
    assert corrections.standing_work(entry).is_withdrawn
    services.restore_entry(entry, by=None, now=at("02-15"))
    assert said(retainer) == "3 of 14 h used · 11 h remain"
    assert standing(retainer) == [(1, 1, 6.0)]
    assert findings(retainer, at("02-15")) == []


def test_a_text_in_a_closed_cycle_changes_and_its_statement_keeps_the_old_one(northlight) -> None:
    retainer = a_january(northlight)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        entry, work("2027-01-05", "6h", "January's work, in detail"), by=None, now=at("02-15")
    )
    assert not Entry.objects.exclude(corrects=None).exists()
    row = Statement.objects.get()
    assert Revision.objects.get(pk=row.lines[0][0]).description == "January's work"
    assert record.latest_work(entry).description == "January's work, in detail"
    assert findings(retainer, at("02-15")) == []


def test_the_day_of_a_closed_line_stays(northlight) -> None:
    a_january(northlight)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    with pytest.raises(LedgerError, match="its day and time stay"):
        services.edit_entry(
            entry, work("2027-01-06", "6h", "January's work"), by=None, now=at("02-15")
        )


def test_a_correction_itself_is_not_edited_but_may_be_taken_out(northlight) -> None:
    retainer = a_january(northlight)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(entry, work("2027-01-05", "4h", "January's work"), by=None, now=at("02-15"))
    correction = Entry.objects.get(corrects=entry)
    with pytest.raises(LedgerError, match="corrects another one"):
        services.edit_entry(correction, work("2027-01-05", "1h"), by=None, now=at("02-15"))
    services.withdraw_entry(correction, by=None, now=at("02-15"))
    assert said(retainer) == "3 of 10 h used · 7 h remain"
    assert corrections.standing_work(entry).amount == 6 * HOUR
    assert findings(retainer, at("02-15")) == []


def test_reopening_makes_corrections_part_of_the_lines_and_shows_the_whole_difference_first(
    northlight,
) -> None:
    retainer = a_january(northlight, rollover=1)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        entry,
        work("2027-01-05", "4h", "January's work"),
        by=None,
        now=at("02-15"),
        reason="Two less",
    )
    shown, mark = statements.reopening(retainer, JANUARY, at("02-15"))
    assert [(item.before.used // HOUR, item.after.used // HOUR) for item in shown] == [
        (6, 4),
        (3, 3),
    ]
    assert standing(retainer) == [(1, 1, 6.0)]
    statements.reopen_cycle(
        retainer, JANUARY, by=None, now=at("02-15"), reason="Checked together", expect=mark
    )
    assert standing(retainer) == [(1, 2, 4.0)]
    assert said(retainer) == "3 of 16 h used · 13 h remain"
    assert not entries.latest(retainer).exclude(entry__corrects=None).exists()
    assert Statement.objects.get(version=2).reason == "Checked together"
    assert findings(retainer, at("02-15")) == []


def test_reopening_versions_all_later_statements_and_refuses_what_was_not_shown(northlight) -> None:
    retainer = a_january(northlight, rollover=1)
    jobs.turn_the_day(at("03-15"))
    log(retainer, "2027-01-28", "2h", "Late", now=at("03-15"))
    _shown, mark = statements.reopening(retainer, JANUARY, at("03-15"))
    log(retainer, "2027-03-02", "1h", "In between", now=at("03-15"))
    with pytest.raises(LedgerError, match="has changed since"):
        statements.reopen_cycle(
            retainer, JANUARY, by=None, now=at("03-15"), reason="Late call", expect=mark
        )
    with pytest.raises(LedgerError, match="Say why"):
        statements.reopen_cycle(retainer, JANUARY, by=None, now=at("03-15"), reason=" ")
    with pytest.raises(LedgerError, match="No closed cycle"):
        statements.reopen_cycle(retainer, MARCH, by=None, now=at("03-15"), reason="Late call")
    statements.reopen_cycle(retainer, JANUARY, by=None, now=at("03-15"), reason="Late call")
    assert standing(retainer) == [(1, 2, 8.0), (2, 2, 3.0)]
    assert [row.version for row in Statement.objects.order_by("number", "version")] == [1, 2, 1, 2]
    assert findings(retainer, at("03-15")) == []


def test_after_the_last_close_of_an_ended_retainer_only_reopening_takes_late_work(
    northlight,
) -> None:
    retainer = a_retainer(northlight, hours=10, starts="2027-01-01")
    Retainer.objects.filter(pk=retainer.pk).update(ends_on=date(2027, 1, 31))
    retainer.refresh_from_db()
    log(retainer, "2027-01-05", "6h", now=at("01-05"))
    jobs.turn_the_day(at("02-15"))
    with pytest.raises(LedgerError, match="Reopen one"):
        log(retainer, "2027-01-20", "1h", now=at("02-15"))
    late = [work("2027-01-20", "1h", "Late")]
    statements.reopen_cycle(
        retainer, JANUARY, by=None, now=at("02-15"), reason="Forgotten", add=late
    )
    assert standing(retainer) == [(1, 2, 7.0)]
    assert findings(retainer, at("02-15")) == []


def test_a_decision_before_the_close_stands_in_the_statement(northlight) -> None:
    retainer = a_retainer(northlight, hours=10, starts="2027-01-01", rate=9000)
    log(retainer, "2027-01-05", "13h", now=at("01-05"))
    services.decide(
        retainer, cycle_on=JANUARY, amount=2 * HOUR, outcome="bill", by=None, now=at("02-05")
    )
    statements.close_cycles(retainer, JANUARY, by=None, now=at("02-05"))
    totals = Statement.objects.get().totals
    assert (totals["billed"], totals["awaiting"]) == (2 * HOUR, HOUR)
    assert totals["billed_at"] == [[9000, 2 * HOUR]]
    assert findings(retainer, at("02-05")) == []


def test_a_decision_after_the_close_is_carried_and_no_more_than_awaits_can_be_decided(
    northlight,
) -> None:
    retainer = a_january(northlight, used="13h")
    with pytest.raises(LedgerError, match="3\u00a0h await"):
        services.decide(
            retainer, cycle_on=JANUARY, amount=4 * HOUR, outcome="absorb", by=None, now=at("02-15")
        )
    services.decide(
        retainer, cycle_on=JANUARY, amount=2 * HOUR, outcome="deduct", by=None, now=at("02-15")
    )
    assert Statement.objects.get().totals["awaiting"] == 3 * HOUR
    cycle = cycles.current_cycle(Retainer.objects.get(pk=retainer.pk), date(2027, 2, 15))
    assert (cycle.settled, cycle.debt_in, cycle.pending) == (
        2 * HOUR,
        2 * HOUR,
        {"2027-01-01": HOUR},
    )
    assert said(retainer) == "3 of 8 h used · 5 h remain"
    with pytest.raises(LedgerError, match="1\u00a0h await"):
        services.decide(
            retainer, cycle_on=JANUARY, amount=2 * HOUR, outcome="absorb", by=None, now=at("02-15")
        )
    assert findings(retainer, at("02-15")) == []


def test_hours_of_a_closed_cycle_no_longer_change(northlight) -> None:
    retainer = a_january(northlight)
    for attempt in (services.top_up, services.transfer):
        with pytest.raises(LedgerError, match="is closed"):
            attempt(retainer, seconds=HOUR, on=date(2027, 1, 5), by=None, now=at("02-15"))
    services.transfer(retainer, seconds=2 * HOUR, on=date(2027, 2, 15), by=None, now=at("02-15"))
    assert said(retainer) == "3 of 12 h used · 9 h remain"


def test_the_document_of_a_retainer_replays_to_its_statements(northlight) -> None:
    retainer = a_january(northlight, rollover=1, used="13h")
    services.decide(
        retainer, cycle_on=JANUARY, amount=HOUR, outcome="bill", by=None, now=at("02-15"), rate=9000
    )
    log(retainer, "2027-01-28", "2h", "Late", now=at("02-16"))
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        entry, work("2027-01-05", "12h", "January's work"), by=None, now=at("02-17")
    )
    document = read.from_json(
        ledger_document(Retainer.objects.get(pk=retainer.pk), date(2027, 2, 17))
    )
    replayed = [
        write.cycle_json(cycle) for cycle in statement(document.ledger, document.as_of).cycles
    ]
    stored = cycles.cycles_of(Retainer.objects.get(pk=retainer.pk), date(2027, 2, 17))
    assert replayed == [write.cycle_json(cycle) for cycle in stored]
    assert [cycle["state"] for cycle in replayed] == ["closed", "open"]
