"""An hour is an hour, also in the nights the clocks change, whichever way it comes in."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from hourtab.api.services import make_key
from hourtab.core.amounts import HOUR
from hourtab.core.amounts import parse as amount
from hourtab.imports.models import Import
from hourtab.imports.reading.clocks import Clock, Zone
from hourtab.imports.reading.parsing import parse
from hourtab.ledger.models import Revision
from tests.builders import TOGGL, a_retainer
from tests.imports.files import CLOCK, DAY, MOMENT, calendar, sheet, workbook

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")

NIGHTS = [
    pytest.param("2027-03-14", "01:30", "03:30", 1, id="forward"),
    pytest.param("2027-11-07", "00:30", "02:30", 3, id="back"),
    pytest.param("2027-03-14", "09:00", "11:00", 2, id="the same day, later"),
    pytest.param("2027-03-13", "22:00", "04:00", 5, id="forward, over midnight"),
    pytest.param("2027-11-06", "22:00", "04:00", 7, id="back, over midnight"),
    pytest.param("2027-06-01", "22:00", "04:00", 6, id="no change"),
]
INSTANTS = [
    pytest.param("2027-03-14T05:30:00Z", "2027-03-14T07:30:00Z", id="forward"),
    pytest.param("2027-11-07T04:30:00Z", "2027-11-07T06:30:00Z", id="back"),
    pytest.param("2027-11-07T00:30:00-04:00", "2027-11-07T01:30:00-05:00", id="by offsets"),
]


def read(content: bytes, name: str = "x.csv", zone: ZoneInfo = NEW_YORK):
    return parse(content, name, {}, zone=zone, today=date(2028, 1, 1))


def seconds_of(content: bytes, name: str = "x.csv", zone: ZoneInfo = NEW_YORK) -> list[int]:
    return [line.seconds for line in read(content, name, zone).lines]


def clocks(day: str, start: str, end: str, more: str = "") -> bytes:
    heading, cell = (",Duration", f",{more}") if more else ("", "")
    return f"Date,Client,Start,End,Notes{heading}\n{day},Acme,{start},{end},Call{cell}\n".encode()


@pytest.mark.parametrize(("day", "start", "end", "hours"), NIGHTS)
def test_clocks_of_a_csv_are_subtracted_in_the_zone(day, start, end, hours) -> None:
    assert seconds_of(clocks(day, start, end)) == [hours * HOUR]


@pytest.mark.parametrize(("day", "start", "end", "hours"), NIGHTS)
def test_a_right_duration_beside_is_no_contradiction(day, start, end, hours) -> None:
    parsed = read(clocks(day, start, end, f"{hours}:00"))
    assert ([line.seconds for line in parsed.lines], parsed.flags) == ([hours * HOUR], [])


def test_a_duration_by_the_hands_alone_is_a_contradiction_and_is_taken() -> None:
    parsed = read(clocks("2027-03-14", "01:30", "03:30", "2:00"))
    assert [line.seconds for line in parsed.lines] == [2 * HOUR]
    assert "lasts 1:00 by start and end, but says 2:00" in parsed.flags[0].why


@pytest.mark.parametrize(("start", "end"), INSTANTS)
def test_instants_are_subtracted_as_instants(start, end) -> None:
    alone = f"Client,Start,End,Notes\nAcme,{start},{end},Call\n".encode()
    beside = f"Client,Start,End,Duration,Notes\nAcme,{start},{end},2:00,Call\n".encode()
    assert seconds_of(alone) == [2 * HOUR]
    assert read(beside).flags == []


def test_times_that_name_their_offset_are_subtracted_as_they_say() -> None:
    assert seconds_of(clocks("2027-03-14", "01:30Z", "03:30Z")) == [2 * HOUR]
    assert seconds_of(clocks("2027-11-07", "01:30-04:00", "01:30-05:00")) == [HOUR]


@pytest.mark.parametrize(("day", "start", "end", "hours"), NIGHTS)
def test_a_pause_is_taken_from_the_time_that_passed(day, start, end, hours) -> None:
    content = f"Date,Client,Start,End,Break,Notes\n{day},Acme,{start},{end},0:30,Call\n".encode()
    assert seconds_of(content) == [hours * HOUR - HOUR // 2]


def test_bare_numbers_are_told_by_the_time_that_passed() -> None:
    content = b"Date,Client,Start,End,Duration,Notes\n2027-03-14,Acme,01:30,03:30,60,Call\n"
    assert seconds_of(content) == [HOUR]


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "hours"),
    [(BERLIN, "2027-03-28", "01:30", "03:30", 1), (BERLIN, "2027-10-31", "01:30", "03:30", 3)],
)
def test_each_zone_has_nights_of_its_own(zone, day, start, end, hours) -> None:
    assert seconds_of(clocks(day, start, end), zone=zone) == [hours * HOUR]
    assert seconds_of(clocks(day, start, end), zone=NEW_YORK) == [2 * HOUR]


def test_a_tracker_with_an_end_date_of_its_own_counts_the_hour_that_comes_twice() -> None:
    row = "Mara,m@x.example,Acme,P,,Night,Yes,2027-11-06,23:00:00,2027-11-07,03:00:00,05:00:00,,"
    parsed = read(f"{TOGGL}\n{row}\n".encode())
    assert ([line.seconds for line in parsed.lines], parsed.flags) == ([5 * HOUR], [])


def test_a_clock_that_comes_twice_is_taken_the_first_time_and_named() -> None:
    parsed = read(clocks("2027-11-07", "01:30", "03:00"))
    assert [line.seconds for line in parsed.lines] == [amount("2:30")]
    assert "2:30 is taken, it could be 1:30" in parsed.flags[0].why
    for said in ("2:30", "1:30"):
        assert read(clocks("2027-11-07", "01:30", "03:00", said)).flags == []


def test_an_end_before_its_start_lies_in_the_second_hour_and_not_on_the_next_day() -> None:
    assert seconds_of(clocks("2027-11-07", "01:45", "01:15")) == [HOUR // 2]


def test_a_clock_that_never_was_is_counted_as_it_stands_and_named() -> None:
    parsed = read(clocks("2027-03-14", "02:15", "03:15"))
    assert [line.seconds for line in parsed.lines] == [HOUR]
    assert "there is no 02:15 on 2027-03-14" in parsed.flags[0].why


@pytest.mark.parametrize(("day", "start", "end", "hours"), NIGHTS)
def test_cells_of_a_workbook_are_subtracted_in_the_zone(day, start, end, hours) -> None:
    serial = date.fromisoformat(day).toordinal() - date(1899, 12, 30).toordinal()
    first, last = (amount(text) / (24 * HOUR) for text in (start, end))
    header = ("Date", "Client", "Start", "End", "Notes")
    row = ((serial, DAY), "Acme", (first, CLOCK), (last, CLOCK), "Call")
    assert seconds_of(workbook(sheet([header, row])), "x.xlsx") == [hours * HOUR]
    whole = ("Acme", (serial + first, MOMENT), (serial + last + (last < first), MOMENT), "Call")
    found = seconds_of(workbook(sheet([("Client", "Start", "End", "Notes"), whole])), "x.xlsx")
    assert found == [hours * HOUR]


@pytest.mark.parametrize(("day", "start", "end", "hours"), NIGHTS)
@pytest.mark.parametrize("named", [True, False], ids=["in a zone", "in no zone"])
def test_an_appointment_lasts_as_long_as_it_did(day, start, end, hours, named) -> None:
    until = date.fromisoformat(day).toordinal() + (end < start)
    zone = ";TZID=America/New_York" if named else ""
    begins, ends = (
        f"{on:%Y%m%d}T{at.replace(':', '')}00"
        for on, at in ((date.fromisoformat(day), start), (date.fromordinal(until), end))
    )
    event = f"UID:1\nDTSTART{zone}:{begins}\nDTEND{zone}:{ends}\nSUMMARY:Acme"
    parsed = read(calendar(event), "x.ics")
    assert ([line.seconds for line in parsed.lines], parsed.flags) == ([hours * HOUR], [])


@pytest.mark.parametrize(
    ("starts", "ends"),
    [("20270314T053000Z", "20270314T073000Z"), ("20271107T043000Z", "20271107T063000Z")],
)
def test_an_appointment_in_utc_lasts_as_long_as_it_says(starts, ends) -> None:
    parsed = read(calendar(f"UID:1\nDTSTART:{starts}\nDTEND:{ends}\nSUMMARY:Acme"), "x.ics")
    assert ([line.seconds for line in parsed.lines], parsed.flags) == ([2 * HOUR], [])


def test_every_repetition_of_an_appointment_lasts_the_same() -> None:
    zone = ";TZID=America/New_York"
    for first in ("20270312", "20271105"):
        event = (
            f"UID:1\nDTSTART{zone}:{first}T023000\nDTEND{zone}:{first}T033000\n"
            "RRULE:FREQ=DAILY;COUNT=4\nSUMMARY:Acme"
        )
        parsed = read(calendar(event), "x.ics")
        assert ([line.seconds for line in parsed.lines], parsed.flags) == ([HOUR] * 4, [])


def test_a_day_is_as_long_as_its_clocks_make_it() -> None:
    zone = Zone(NEW_YORK)
    days = [date(2027, 3, 14), date(2027, 11, 7), date(2027, 6, 1)]
    assert [zone.seconds_of(day) // HOUR for day in days] == [23, 25, 24]
    flags = {
        hours: read(clocks("2027-11-07", "00:00", "", hours)).flags for hours in ("25:00", "25:30")
    }
    assert flags["25:00"] == []
    assert "more than a day has" in flags["25:30"][0].why
    assert "more than a day has" in read(clocks("2027-03-14", "00:00", "", "23:30")).flags[0].why


def test_days_that_lie_far_apart_are_counted_through_utc_too() -> None:
    noon = time(12)
    span = Zone(NEW_YORK).between(Clock(date(2027, 3, 1), noon), Clock(date(2027, 6, 1), noon))
    assert span is not None
    assert span.seconds == 92 * 24 * HOUR - HOUR


@pytest.fixture
def eastbound(northlight):
    """A retainer whose zone is New York, in a workspace whose zone is UTC."""
    return a_retainer(northlight, starts="2027-01-01", zone="America/New_York")


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "start", "end", "hours"), NIGHTS)
def test_a_program_brings_in_the_time_that_passed(
    day, start, end, hours, eastbound, ben, carl
) -> None:
    key = make_key(ben.member, "Laptop", ("import",), timedelta(days=30), now=timezone.now())[1]
    fields = {
        "file": SimpleUploadedFile("night.csv", clocks(day, start, end)),
        "retainer": eastbound.ref,
        "answer": "late=take",
    }
    answer = carl.post("/api/v1/imports", fields, headers={"authorization": f"Bearer {key}"})
    assert (answer.status_code, Revision.objects.get().amount) == (200, hours * HOUR)


@pytest.mark.django_db
def test_a_pasted_file_stores_the_time_that_passed(eastbound, ben) -> None:
    rows = clocks("2027-03-14", "01:30", "03:30").decode()
    ben.post(f"/retainers/{eastbound.ref}/import", {"text": rows})
    draft = Import.objects.get()
    shown = ben.get(f"/imports/{draft.ref}/").context["shown"]
    ben.post(f"/imports/{draft.ref}/apply", {"fingerprint": shown["fingerprint"]})
    assert Revision.objects.get().amount == HOUR
