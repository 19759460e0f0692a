"""Series of imports as a user makes them: the balance is exact after each, and undo gives each
state back.
"""

import json

import pytest

from hourtab.core.amounts import HOUR
from hourtab.imports import reports, verbs
from hourtab.imports.errors import Open
from hourtab.imports.matching.routing import as_rule, rules_of
from hourtab.imports.matching.trials import try_rules
from hourtab.imports.models import Import, SourceRule
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import erase as erasing
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer, log, toggl
from tests.imports.files import calendar

pytestmark = pytest.mark.django_db

HARVEST = "Date,Client,Project,Task,Notes,Hours,Billable?,First Name,Last Name"


@pytest.fixture
def retainers(northlight) -> list[Retainer]:
    return [a_retainer(northlight, name) for name in ("Acme", "Beta", "Gamma")]


def bring_in(
    workspace,
    content: bytes,
    retainer: Retainer | None = None,
    name: str = "week.csv",
    **answers: str,
) -> Import:
    return verbs.apply(Upload(name, content, answers), workspace, retainer, by=None, now=NOW)


def used(*retainers: Retainer) -> list[float]:
    found = []
    for retainer in retainers:
        fresh = Retainer.objects.get(pk=retainer.pk)
        assert findings(fresh, NOW) == []
        cycle = cycles.current_cycle(fresh, fresh.today(NOW))
        found.append(cycle.used / HOUR)
    return found


def kinds(done: Import) -> dict[str, int]:
    return {key: value for key, value in reports.summary(done.counts).items() if value}


ALL = (
    "06-01 09:00 1:00 Prep | Acme",
    "06-01 11:00 2:00 Audit | Beta",
    "06-02 09:00 4:00 Build | Gamma",
    "06-02 15:00 8:00 Secret | Nobody",
)


def test_one_file_feeds_three_retainers_and_undo_takes_all_back(northlight, retainers) -> None:
    done = bring_in(northlight, toggl(*ALL))
    assert used(*retainers) == [1, 2, 4]
    assert kinds(done) == {"read": 4, "new": 3, "not_for_this_retainer": 1}
    assert "Secret" not in json.dumps([done.outcomes, done.facts, done.flags])
    assert {
        part.retainer.client.name: (part.before - part.after) / HOUR for part in done.parts.all()
    } == {
        "Acme": 1,
        "Beta": 2,
        "Gamma": 4,
    }
    again = bring_in(northlight, toggl(*ALL))
    assert kinds(again) == {"read": 4, "unchanged": 3, "not_for_this_retainer": 1}
    verbs.undo(again, by=None, now=NOW)
    verbs.undo(done, by=None, now=NOW)
    assert used(*retainers) == [0, 0, 0]


def test_a_file_filtered_to_one_client_withdraws_nobody_elses_lines(northlight, retainers) -> None:
    bring_in(northlight, toggl(*ALL))
    filtered = toggl(ALL[0], "06-02 16:00 0:30 More | Acme")
    examined = verbs.examine(Upload("w.csv", filtered), northlight, NOW)
    assert [
        (absent.retainer.client.name, len(absent.entries)) for absent in examined.plan.absent
    ] == [("Beta", 1), ("Gamma", 1)]
    bring_in(northlight, filtered)
    assert used(*retainers) == [1.5, 2, 4]
    ticked = bring_in(northlight, filtered, absent=retainers[2].ref)
    assert used(*retainers) == [1.5, 2, 0]
    verbs.undo(ticked, by=None, now=NOW)
    assert used(*retainers) == [1.5, 2, 4]


def test_two_sources_into_one_retainer_leave_each_other_alone(northlight, retainers) -> None:
    acme = retainers[0]
    bring_in(northlight, toggl("06-01 09:00 1:00 Prep", "06-02 09:00 1:00 Call"), acme)
    other = f"{HARVEST}\n2027-06-01,Acme,P,Design,Draft,2.00,Yes,Jo,R\n2027-06-02,Acme,P,Design,Same length,1.00,Yes,Jo,R\n".encode()
    second = verbs.examine(Upload("h.csv", other), northlight, NOW, acme)
    assert [flag.why for flag in second.plan.flags] == [
        "the hours of Acme, Coaching came from Toggl so far; the rows of this file are added to them",
        "looks like a line from Toggl: same day, same time",
    ]
    first = bring_in(northlight, other, acme)
    assert used(acme) == [5]
    bring_in(northlight, toggl("06-01 09:00 1:30 Prep", "06-02 09:00 1:00 Call"), acme)
    assert used(acme) == [5.5]
    verbs.undo(first, by=None, now=NOW)
    assert used(acme) == [2.5]


def test_the_same_row_from_two_sources_counts_twice_and_each_can_be_taken_back(
    northlight, retainers
) -> None:
    acme = retainers[0]
    one = bring_in(northlight, toggl("06-01 09:00 1:00 Prep"), acme, source="Office")
    two = bring_in(northlight, toggl("06-01 09:00 1:00 Prep"), acme, source="Home")
    assert used(acme) == [2]
    with pytest.raises(Open) as asked:
        bring_in(northlight, toggl("06-01 09:00 1:00 Prep"), acme)
    assert (asked.value.question.key, asked.value.question.options) == (
        "source",
        ("Home", "Office"),
    )
    verbs.undo(one, by=None, now=NOW)
    assert used(acme) == [1]
    verbs.undo(two, by=None, now=NOW)
    assert used(acme) == [0]


def test_the_first_account_of_a_tool_goes_by_the_tools_name(northlight, retainers) -> None:
    acme = retainers[0]
    bring_in(northlight, toggl("06-01 09:00 1:00 Prep"), acme)
    bring_in(northlight, toggl("06-01 09:00 2:00 Mia's"), acme, source="Mia")
    with pytest.raises(Open) as asked:
        bring_in(northlight, toggl("06-01 09:00 1:30 Prep"), acme)
    assert asked.value.question.options == ("Toggl", "Mia")
    bring_in(northlight, toggl("06-01 09:00 1:30 Prep"), acme, source="Toggl")
    assert used(acme) == [3.5]
    assert Source.objects.count() == 2


def test_two_calendars_are_two_sources(northlight, retainers) -> None:
    one, other = (
        calendar(
            f"UID:{name}\nDTSTART:2027060{day}T070000Z\nDTEND:2027060{day}T080000Z\nSUMMARY:{name}",
            name=name,
        )
        for name, day in (("Acme", 3), ("Private", 3))
    )
    for content in (one, other, one):
        bring_in(northlight, content, retainers[0], "x.ics", all_rows="yes")
    assert used(retainers[0]) == [2]
    assert set(Source.objects.values_list("tool", "name")) == {
        ("calendar", "Acme"),
        ("calendar", "Private"),
    }


def test_what_was_answered_is_asked_once_a_source(northlight, retainers) -> None:
    header = HARVEST.replace("Hours", "Hours,Hours Rounded")
    first = f"{header}\n03/06/2027,Acme,P,D,Draft,1.10,1.25,Yes,Jo,R\n".encode()
    questions = []
    answers: dict[str, str] = {}
    for answer in (("date_order", "dmy"), ("hours", "Hours Rounded")):
        with pytest.raises(Open) as asked:
            bring_in(northlight, first, retainers[0], **answers)
        questions.append(asked.value.question.key)
        answers[answer[0]] = answer[1]
    assert questions == ["date_order", "hours"]
    bring_in(northlight, first, retainers[0], **answers)
    bring_in(northlight, first.replace(b"03/06", b"04/06").replace(b"1.25", b"1.50"), retainers[0])
    assert used(retainers[0]) == [2.75]
    bring_in(northlight, first.replace(b"03/06/2027", b"06/15/2027"), retainers[0])
    assert Entry.objects.filter(on="2027-06-15").exists(), (
        "what the file says is stronger than what was answered"
    )
    with pytest.raises(Open) as asked:
        bring_in(northlight, first.replace(b"03/06", b"05/06"), retainers[0])
    assert asked.value.question.key == "date_order", (
        "a source that writes both ways is asked every time"
    )


def test_a_narrowed_range_takes_nothing_out_beyond_it_and_doubles_nothing(
    northlight, retainers
) -> None:
    acme = retainers[0]
    rows = ("06-01 09:00 1:00 A", "06-05 09:00 2:00 B", "06-20 09:00 4:00 C")
    bring_in(northlight, toggl(*rows), acme)
    assert kinds(bring_in(northlight, toggl(*rows), acme, until="2027-06-10")) == {
        "read": 3,
        "unchanged": 3,
    }
    assert kinds(bring_in(northlight, toggl(rows[0]), acme, until="2027-06-10")) == {
        "read": 1,
        "unchanged": 1,
        "gone": 1,
    }
    assert used(acme) == [5]
    narrowed = {"from": "2027-06-15", "until": "2027-06-30"}
    assert kinds(bring_in(northlight, toggl(rows[0]), acme, **narrowed)) == {
        "read": 1,
        "unchanged": 1,
        "gone": 1,
    }
    assert used(acme) == [1]


def test_undo_in_any_order_that_is_allowed(northlight, retainers) -> None:
    acme = retainers[0]
    one = bring_in(northlight, toggl("06-01 09:00 1:00 A"), acme)
    two = bring_in(northlight, toggl("06-03 09:00 2:00 B"), acme)
    three = bring_in(northlight, toggl("06-03 09:00 2:30 B"), acme)
    with pytest.raises(LedgerError, match=three.ref):
        verbs.undo(two, by=None, now=NOW)
    verbs.undo(one, by=None, now=NOW)
    assert used(acme) == [2.5]
    verbs.undo(three, by=None, now=NOW)
    assert used(acme) == [2]
    verbs.undo(two, by=None, now=NOW)
    assert used(acme) == [0]


def test_a_column_more_or_less_at_the_source_changes_no_line(northlight, retainers) -> None:
    acme = retainers[0]
    rows = "2027-06-01,Acme,P,Design,Draft,2.00,Yes,Jo,R\n2027-06-02,Acme,P,Design,Notes,1.00,Yes,Jo,R\n"
    bring_in(northlight, f"{HARVEST}\n{rows}".encode(), acme)
    cut = "Date,Client,Project,Notes,Hours,First Name,Last Name\n2027-06-01,Acme,P,Draft,2.00,Jo,R\n2027-06-02,Acme,P,Notes,1.00,Jo,R\n"
    assert kinds(bring_in(northlight, cut.encode(), acme)) == {"read": 2, "unchanged": 2}
    assert Revision.objects.count() == 2
    assert kinds(bring_in(northlight, cut.encode(), acme)) == {"read": 2, "unchanged": 2}


def test_the_sources_own_number_tells_an_edit_where_nothing_else_does(
    northlight, retainers
) -> None:
    acme = retainers[0]
    header = "Id,Client,Project Budget,Project,Task Budget,Task,Date,User,Hours,Notes"
    first = (
        f"{header}\n71,Acme,,P,,T,2027-06-01,Jo,1.0,Draft\n72,Acme,,P,,T,2027-06-02,Jo,2.0,Call\n"
    )
    bring_in(northlight, first.encode(), acme)
    moved = f"{header}\n71,Acme,,P,,T,2027-06-01,Jo,3.5,Entirely rewritten\n72,Acme,,P,,T,2027-06-02,Jo,2.0,Call\n"
    assert kinds(bring_in(northlight, moved.encode(), acme)) == {
        "read": 2,
        "changed": 1,
        "unchanged": 1,
    }
    assert (used(acme), Entry.objects.count()) == ([5.5], 2)
    renumbered = moved.replace("\n71", "\n901").replace("\n72", "\n902")
    assert kinds(bring_in(northlight, renumbered.encode(), acme)) == {"read": 2, "unchanged": 2}


def test_a_row_moved_to_a_day_the_file_does_not_reach_is_pointed_out(northlight, retainers) -> None:
    header = "Id,Client,Project Budget,Project,Task Budget,Task,Date,User,Hours,Notes"
    june = (
        f"{header}\n71,Acme,,P,,T,2027-06-01,Jo,1.0,Draft\n72,Acme,,P,,T,2027-06-09,Jo,2.0,Call\n"
    )
    bring_in(northlight, june.encode(), retainers[0])
    moved = june.replace("2027-06-09", "2027-06-08")
    examined = verbs.examine(Upload("t.csv", moved.encode()), northlight, NOW, retainers[0])
    assert [(flag.line, flag.why) for flag in examined.plan.flags] == [
        (
            3,
            "its number stands on 2027-06-09 already, which this file does not reach: moved? Then widen the range",
        )
    ]
    bring_in(northlight, moved.encode(), retainers[0], until="2027-06-30")
    assert used(retainers[0]) == [3]


def test_the_same_file_in_another_encoding_changes_nothing(northlight, retainers) -> None:
    text = toggl("06-01 09:00 1:00 Gespräch über Öl").decode("utf-8-sig")
    bring_in(northlight, text.encode("utf-8"), retainers[0])
    for encoding in ("cp1252", "utf-16", "utf-8-sig"):
        done = bring_in(northlight, text.encode(encoding), retainers[0])
        assert kinds(done) == {"read": 1, "unchanged": 1}, encoding


def rule(source: Source, retainer: Retainer | None = None, **more) -> SourceRule:
    conditions = {name: more.pop(name) for name in list(more) if isinstance(more[name], list)}
    return SourceRule.objects.create(
        source=source, conditions=conditions, retainer=retainer, **more
    )


def test_rules_say_where_rows_go_and_what_they_count_as(northlight, retainers) -> None:
    acme, beta, _gamma = retainers
    source = Source.objects.create(workspace=northlight, tool="toggl")
    rule(source, text=["lunch"], leaves_out=True)
    rule(source, acme, project=["Shared"], text=["acme"])
    rule(source, beta, client=["Beta"])
    rule(source, scope="courtesy", text=["free of charge"])
    rule(source, scope="project", category="Move", project=["Office move"])
    done = bring_in(
        northlight,
        toggl(
            "06-01 09:00 1:00 Call for ACME | Umbrella | Shared",
            "06-01 10:00 2:00 Audit, free of charge | Beta",
            "06-01 12:00 3:00 Boxes | Beta | Office move",
            "06-01 13:00 0:30 Lunch | Beta",
            "06-01 14:00 4:00 Plan | Acme",
        ),
    )
    said = {
        row.description: (row.entry.retainer.client.name, row.scope, row.category)
        for row in Revision.objects.all()
    }
    assert said["Call for ACME"] == ("Acme", "retainer", "")
    assert said["Audit, free of charge"] == ("Beta", "courtesy", "")
    assert said["Boxes"] == ("Beta", "project", "Move")
    assert "Lunch" not in said
    assert "Plan" not in said, "a retainer that a rule names gets what rules give it"
    assert {
        group["why"] for group in done.outcomes if group["kind"] == "not_for_this_retainer"
    } == {
        "left out by a rule",
        "client “Acme”, project “Programme”",
    }


def test_an_answer_is_kept_as_a_rule_and_a_new_answer_replaces_it(northlight, retainers) -> None:
    acme = retainers[0]
    rows = toggl(
        "06-01 09:00 1:00 Call | Acme Corp | One", "06-01 10:00 2:00 Other | Acme GmbH | Two"
    )
    bring_in(northlight, rows, acme, client="Acme Corp")
    assert used(acme) == [1]
    assert used(acme) == [1]
    assert kinds(bring_in(northlight, rows, acme)) == {
        "read": 2,
        "unchanged": 1,
        "not_for_this_retainer": 1,
    }
    bring_in(northlight, rows, acme, client="Acme Corp\nAcme GmbH")
    assert used(acme) == [3]
    assert SourceRule.objects.get().conditions == {"client": ["Acme Corp", "Acme GmbH"]}


def test_an_answer_about_a_file_without_clients_says_nothing_of_other_clients_rows(
    northlight, retainers
) -> None:
    acme = retainers[0]
    header = "User,Client,Project,Description,Billable,Start date,Start time,Duration"
    bare = f"{header}\nJo,,P,Mine,Yes,2027-06-01,09:00:00,1:00:00\nJo,,P,Not sold,No,2027-06-01,11:00:00,1:00:00\n"
    bring_in(northlight, bare.encode(), acme, billable="only")
    assert used(acme) == [1]
    everyone = (
        bare
        + "Jo,Rival,P,Secret,Yes,2027-06-02,09:00:00,4:00:00\nJo,Other,P,Secret,Yes,2027-06-02,13:00:00,2:00:00\n"
    )
    assert kinds(bring_in(northlight, everyone.encode(), acme)) == {
        "read": 4,
        "unchanged": 1,
        "not_for_this_retainer": 3,
    }
    with pytest.raises(Open) as asked:
        bring_in(
            northlight, toggl("06-03 09:00 1:00 Secret | Rival"), retainers[1], billable="only"
        )
    assert asked.value.question.key == "client"


def test_a_row_that_another_retainer_holds_is_pointed_out(northlight) -> None:
    one, two = (
        a_retainer(northlight, "Acme", "Helpdesk"),
        a_retainer(northlight, "Acme", "Projects"),
    )
    rows = toggl("06-01 09:00 1:00 Call")
    bring_in(northlight, rows, one)
    examined = verbs.examine(Upload("w.csv", rows), northlight, NOW, two)
    assert [(flag.line, flag.why) for flag in examined.plan.flags] == [
        (2, "is in Acme, Helpdesk already, too")
    ]
    done = bring_in(northlight, rows)
    assert "client “Acme” has 2 retainers, and no rule says which" in str(done.outcomes)


def test_where_rows_go_can_be_said_with_the_file(northlight, retainers) -> None:
    acme, beta, _gamma = retainers
    rows = toggl("06-01 09:00 1:00 Call | Umbrella", "06-01 10:00 2:00 Other | Initech")
    routes = json.dumps([["client", "Umbrella", acme.ref], ["client", "Initech", beta.ref]])
    bring_in(northlight, rows, routes=routes)
    assert used(acme, beta) == [1, 2]
    assert kinds(bring_in(northlight, rows)) == {"read": 2, "unchanged": 2}


def test_a_changed_rule_is_tried_first_and_followed_by_the_next_import(
    northlight, retainers
) -> None:
    acme = retainers[0]
    rows = toggl(
        "06-01 09:00 1:00 Travel to site",
        "06-02 09:00 2:00 Workshop",
        "06-03 09:00 4:00 Secret | Rival",
    )
    first = bring_in(northlight, rows)
    source = Source.objects.get()
    new = rule(source, scope="courtesy", text=["travel"])
    trial = try_rules(source, [as_rule(row) for row in rules_of(source)])
    assert (trial.brought_by, trial.rows) == (first, 2)
    assert [(change.line, change.text, change.there) for change in trial.changes] == [
        (2, "Travel to site", "Acme, Coaching · At no charge")
    ]
    assert used(acme) == [3]
    examined = verbs.examine(Upload("w.csv", rows), northlight, NOW)
    assert examined.plan.counts["changed"] == 1
    done = bring_in(northlight, rows)
    assert used(acme) == [2]
    verbs.undo(done, by=None, now=NOW)
    assert used(acme) == [3]
    new.delete()
    assert kinds(bring_in(northlight, rows)) == {
        "read": 3,
        "unchanged": 2,
        "not_for_this_retainer": 1,
    }


def test_rows_that_a_rule_sends_elsewhere_are_pointed_out_where_they_were(
    northlight, retainers
) -> None:
    acme, beta, _gamma = retainers
    rows = toggl("06-01 09:00 1:00 Call")
    bring_in(northlight, rows)
    rule(Source.objects.get(), beta, text=["call"])
    examined = verbs.examine(Upload("w.csv", rows), northlight, NOW)
    assert any(
        "1 lines of Acme, Coaching are rows of this file that go elsewhere now" in flag.why
        for flag in examined.plan.flags
    )
    bring_in(northlight, rows, absent=acme.ref)
    assert used(acme, beta) == [0, 1]


def test_no_charge_rows_are_courtesy_and_missing_is_not_no(northlight, retainers) -> None:
    text = "Member,Date,Company,Work Role,Hours,Bill,Notes\nJo,2027-06-01,Acme,E,1.0,NC,Free\nJo,2027-06-02,Acme,E,2.0,B,Paid\nJo,2027-06-03,Acme,E,4.0,,Unsaid\n"
    bring_in(northlight, text.encode(), retainers[0], billable="only")
    assert dict(Revision.objects.values_list("description", "scope")) == {
        "Free": "courtesy",
        "Paid": "retainer",
        "Unsaid": "retainer",
    }
    assert used(retainers[0]) == [6]


def test_several_projects_without_clients_are_a_question_and_one_is_none(
    northlight, retainers
) -> None:
    header = "Date,Project,Hours,Notes"
    bring_in(northlight, f"{header}\n2027-06-01,One,1,A\n".encode(), retainers[0])
    with pytest.raises(Open) as asked:
        bring_in(
            northlight, f"{header}\n2027-06-01,One,1,A\n2027-06-01,Two,2,B\n".encode(), retainers[0]
        )
    assert (asked.value.question.key, asked.value.question.options) == ("project", ("One", "Two"))


def test_texts_to_look_at_wait_for_a_tick(northlight, retainers) -> None:
    northlight.private_words = "Falcon\n"
    northlight.save()
    rows = toggl(
        "06-01 09:00 1:00 Wrote to jo@acme.example",
        "06-01 10:00 1:00 Called +49 170 1234567",
        "06-01 11:00 1:00 See https://admin:hunter2@acme.example/",
        "06-01 12:00 1:00 Project falcon kick-off",
        "06-01 13:00 1:00 Ticket T20260112.0024 on 2027-06-01 at 09:30, 1,234.50 EUR, v10.2.3.4, build 20270601",
    )
    examined = verbs.examine(Upload("w.csv", rows), northlight, NOW, retainers[0])
    assert [note.line for note in examined.plan.unpublished] == [2, 3, 4, 5]
    with pytest.raises(Open) as asked:
        bring_in(northlight, rows, retainers[0])
    assert (asked.value.question.key, asked.value.question.options) == (
        "publish",
        ("yes", "leave_out"),
    )
    assert not Entry.objects.exists()
    done = bring_in(northlight, rows, retainers[0], publish="2", withhold="3,4,5")
    assert kinds(done) == {"read": 5, "new": 2, "not_for_this_retainer": 3}
    assert used(retainers[0]) == [2]
    assert (
        kinds(bring_in(northlight, rows, retainers[0], publish="leave_out"))[
            "not_for_this_retainer"
        ]
        == 3
    )
    bring_in(northlight, rows, retainers[0], publish="yes")
    assert used(retainers[0]) == [5]


def test_an_import_keeps_what_became_of_every_row_and_an_entry_where_it_came_from(
    northlight, retainers, ada
) -> None:
    done = bring_in(northlight, toggl(*ALL), name="june.csv")
    assert (done.file_name, len(done.file_digest), done.columns["date"]) == (
        "june.csv",
        64,
        "Start date",
    )
    assert [
        (group["kind"], group["lines"], group["why"])
        for group in done.outcomes
        if not group["retainer"]
    ] == [("not_for_this_retainer", "5", "client “Nobody”, project “Programme”")]
    assert len(done.digests) == 4 * 16
    entry = Entry.objects.get(retainer=retainers[1])
    page = ada.get(f"/retainers/{retainers[1].ref}/entries/{entry.pk}").content.decode()
    assert f'<a href="/imports/{done.ref}/">june.csv</a>, line 3' in page


def test_the_log_as_csv_comes_back_as_it_was(northlight, retainers, ada) -> None:
    texts = ("=SUM(A1)", "'quoted", "''", "- dash", 'Two\nlines, "quoted" 🙂', "@home", " spaced ")
    for number, text in enumerate(texts, 1):
        log(retainers[0], f"2027-06-{number:02d}", "0:30", text)
    exported = ada.get(f"/retainers/{retainers[0].ref}/log.csv").content
    assert b"\n=SUM" not in exported
    assert b",'=SUM(A1)," in exported
    done = bring_in(northlight, exported, retainers[0], "hourtab.csv")
    assert done.source.tool == "hourtab"
    brought = Revision.objects.filter(write__batch=done.ref).order_by("on")
    assert [row.description for row in brought] == list(texts)


def test_a_person_whose_rows_are_all_gone_is_pointed_out(northlight, retainers) -> None:
    header = "Date,Client,User,Hours,Notes"
    both = f"{header}\n2027-06-01,Acme,Jo,1,A\n2027-06-01,Acme,Mia,2,B\n2027-06-02,Acme,Jo,1,C\n"
    bring_in(northlight, both.encode(), retainers[0])
    only = f"{header}\n2027-06-01,Acme,Jo,1,A\n2027-06-02,Acme,Jo,1,C\n"
    examined = verbs.examine(Upload("w.csv", only.encode()), northlight, NOW, retainers[0])
    assert any(
        "person “Mia” are gone from the file: was it filtered?" in flag.why
        for flag in examined.plan.flags
    )


@pytest.mark.parametrize("grace", [10, 100])
def test_the_preview_says_the_balance_the_apply_makes_over_several_cycles(
    northlight, grace
) -> None:
    retainer = a_retainer(
        northlight, "Acme", hours=10, starts="2027-04-01", rollover=1, grace=grace
    )
    log(retainer, "2027-04-05", "4h", "By hand")
    files = (
        ("04-03 09:00 2:00 A", "05-04 09:00 3:00 B", "06-05 09:00 1:00 C"),
        ("04-03 09:00 9:00 A", "05-04 09:00 3:00 B", "06-05 09:00 1:00 C"),
        ("04-03 09:00 9:00 A", "06-05 09:00 2:30 C"),
        ("05-20 09:00 8:00 D", "06-05 09:00 2:30 C"),
    )
    for rows in files:
        examined = verbs.examine(Upload("w.csv", toggl(*rows)), northlight, NOW, retainer)
        done = bring_in(northlight, toggl(*rows), retainer)
        (shown,), (did,) = examined.parts, done.parts.all()
        assert (shown.before, shown.after) == (did.before, did.after)
        assert findings(retainer, NOW) == []
    if grace == 100:
        assert used(retainer) == [2.5]


def test_an_erased_text_is_not_brought_back_by_the_same_file(northlight, retainers) -> None:
    file = toggl("06-01 09:00 1:00 Call with Zofia | Acme", "06-02 09:00 2:00 Notes | Acme")
    bring_in(northlight, file, retainers[0])
    erasing.erase_texts(Entry.objects.get(on="2027-06-01"), by=None, now=NOW)
    again = bring_in(northlight, file, retainers[0])
    assert kinds(again) == {"read": 2, "unchanged": 2}
    assert not Revision.objects.filter(description__contains="Zofia").exists()
    assert used(retainers[0]) == [3]
