"""Kinds of files: encodings, delimiters, workbooks, calendars; and what is none of them."""

import io
import struct
import zipfile
from datetime import UTC, date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hourtab.imports.errors import Open, Refusal
from hourtab.imports.reading.parsing import parse
from tests.imports.files import (
    CLOCK,
    DAY,
    HUNDREDTHS,
    LONG_CLOCK,
    MOMENT,
    calendar,
    sheet,
    workbook,
)

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2027, 7, 1)
JUNE_3 = 46541  # 2027-06-03 as a spreadsheet counts days


def said(content: bytes, name: str = "x", **answers: str):
    return parse(content, name, answers, zone=BERLIN, today=TODAY)


def test_a_workbook_is_read_with_its_dates_clocks_formulas_and_fractions() -> None:
    content = workbook(
        sheet(
            [
                ["Our report"],
                ["Date", "Start", "Duration", "Client", "Description"],
                [(JUNE_3, DAY), (0.375, CLOCK), (0.0625, LONG_CLOCK), "Acme", "Call "],
                [
                    (JUNE_3 + 1, DAY),
                    (0.5, CLOCK),
                    (1.25, LONG_CLOCK),
                    "Acme",
                    ("Sum", 0, "A1&amp;B1"),
                ],
                [(JUNE_3 + 2, DAY), None, (1.25, CLOCK), "Acme", "Above a day"],
                [None, None, (2.5625, LONG_CLOCK), "Acme", None],
            ]
        )
    )
    parsed = said(content)
    assert [
        (line.line, line.on, line.started, line.seconds, line.description) for line in parsed.lines
    ] == [
        (3, date(2027, 6, 3), time(9), 5400, "Call "),
        (4, date(2027, 6, 4), time(12), 108_000, "Sum"),
        (5, date(2027, 6, 5), None, 108_000, "Above a day"),
    ]
    assert [(note.line, note.why) for note in parsed.no_entries] == [
        (6, "no date: a total or subtotal, not an entry")
    ]


def test_numbers_of_a_workbook_are_never_taken_for_thousands() -> None:
    content = workbook(
        sheet(
            [
                ["Date", "Hours", "Note"],
                [(JUNE_3, MOMENT), (1.125, HUNDREDTHS), "x"],
                [(JUNE_3 + 0.375, MOMENT), 2, "y"],
            ]
        )
    )
    parsed = said(content)
    assert [(line.seconds, line.started) for line in parsed.lines] == [
        (4050, None),
        (7200, time(9)),
    ]


def test_days_at_midnight_say_nothing_about_the_start() -> None:
    content = workbook(sheet([["Date", "Hours"], [(JUNE_3, MOMENT), 1], [(JUNE_3 + 1, MOMENT), 2]]))
    assert [line.started for line in said(content).lines] == [None, None]
    assert said(b"Date,Hours\n2027-06-03 00:00:00,1\n").lines[0].started is None


def test_fractions_of_a_day_without_a_format_are_told_by_start_and_end_or_asked_for() -> None:
    rows = [
        ["Start", "End", "Duration"],
        [(JUNE_3 + 0.375, MOMENT), (JUNE_3 + 0.4375, MOMENT), 0.0625],
    ]
    assert said(workbook(sheet(rows))).seconds == 5400
    with pytest.raises(Open) as asked:
        said(workbook(sheet([["Date", "Duration"], [(JUNE_3, DAY), 0.052083333333]])))
    assert (asked.value.question.key, "days" in asked.value.question.options) == ("unit", True)
    assert (
        said(
            workbook(sheet([["Date", "Duration"], [(JUNE_3, DAY), 0.052083333333]])), unit="days"
        ).seconds
        == 4500
    )


def test_of_several_sheets_the_one_with_hours_is_read_and_of_two_one_is_asked_for() -> None:
    hours = sheet([["Date", "Hours"], [(JUNE_3, DAY), 1]])
    notes = sheet([["About this file"], ["Nothing here"]])
    assert said(workbook(notes, hours)).seconds == 3600
    assert said(workbook(hours, hours, hidden=[0])).seconds == 3600
    with pytest.raises(Open) as asked:
        said(workbook(hours, hours, names=["May", "June"]))
    assert (asked.value.question.key, asked.value.question.options) == ("sheet", ("May", "June"))
    assert said(workbook(hours, hours, names=["May", "June"]), sheet="June").layout.sheet == "June"


def a_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (300 * 1024 * 1024))
    return out.getvalue()


def a_lying_bomb() -> bytes:
    """A bomb whose directory says that it is small."""
    content = bytearray(a_bomb())
    true = struct.pack("<I", 300 * 1024 * 1024)
    return bytes(content.replace(true, struct.pack("<I", 10)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (a_bomb(), "unpacks to more than"),
        (a_lying_bomb(), "unpacks to more than"),
        (
            workbook(
                '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
            ),
            "spans too many cells",
        ),
        (
            workbook(sheet([["Date", "Hours", "Note"], [(JUNE_3, DAY), 1, "x" * 120_000]])),
            "longer than 100,000",
        ),
        (workbook(sheet([[]])), "empty"),
        (workbook(sheet([["Date", "Hours"]])), "a header and no rows"),
        (workbook(sheet([["Date", "Hours"], [(JUNE_3, DAY), 1]]))[:-200], "cannot be read"),
        (b"PK\x03\x04 and nothing else", "cannot be read"),
        (b"PK\x05\x06" + b"\0" * 18, "not a text file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook", "not a text file"),
        (b"%PDF-1.7", "not a text file"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "no appointments"),
        (
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:nonsense\nEND:VEVENT\nEND:VCALENDAR\n",
            "cannot be read",
        ),
        (
            "Date,Hours,Note\n2027-06-03,1,Öl\n2027-06-03,1,Öl".encode() + b"\xff,x\n",
            "UTF-8 up to here",
        ),
        (b"Date,Hours,Note\n2027-06-03,1,\x81\n", "neither UTF-8 nor Windows-1252"),
        (b'Date,Hours,Note\n2027-06-03,1,"open\n2027-06-04,1,x\n', "never closed"),
        (b'Date,Hours,Note\n2027-06-03,1,"open\n2027-06-04,1,"x"\n', "not closed as it should be"),
        (b"Date,Hours,Note\n2027-06-03,1,a, b\n", "4 cells, the header has 3"),
        (b"Project,Hours\nP,3\n", "a summary: it has hours and no days"),
        (b"Client,Note\nA,b\n", "no column holds days"),
        (b"2027-06-03\t1.5\tCall\n2027-06-04\t2\tNotes\n", "No row says what the columns are"),
        (b"Date,Note\n2027-06-03,b\n", "No column holds a duration"),
        (b"Project,Mon,Tue,Wed,Thu,Fri\nP,1,2,,,\n", "does not say which day it is"),
        (b"Date,Hours\n05/13/2027,1\n13/05/2027,1\n", "not a date"),
    ],
    ids=[
        "bomb",
        "lying bomb",
        "wide sheet",
        "long cell",
        "empty sheet",
        "header",
        "cut off",
        "no zip",
        "empty zip",
        "xls",
        "pdf",
        "no events",
        "broken event",
        "broken utf-8",
        "no encoding",
        "open quote",
        "swallowing quote",
        "unquoted comma",
        "summary",
        "no days",
        "no header",
        "no duration",
        "weekdays",
        "both orders",
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(content, reason) -> None:
    with pytest.raises(Refusal) as refusal:
        said(content)
    assert reason in refusal.value.reason


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_delimiter_and_line_end(encoding, delimiter, end) -> None:
    rows = ["Date|Hours|Note", '2027-06-03|1.50|"Größe, Preis; Ziel"', "2027-06-04|2.25|Café"]
    text = end.join(row.replace("|", delimiter) for row in rows) + end
    parsed = said(text.encode(encoding))
    assert (parsed.seconds, [line.description for line in parsed.lines]) == (
        13_500,
        ["Größe, Preis; Ziel", "Café"],
    )


def test_a_mark_before_a_quoted_header_a_sep_line_preamble_and_line_breaks_in_cells() -> None:
    text = '\ufeff"Date";"Hours";"Note"\n"2027-06-03";"1,5";"One\nline, ""two"""\n2027-06-04;2\n'
    parsed = said(text.encode())
    assert [(line.line, line.seconds, line.description) for line in parsed.lines] == [
        (2, 5400, 'One\nline, "two"'),
        (4, 7200, ""),
    ]
    assert said(b"sep=;\r\nDate;Hours\r\n2027-06-03;1,5\r\n").lines[0].line == 3
    preamble = b"Report for Acme, Inc.\nFrom 01/06/2027 to 30/06/2027\n\nDate,Client,Hours\n03/06/2027,Acme,1.5\n"
    parsed = said(preamble)
    assert (parsed.lines[0].line, parsed.lines[0].on, parsed.stated) == (
        5,
        date(2027, 6, 3),
        (date(2027, 6, 1), date(2027, 6, 30)),
    )


def test_a_row_of_a_table_is_never_taken_for_a_header_of_days() -> None:
    with pytest.raises(Open) as asked:
        said(b"Wann;Kunde;Dauer;Thema\n03/06/2027;Acme;1:30;Anruf\n05/06/2027;Acme;0:45;Notiz\n")
    assert asked.value.question.key == "column.date"


def test_a_calendar_is_read_with_its_repetitions_and_exceptions() -> None:
    parsed = said(
        calendar(
            "UID:a\nDTSTART:20270603T070000Z\nDTEND:20270603T083000Z\nSUMMARY:Acme: session 3\nCATEGORIES:Coaching,Acme",
            "UID:b\nDTSTART;TZID=Europe/Berlin:20270607T100000\nDURATION:PT1H\nSUMMARY:Weekly\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5\nEXDATE;TZID=Europe/Berlin:20270614T100000",
            "UID:b\nRECURRENCE-ID;TZID=Europe/Berlin:20270621T100000\nDTSTART;TZID=Europe/Berlin:20270622T150000\nDTEND;TZID=Europe/Berlin:20270622T163000\nSUMMARY:Weekly, moved",
            "UID:c\nDTSTART;VALUE=DATE:20270610\nSUMMARY:Holiday",
            "UID:d\nDTSTART:20270611T070000Z\nDTEND:20270611T080000Z\nSTATUS:CANCELLED\nSUMMARY:Gone",
            "UID:e\nDTSTART:20270801T070000Z\nDTEND:20270801T080000Z\nSUMMARY:Next month",
            "UID:f\nDTSTART:20270612T070000Z\nDTEND:20270612T080000Z\nRRULE:FREQ=HOURLY\nSUMMARY:Odd",
        ),
        "sessions.ics",
    )
    assert [
        (line.on.isoformat(), f"{line.started:%H:%M}", line.seconds, line.description)
        for line in parsed.lines
    ] == [
        ("2027-06-03", "09:00", 5400, "Acme: session 3"),
        ("2027-06-07", "10:00", 3600, "Weekly"),
        ("2027-06-28", "10:00", 3600, "Weekly"),
        ("2027-06-22", "15:00", 5400, "Weekly, moved"),
    ]
    assert (
        parsed.tool.key,
        parsed.lines[0].tags,
        parsed.lines[0].project,
        parsed.lines[0].ref,
    ) == (
        "calendar",
        "Coaching, Acme",
        "Sessions",
        "a",
    )
    assert [note.why for note in parsed.no_entries] == [
        "a whole day, not an appointment",
        "cancelled",
        "not over yet",
        "repeats in a way that is not read; enter these by hand",
    ]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;INTERVAL=2;COUNT=3", ["06-01", "06-03", "06-05"]),
        ("FREQ=DAILY;UNTIL=20270603T235959Z", ["06-01", "06-02", "06-03"]),
        ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=4", ["06-01", "06-03", "06-08", "06-10"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["06-01", "06-15", "06-29"]),
        ("FREQ=MONTHLY;BYDAY=1TU", ["06-01"]),
        ("FREQ=YEARLY", ["06-01"]),
    ],
)
def test_repetitions_are_those_of_the_calendar(rule, days) -> None:
    parsed = said(
        calendar(
            f"UID:a\nDTSTART:20270601T070000Z\nDTEND:20270601T080000Z\nSUMMARY:x\nRRULE:{rule}"
        ),
        "x.ics",
    )
    assert [f"{line.on:%m-%d}" for line in parsed.lines] == days


def test_monthly_repetitions_leave_out_months_without_the_day() -> None:
    event = "UID:a\nDTSTART:20270131T070000Z\nDTEND:20270131T080000Z\nSUMMARY:x\nRRULE:FREQ=MONTHLY"
    assert [f"{line.on:%m-%d}" for line in said(calendar(event), "x.ics").lines] == [
        "01-31",
        "03-31",
        "05-31",
    ]
    last = event.replace("FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=-1FR")
    assert [f"{line.on:%m-%d}" for line in said(calendar(last), "x.ics").lines][1:] == [
        "02-26",
        "03-26",
        "04-30",
        "05-28",
        "06-25",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "2027-06-03T09:00:00+99:99",
        "PT" + "9" * 5000 + "H",
        "9" * 50_000,
        "1e999",
        "٣:٠٠",
        "0:" + "0" * 99,
        "." * 90_000,
        "1:30:00.5:1",
    ],
)
@pytest.mark.parametrize("column", ["Date", "Start", "Duration", "Hours"])
def test_a_monstrous_cell_is_refused_by_name(cell, column) -> None:
    row = {"Date": "2027-06-03", "Start": "09:00", "Duration": "", "Hours": "1"} | {column: cell}
    with pytest.raises((Refusal, Open)) as stopped:
        said(f"Date,Start,Duration,Hours,Note\n{','.join(row.values())},x\n".encode())
    assert isinstance(stopped.value, Open) or stopped.value.column == column


CELLS = st.sampled_from(
    [
        "2027-06-03",
        "03/06/2027",
        "1:30",
        "1.5",
        "1,5",
        "",
        " ",
        "Total",
        "x",
        "-2",
        '"',
        "=A1",
        "13/13/2027",
        "\u202e",
        "9:00 AM",
        "Mon",
        "99999999999",
        "-",
        "1h 30m",
    ]
)
HEADINGS = st.sampled_from(
    [
        "Date",
        "Start",
        "End",
        "Duration",
        "Hours",
        "Minutes",
        "Client",
        "Notes",
        "Day",
        "Billable Hours",
        "",
        "2027-06-03",
        "Mon",
        "Hours",
    ]
)


@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail),
        st.binary(max_size=200).map(lambda tail: b"\xff\xfe" + tail),
        st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.tuples(
            st.lists(HEADINGS, min_size=1, max_size=6),
            st.lists(st.lists(CELLS, max_size=7), max_size=6),
            st.sampled_from(",;\t|"),
        ).map(
            lambda parts: "\n".join(parts[2].join(row) for row in [parts[0], *parts[1]]).encode()
        ),
        st.text(alphabet="BEGIN:VT\nDSARUL=20270603;,YWF", max_size=120).map(
            lambda text: (
                f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{text}\nEND:VEVENT\nEND:VCALENDAR".encode()
            )
        ),
    )
)
def test_reading_raises_nothing_but_its_refusals_and_questions(content: bytes) -> None:
    try:
        parsed = parse(
            content, "x 03-04-2027.csv", {"unreadable": "leave_out"}, zone=UTC, today=TODAY
        )
    except (Refusal, Open) as stopped:
        assert str(stopped)
    else:
        assert all(line.seconds >= 0 and line.line >= 1 for line in parsed.lines)


WORKBOOK = workbook(sheet([["Date", "Hours"], [(JUNE_3, DAY), 1]]))


@given(
    st.lists(
        st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), min_size=1, max_size=8
    )
)
def test_a_damaged_workbook_is_refused_or_read_and_nothing_else(changes) -> None:
    content = bytearray(WORKBOOK)
    for place, value in changes:
        content[place] = value
    try:
        said(bytes(content))
    except (Refusal, Open) as stopped:
        assert str(stopped)
