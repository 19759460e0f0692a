from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hourtab.imports.errors import Open, Refusal
from hourtab.imports.reading.parsing import parse
from hourtab.imports.reading.table import read_text
from tests.builders import toggl

HARVEST = "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,First Name,Last Name"
CLOCKIFY = '"Project","Client","Description","Task","User","Email","Tags","Billable","Start Date","Start Time","End Date","End Time","Duration (h)","Duration (decimal)"'


def a_file(header: str, *rows: str) -> bytes:
    return "\n".join([header, *rows]).encode()


def test_toggl_is_read_to_the_second() -> None:
    parsed = parse(toggl("06-03 09:00 1:30 Prep call", "06-04 23:30 0:45 Late call"), "x.csv", {})
    assert (parsed.tool.key, parsed.seconds, parsed.window[0].isoformat()) == (
        "toggl",
        8100,
        "2027-06-03",
    )
    assert (
        parsed.lines[0].description,
        parsed.lines[0].person,
        parsed.lines[0].billable,
        parsed.lines[0].line,
    ) == (
        "Prep call",
        "Mara",
        "yes",
        2,
    )


def test_harvest_hours_are_exact() -> None:
    parsed = parse(
        a_file(
            HARVEST,
            "2027-06-03,Acme,P,,Design,Notes,1.33,Yes,Jane,Roe",
            "2027-06-03,Acme,P,,Design,,0.01,No,Jane,Roe",
        ),
        "x.csv",
        {},
    )
    assert [line.seconds for line in parsed.lines] == [4788, 36]
    assert parsed.lines[0].person == "Jane Roe"


def test_clockify_prefers_the_clock_and_says_when_the_decimals_disagree() -> None:
    row = '"P","Acme","Call","","Jon","","","Yes","21/01/2027","11:00:00","21/01/2027","12:30:00","01:30:00","{}"'
    assert parse(a_file(CLOCKIFY, row.format("1.50")), "x.csv", {}).flags == []
    parsed = parse(a_file(CLOCKIFY, row.format("1.00")), "x.csv", {})
    assert parsed.seconds == 5400
    assert "differ by more than rounding" in parsed.flags[0].why


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    text = toggl("06-03 09:00 1:30 Gespräch über Köln").decode("utf-8-sig")
    assert parse(text.encode(encoding), "x.csv", {}).lines[0].description == "Gespräch über Köln"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_delimiters_and_a_sep_line(delimiter: str) -> None:
    text = toggl("06-03 09:00 1:30 Call").decode("utf-8-sig").replace(",", delimiter)
    assert parse(text.encode(), "x.csv", {}).seconds == 5400
    assert parse(f"sep={delimiter}\r\n{text}".encode(), "x.csv", {}).lines[0].line == 3


def test_line_numbers_are_the_files_own_also_after_quoted_line_breaks() -> None:
    content = a_file(
        HARVEST, '2027-06-03,Acme,P,,D,"one\ntwo",1,Yes,J,R', "2027-06-04,Acme,P,,D,x,2,Yes,J,R"
    )
    parsed = parse(content, "x.csv", {})
    assert [line.line for line in parsed.lines] == [2, 4]
    assert parsed.lines[0].description == "one\ntwo"


def test_the_date_order_is_decided_for_the_whole_file_or_asked() -> None:
    row = '"P","Acme","Call","","Jon","","","Yes","{0}","11:00","{0}","12:30","01:30:00","1.50"'
    decided = parse(
        a_file(CLOCKIFY, row.format("03/04/2027"), row.format("21/04/2027")), "x.csv", {}
    )
    assert [line.on.isoformat() for line in decided.lines] == ["2027-04-03", "2027-04-21"]
    with pytest.raises(Open) as question:
        parse(a_file(CLOCKIFY, row.format("03/04/2027")), "x.csv", {})
    assert (
        question.value.question.key,
        question.value.question.line,
        question.value.question.options,
    ) == (
        "date_order",
        2,
        ("dmy", "mdy"),
    )
    assert (
        parse(a_file(CLOCKIFY, row.format("03/04/2027")), "x.csv", {"date_order": "mdy"})
        .lines[0]
        .on.isoformat()
        == "2027-03-04"
    )
    assert (
        parse(a_file(CLOCKIFY, row.format("05/05/2027")), "x.csv", {}).lines[0].on.isoformat()
        == "2027-05-05"
    )
    named = parse(
        a_file(CLOCKIFY, row.format("03/04/2027")), "Detailed_03_25_2027-04_05_2027.csv", {}
    )
    assert named.lines[0].on.isoformat() == "2027-03-04"


def test_two_hour_columns_that_differ_are_asked_about_once() -> None:
    header = HARVEST.replace("Hours", "Hours,Hours Rounded")
    content = a_file(header, "2027-06-03,Acme,P,,D,x,1.10,1.25,Yes,J,R")
    with pytest.raises(Open) as question:
        parse(content, "x.csv", {})
    assert question.value.question.options == ("Hours", "Hours Rounded")
    assert parse(content, "x.csv", {"hours": "Hours Rounded"}).seconds == 4500
    assert parse(content, "x.csv", {"hours": "Hours"}).seconds == 3960


def test_decimal_commas_are_decided_for_the_whole_file() -> None:
    comma = parse(
        a_file(
            HARVEST.replace(",", ";"),
            "2027-06-03;Acme;P;;D;x;1,5;Yes;J;R",
            "2027-06-03;Acme;P;;D;x;1,125;Yes;J;R",
        ),
        "x.csv",
        {},
    )
    assert [line.seconds for line in comma.lines] == [5400, 4050]
    with pytest.raises(Open) as question:
        parse(a_file(HARVEST, "2027-06-03,Acme,P,,D,x,1.125,Yes,J,R"), "x.csv", {})
    assert question.value.question.key == "decimal"


def test_rows_that_are_no_entries_are_named_and_not_counted() -> None:
    rows = [
        "2027-06-03,Acme,P,,D,x,1,Yes,J,R",
        "Total,,,,,,1,,,",
        ",Acme,,,,,1,,,",
        "2027-06-04,Acme,P,,D,x,-2,Yes,J,R",
        "2027-06-04,Acme,P,,D,x,,Yes,J,R",
        "2027-06-04,Acme",
    ]
    parsed = parse(a_file(HARVEST, *rows), "x.csv", {})
    assert parsed.seconds == 3600
    assert [(note.line, note.why.split(":")[0]) for note in parsed.no_entries] == [
        (3, "a total, not an entry"),
        (4, "no date"),
        (5, "a negative amount (-2)"),
        (6, "no duration, not an entry"),
        (7, "no duration, not an entry"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "column", "value", "reason"),
    [
        (b"", None, None, None, "is empty"),
        (b"\x1c", None, None, None, "is empty"),
        (b"PK\x03\x04zip", None, None, None, "This workbook cannot be read"),
        (b"a\0b", None, None, None, "not a text file"),
        (b"x" * (21 * 1024 * 1024), None, None, None, "20 MB are the most"),
        (b"Name,Age\nJo,3\n", 1, None, None, "not a report of hours"),
        (HARVEST.encode(), 1, None, None, "a header and no rows"),
        (a_file(HARVEST, "2027-13-03,A,P,,D,x,1,Yes,J,R"), 2, "Date", "2027-13-03", "not a date"),
        (a_file(HARVEST, "2027-02-30,A,P,,D,x,1,Yes,J,R"), 2, "Date", "2027-02-30", "not a date"),
        (
            a_file(HARVEST, "2027-06-03,A,P,,D,x,lots,Yes,J,R"),
            2,
            "Hours",
            "lots",
            "not a duration, like 1:30 or 1.5",
        ),
        (
            a_file(HARVEST, "2027-06-03,A,P,,D,x,5000,Yes,J,R"),
            2,
            "Hours",
            "5000",
            "more than 1,000 hours",
        ),
        (
            a_file(HARVEST, f"2027-06-03,A,P,,D,{'x' * 200_000},1,Yes,J,R"),
            2,
            None,
            None,
            "longer than 100,000",
        ),
    ],
    ids=[
        "empty",
        "blank",
        "zip",
        "binary",
        "large",
        "unknown",
        "header",
        "month 13",
        "30 February",
        "text",
        "absurd",
        "long cell",
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    content, line, column, value, reason
) -> None:
    with pytest.raises(Refusal) as refusal:
        parse(content, "x.csv", {})
    assert reason in refusal.value.reason
    assert (refusal.value.line, refusal.value.column, refusal.value.value) == (line, column, value)


def test_days_of_more_than_24_hours_and_days_to_come_are_flagged() -> None:
    rows = [
        "2027-06-03,Acme,P,,D,x,14,Yes,Jo,R",
        "2027-06-03,Acme,P,,D,y,12,Yes,Jo,R",
        "2027-06-03,Acme,P,,D,y,12,Yes,Mia,R",
    ]
    rows += ["2027-06-30,Acme,P,,D,soon,1,Yes,Jo,R", "2099-06-03,Acme,P,,D,typo,1,Yes,Jo,R"]
    parsed = parse(a_file(HARVEST, *rows), "x.csv", {}, today=date(2027, 6, 22))
    assert len(parsed.lines) == 5
    assert [(note.line, note.why) for note in parsed.flags] == [
        (2, "26:00 on 2027-06-03 for one person: more than a day has"),
        (5, "2027-06-30 is still to come: planned until then, not used"),
        (6, "2099-06-03 is far in the future: is the year right?"),
    ]


def test_a_running_timer_is_no_entry() -> None:
    rows = "Start date,Start time,End date,End time,Duration,Description\n2027-06-03,09:00:00,,,,x\n2027-06-04,23:30:00,2027-06-05,00:15:00,,y\n"
    parsed = parse(rows.encode(), "x.csv", {})
    assert [(line.on.day, line.seconds) for line in parsed.lines] == [(4, 2700)]
    assert [(note.line, note.why) for note in parsed.no_entries] == [
        (2, "no duration and no end: still running")
    ]


def test_a_total_among_the_rows_is_found_by_its_sum() -> None:
    rows = [
        "2027-06-03,Acme,1,x",
        "2027-06-03,Acme,2,y",
        "2027-06-03,Total,3,",
        "2027-06-03,Total,5,",
    ]
    parsed = parse(a_file("Date,Client,Hours,Notes", *rows), "x.csv", {})
    assert parsed.seconds == 8 * 3600
    assert [note.line for note in parsed.no_entries] == [4]
    assert "reads like a total, but is not the sum" in parsed.flags[0].why


def test_too_many_rows_are_refused_while_reading() -> None:
    with pytest.raises(Refusal, match="more than 200,000 rows"):
        read_text(b"a,b\n" * 200_010)


def test_rows_that_cannot_be_read_may_be_left_out_by_choice() -> None:
    content = a_file(HARVEST, "2027-13-03,A,P,,D,x,1,Yes,J,R", "2027-06-03,A,P,,D,x,1,Yes,J,R")
    parsed = parse(content, "x.csv", {"unreadable": "leave_out"})
    assert (parsed.seconds, parsed.no_entries[0].line) == (3600, 2)
    assert "left out by choice" in parsed.no_entries[0].why


@given(
    st.binary(max_size=400)
    | st.text(max_size=400).map(str.encode)
    | st.lists(st.text(alphabet="0123456789:/-.,;\"'ab\n", max_size=30), max_size=8).map(
        lambda rows: a_file(HARVEST, *rows)
    )
)
def test_reading_raises_nothing_but_its_refusals(content: bytes) -> None:
    try:
        parsed = parse(content, "x.csv", {})
    except (Refusal, Open) as refusal:
        assert str(refusal)
    else:
        assert parsed.seconds >= 0
