"""Small files that would take hours: each is refused, or read, within the time of its bounds."""

import io
import time
import zipfile
from contextlib import suppress
from datetime import date

import pytest

from hourtab.imports.errors import Open, Refusal
from hourtab.imports.reading import patience, spreadsheet
from hourtab.imports.reading.html import LONGEST_NOTE, text_of
from hourtab.imports.reading.parsing import parse, read_sheets
from hourtab.imports.reading.patience import keep_on
from tests.imports.files import calendar, sheet, workbook

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TODAY = date(2027, 6, 22)
NEVER = "FREQ=MONTHLY;BYDAY=5MO,5TU,5WE,5TH,5FR;COUNT=1000000"
A_DAY = [("Date", "Hours", "Client"), ("2027-06-01", 1, "Acme")]


def cells(rows: str) -> str:
    return f'<worksheet xmlns="{NS}"><sheetData>{rows}</sheetData></worksheet>'


def tall(last: int = 1_000_000) -> str:
    """A sheet of three cells that spans two columns down to a row."""
    return cells(
        '<row r="1"><c r="A1" t="str"><v>Date</v></c><c r="B1" t="str"><v>Hours</v></c></row>'
        f'<row r="{last}"><c r="B{last}"><v>1</v></c></row>'
    )


def why(content: bytes, name: str = "x.xlsx") -> str:
    with pytest.raises(Refusal) as refusal:
        parse(content, name, {}, today=TODAY)
    return refusal.value.reason


def event(rule: str, starts: str = "20270104T090000", more: str = "") -> str:
    return f"UID:1\nDTSTART:{starts}\nDURATION:PT1H\nSUMMARY:Acme\nRRULE:{rule}{more}"


def test_the_sheets_of_a_workbook_are_bounded_together() -> None:
    assert len(read_sheets(workbook(tall(), sheet(A_DAY)))) == 2
    assert "spans too many cells" in why(workbook(*[tall()] * 3))


def test_a_workbook_beyond_the_bounds_is_refused_before_a_sheet_is_read(monkeypatch) -> None:
    monkeypatch.delattr(spreadsheet, "CalamineWorkbook")
    assert "spans too many cells" in why(workbook(*[tall()] * 3))


def test_sheets_that_are_hidden_are_not_read_and_not_counted_with_the_others() -> None:
    content = workbook(sheet(A_DAY), *[tall()] * 3, hidden=[1, 2, 3])
    assert len(parse(content, "x.xlsx", {}).lines) == 1


def test_one_part_that_is_many_sheets_counts_as_often() -> None:
    many = workbook(tall(), tall(), tall())
    shared = workbook_of_one_part(3)
    assert len(shared) < len(many)
    assert "spans too many cells" in why(shared)


def workbook_of_one_part(times: int) -> bytes:
    """A workbook whose sheets are all the first part."""
    whole = zipfile.ZipFile(io.BytesIO(workbook(*[tall()] * times)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            text = whole.read(name)
            if name.endswith("workbook.xml.rels"):
                for n in range(2, times + 1):
                    text = text.replace(f"sheet{n}.xml".encode(), b"sheet1.xml")
            if name not in {f"xl/worksheets/sheet{n}.xml" for n in range(2, times + 1)}:
                archive.writestr(name, text)
    return out.getvalue()


def test_cells_that_do_not_say_where_they_are_count_too() -> None:
    wide = '<row r="1048576">' + "<c><v>1</v></c>" * 1000 + "</row>"
    assert "spans too many cells" in why(workbook(cells(wide)))
    assert "spans too many cells" in why(workbook(cells("<row/>" * 5_000 + wide)))


def test_a_long_sheet_within_the_bounds_is_measured_as_it_is(monkeypatch) -> None:
    """Also where a piece that is unpacked ends in the middle of a row."""
    monkeypatch.setattr(spreadsheet, "_PIECE", 100)
    monkeypatch.setattr(spreadsheet, "MOST_CELLS", 3 * 400)
    rows = [A_DAY[0], *[A_DAY[1]] * 399]
    assert len(read_sheets(workbook(sheet(rows)))[0].rows) == 400
    assert "spans too many cells" in why(workbook(sheet([*rows, A_DAY[1]])))


def test_more_than_a_hundred_sheets_are_refused() -> None:
    small = sheet([["x"]])
    assert len(read_sheets(workbook(sheet(A_DAY), *[small] * 99))) == 100
    assert "more than 100 sheets" in why(workbook(sheet(A_DAY), *[small] * 100))


def test_a_repetition_that_never_takes_place_is_counted_by_the_days_it_is_looked_for_on() -> None:
    never = "FREQ=DAILY;BYDAY=SU;INTERVAL=7"
    assert parse(calendar(event(never)), "x.ics", {}, today=TODAY).lines
    rare = event("FREQ=DAILY;BYDAY=SU;INTERVAL=7", starts="19900101T090000")
    many = calendar(*[rare.replace("UID:1", f"UID:{n}") for n in range(90)])
    assert len(parse(many, "x.ics", {}, today=TODAY).lines) == 90
    weekly = event("FREQ=WEEKLY;INTERVAL=2", starts="19900101T090000")
    assert "repeat too often" in why(calendar(*[weekly] * 60), "x.ics")


def test_days_before_1990_are_refused_by_their_line_and_may_be_left_out() -> None:
    old = event("FREQ=MONTHLY;BYDAY=5MO", starts="00020101T090000")
    with pytest.raises(Refusal) as refusal:
        parse(calendar(old, event("FREQ=DAILY;COUNT=2")), "x.ics", {}, today=TODAY)
    assert (refusal.value.value, refusal.value.line) == ("0002-01-01", 5)
    content = calendar(old, event("FREQ=DAILY;COUNT=2"))
    left = parse(content, "x.ics", {"unreadable": "leave_out"}, today=TODAY)
    assert len(left.lines) == 2


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYDAY=9MO,9TU,9WE,9TH,9FR,9SA,9SU",
        "FREQ=MONTHLY;BYDAY=-6MO",
        f"FREQ=MONTHLY;BYMONTHDAY={','.join(['1'] * 41)}",
        f"FREQ=WEEKLY;BYDAY={','.join(['MO'] * 41)}",
    ],
)
def test_repetitions_that_nobody_has_are_named_and_not_read(rule) -> None:
    parsed = parse(calendar(event(rule)), "x.ics", {}, today=TODAY)
    assert (parsed.lines, len(parsed.no_entries)) == ([], 1)
    assert "enter these by hand" in parsed.no_entries[0].why


def test_many_moved_appointments_are_looked_up_and_not_searched_for() -> None:
    moved = [
        f"UID:{n}\nDTSTART:20270104T090000\nDURATION:PT1H\nRECURRENCE-ID:20270104T080000"
        for n in range(3_000)
    ]
    begin = time.thread_time()
    assert len(parse(calendar(*moved), "x.ics", {}, today=TODAY).lines) == 3_000
    assert time.thread_time() - begin < 10


def test_a_very_long_note_is_kept_as_it_is() -> None:
    assert text_of("<p>Call</p><p>Notes</p>") == "Call\nNotes"
    hostile = "<a " * 40_000
    assert text_of(hostile) == hostile
    assert text_of("<p>" + "x" * LONGEST_NOTE) == "<p>" + "x" * LONGEST_NOTE


@pytest.mark.parametrize(
    "heading", ["Date", "Start", "End", "Hours", "Billable", "Notes", "Client"]
)
@pytest.mark.parametrize(
    "text",
    [
        "ab" + " " * 99_000 + "x",
        "9" * 99_000,
        "1:" * 49_000,
        "<a " * 33_000,
        "Mon, " * 19_000 + "1",
        "1,1." * 24_000 + "h",
        "a@" * 49_000,
        "mot de passe " * 7_000,
        "0 1 2 " * 16_000,
    ],
    ids=["spaces", "digits", "colons", "tags", "weekdays", "marks", "addresses", "words", "phones"],
)
def test_a_cell_of_100_000_characters_is_read_or_refused_at_once(heading, text) -> None:
    headings = {"Date": "2027-06-01", "Start": "09:00", "End": "10:00", "Hours": "1"}
    headings |= {"Billable": "yes", "Notes": "Call", "Client": "Acme"} | {heading: text}
    quoted = (f'"{cell}"' for cell in headings.values())
    content = f"{','.join(headings)}\n{','.join(quoted)}\n".encode()
    begin = time.thread_time()
    with suppress(Refusal, Open):
        parse(content, "x.csv", {}, today=TODAY)
    assert time.thread_time() - begin < 5


def test_a_file_that_takes_too_long_is_refused() -> None:
    keep_on()
    with patience.patience(0), pytest.raises(Refusal, match="too long to read"):
        keep_on()
    keep_on()


def test_every_reader_asks_whether_it_may_keep_on() -> None:
    rows = "".join(f"2027-06-01,1,Acme {n}\n" for n in range(2_000))
    for content, name in (
        (b"Date,Hours,Client\n" + rows.encode(), "x.csv"),
        (workbook(sheet(A_DAY)), "x.xlsx"),
        (calendar(event("FREQ=DAILY")), "x.ics"),
    ):
        with patience.patience(0):
            assert "too long to read" in why(content, name)
