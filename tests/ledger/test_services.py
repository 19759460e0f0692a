from datetime import date, time, timedelta

import pytest

from hourtab.core.amounts import HOUR
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Cycle, Entry, Revision, TopUp
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.log import ALL_SCOPES, lines_of, log_lines, planned
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.saying.words import headline
from hourtab.ledger.verbs import log as services
from hourtab.ledger.writing import record
from hourtab.lib.append_only import AppendOnlyError
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer, Terms
from tests.builders import a_retainer, log, work

pytestmark = pytest.mark.django_db


def said(retainer: Retainer, on: str = "2027-06-22") -> str:
    fresh = Retainer.objects.get(pk=retainer.pk)
    return headline(cycles.current_cycle(fresh, date.fromisoformat(on)), Words()).replace(
        "\u00a0", " "
    )


def test_logging_lowers_what_remains_and_counts_the_version_up(northlight, now) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "13:30")
    assert said(retainer) == "13 h 30 m of 20 h used · 6 h 30 m remain"
    fresh = Retainer.objects.get(pk=retainer.pk)
    assert fresh.version == retainer.version + 1
    assert fresh.as_of == now


def test_going_over_is_said_without_a_negative_number(northlight) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "22h")
    assert said(retainer) == "22 of 20 h used · 2 h over"


def test_an_edit_adds_a_revision_and_keeps_the_old_one(northlight, now) -> None:
    retainer = a_retainer(northlight)
    entry = log(retainer, "2027-06-03", "2h", "Call")
    services.edit_entry(
        entry, work("2027-06-04", "1:30", "Call with Ben"), by=None, now=now, reason="Typing slip"
    )
    assert list(
        Revision.objects.filter(entry=entry).order_by("number").values_list("amount", "description")
    ) == [
        (7200, "Call"),
        (5400, "Call with Ben"),
    ]
    assert said(retainer) == "1 h 30 m of 20 h used · 18 h 30 m remain"
    assert findings(retainer, now) == []


def test_a_withdrawn_line_leaves_a_tombstone_and_comes_back(northlight, now) -> None:
    retainer = a_retainer(northlight)
    entry = log(retainer, "2027-06-03", "2h")
    services.withdraw_entry(entry, by=None, now=now, reason="Twice")
    assert said(retainer) == "0 of 20 h used · 20 h remain"
    assert Entry.objects.get(pk=entry.pk).is_withdrawn
    services.restore_entry(entry, by=None, now=now)
    assert said(retainer) == "2 of 20 h used · 18 h remain"
    assert Revision.objects.filter(entry=entry).count() == 3


def test_a_change_made_in_between_is_not_overwritten(northlight, now) -> None:
    entry = log(a_retainer(northlight), "2027-06-03", "2h")
    services.edit_entry(entry, work("2027-06-03", "3h"), by=None, now=now, seen=1)
    with pytest.raises(LedgerError, match="changed in the meantime"):
        services.edit_entry(entry, work("2027-06-03", "4h"), by=None, now=now, seen=1)
    assert record.latest_work(entry).amount == 3 * HOUR


@pytest.mark.parametrize("model", [Revision, Entry, Terms, TopUp])
def test_the_record_cannot_be_changed_or_deleted_through_the_orm(northlight, now, model) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "2h")
    services.top_up(retainer, seconds=HOUR, on=date(2027, 6, 3), by=None, now=now)
    row = model.objects.first()
    for attempt in (
        row.save,
        row.delete,
        model.objects.all().delete,
        lambda: model.objects.bulk_update([row], ["id"]),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()
    with pytest.raises(AppendOnlyError):
        model.objects.update(id=99)
    with pytest.raises(AppendOnlyError):
        model._base_manager.all().update(id=99)
    with pytest.raises(Exception, match=r"(?i)protected|never changed"):
        retainer.delete()


@pytest.mark.parametrize(
    ("day", "amount", "sentence"),
    [
        ("2027-05-31", "1h", "starts on 2027-06-01"),
        ("2027-06-03", "0", "more than 0"),
        ("2027-06-03", "1200h", "1,000 hours"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_nothing_stored(
    northlight, day, amount, sentence
) -> None:
    retainer = a_retainer(northlight)
    with pytest.raises(LedgerError, match=sentence):
        log(retainer, day, amount)
    assert not Entry.objects.exists()
    assert Retainer.objects.get(pk=retainer.pk).version == retainer.version


def test_twins_both_count(northlight) -> None:
    retainer = a_retainer(northlight)
    one, two = log(retainer, "2027-06-03", "2h"), log(retainer, "2027-06-03", "2h")
    assert one.key != two.key
    assert one.key.rpartition("-")[0] == two.key.rpartition("-")[0]
    assert said(retainer) == "4 of 20 h used · 16 h remain"


def test_top_ups_and_goodwill_are_granted_for_the_whole_cycle(northlight, now) -> None:
    retainer = a_retainer(northlight, hours=10)
    log(retainer, "2027-06-03", "12h")
    services.top_up(
        retainer, seconds=5 * HOUR, on=date(2027, 6, 20), by=None, now=now, until=date(2027, 7, 31)
    )
    services.top_up(retainer, seconds=HOUR, on=date(2027, 6, 20), by=None, now=now, kind="goodwill")
    assert said(retainer) == "12 of 16 h used · 4 h remain"
    assert said(retainer, "2027-07-05") == "0 of 14 h used · 14 h remain"
    with pytest.raises(LedgerError, match="expire before they begin"):
        services.top_up(
            retainer, seconds=HOUR, on=date(2027, 6, 20), by=None, now=now, until=date(2027, 6, 1)
        )


def test_only_the_scope_retainer_draws(northlight) -> None:
    retainer = a_retainer(northlight)
    for scope in ("courtesy", "project", "internal"):
        log(retainer, "2027-06-03", "2h", scope=scope)
    assert said(retainer) == "0 of 20 h used · 20 h remain"


def test_deleting_every_cache_changes_nothing(northlight, now) -> None:
    retainer = a_retainer(northlight, starts="2027-03-01", rollover=1)
    for month in ("03", "04", "05", "06"):
        log(retainer, f"2027-{month}-03", "13:30")
    retainer = Retainer.objects.get(pk=retainer.pk)
    before = cycles.cycles_of(retainer, date(2027, 6, 22))
    Cycle.objects.all().delete()
    after = cycles.cycles_of(Retainer.objects.get(pk=retainer.pk), date(2027, 6, 22))
    assert [cycles.totals_json(cycle) for cycle in after] == [
        cycles.totals_json(cycle) for cycle in before
    ]
    log(retainer, "2027-04-04", "1h")
    assert findings(retainer, now) == []


def test_a_line_of_an_earlier_cycle_recomputes_from_there_on(northlight, now) -> None:
    retainer = a_retainer(northlight, hours=10, starts="2027-03-01", rollover=1, grace=90)
    log(retainer, "2027-06-03", "1h")
    log(retainer, "2027-05-03", "13h")
    assert said(retainer) == "1 of 17 h used · 16 h remain"
    later = now + timedelta(days=12)
    log(retainer, "2027-03-03", "1h", now=later)
    assert findings(retainer, later) == []
    assert said(retainer, "2027-07-04") == "0 of 20 h used · 20 h remain"


def test_every_cached_cycle_that_has_ended_keeps_its_closing_state(northlight) -> None:
    retainer = a_retainer(northlight, starts="2027-04-01")
    log(retainer, "2027-06-03", "1h")
    assert [bool(cycle.closing) for cycle in Cycle.objects.filter(retainer=retainer)] == [
        True,
        True,
        False,
    ]


def test_the_balance_stands_after_every_line_newest_first(northlight) -> None:
    retainer = a_retainer(northlight)
    for day, amount in (("03", "2h"), ("05", "3h"), ("04", "1h")):
        log(retainer, f"2027-06-{day}", amount)
    log(retainer, "2027-06-30", "5h")
    cycle = cycles.current_cycle(Retainer.objects.get(pk=retainer.pk), date(2027, 6, 22))
    rows = lines_of(retainer, cycle, ALL_SCOPES)
    terms = terms_at(retainer, date(2027, 6, 22))
    lines = log_lines(rows, cycle, terms, date(2027, 6, 22))
    assert [(line.work.on.day, line.balance // HOUR) for line in lines] == [
        (5, 14),
        (4, 17),
        (3, 18),
    ]
    assert [
        line.balance for line in log_lines(rows, cycle, terms, date(2027, 6, 22), offset=2)
    ] == [18 * HOUR]
    assert [line.work.on.day for line in planned(rows, terms, date(2027, 6, 22))] == [30]


def test_verify_names_a_figure_that_was_changed_behind_the_ledger(northlight, now) -> None:
    retainer = a_retainer(northlight)
    log(retainer, "2027-06-03", "2h")
    row = Cycle.objects.get(retainer=retainer)
    Cycle.objects.filter(pk=row.pk).update(totals=row.totals | {"used": 1})
    assert findings(retainer, now) == ["cycle 2027-06-01: used is cached as 1, computed as 7200"]


def test_verify_names_a_revision_that_does_not_match_its_digest(northlight, now) -> None:
    from django.db import connection

    entry = log(a_retainer(northlight), "2027-06-03", "2h")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_revision SET description = 'Other'")
    assert findings(entry.retainer, now) == [f"revision {entry.pk}.1 does not match its digest"]


def test_the_ledger_document_of_a_retainer_replays_to_the_same_cycles(northlight) -> None:
    from hourtab.core.document import read, write
    from hourtab.core.statement import statement

    retainer = a_retainer(northlight, starts="2027-03-01", rollover=1)
    log(retainer, "2027-05-03", "13:30", "Böse „Zeichen“ 🙂")
    log(retainer, "2027-06-03", "30h")
    retainer = Retainer.objects.get(pk=retainer.pk)
    document = read.from_json(ledger_document(retainer, date(2027, 6, 22)))
    replayed = [
        write.cycle_json(cycle) for cycle in statement(document.ledger, document.as_of).cycles
    ]
    assert replayed == [
        write.cycle_json(cycle) for cycle in cycles.cycles_of(retainer, date(2027, 6, 22))
    ]
    assert document.ledger.entries[0].description == "Böse „Zeichen“ 🙂"


def test_work_says_the_same_before_and_after_storing(northlight) -> None:
    entry = log(
        a_retainer(northlight), "2027-06-03", "2h", "Call", person="Mara", category="Session"
    )
    assert record.latest_work(entry) == work("2027-06-03", "2h", "Call")._replace(
        person="Mara", category="Session"
    )


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"until": date(9999, 12, 31)}, "too far ahead"),
        ({"kind": "present"}, "bought, or given"),
    ],
)
def test_extra_hours_that_no_document_may_hold_are_refused(northlight, now, more, sentence) -> None:
    retainer = a_retainer(northlight)
    with pytest.raises(LedgerError, match=sentence):
        services.top_up(retainer, seconds=HOUR, on=date(2027, 6, 3), by=None, now=now, **more)
    assert not TopUp.objects.exists()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"scope": "gift"}, "cannot count like that"),
        ({"outcome": "no_show"}, "cannot count like that"),
        ({"started": time(9, 0, 0, 500_000)}, "at a whole second"),
    ],
)
def test_a_line_that_no_document_may_hold_is_refused(northlight, more, sentence) -> None:
    with pytest.raises(LedgerError, match=sentence):
        log(a_retainer(northlight), "2027-06-03", "1h", **more)
    assert not Entry.objects.exists()
