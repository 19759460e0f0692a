"""Single cells: days, times, durations and numbers, in the notations tools write."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hourtab.imports.errors import Open
from hourtab.imports.matching.redaction import Redaction
from hourtab.imports.reading import durations, values
from hourtab.imports.reading.values import Moment, Spoken

BERLIN = ZoneInfo("Europe/Berlin")
MARCH = (date(2027, 3, 1), date(2027, 3, 7))


@pytest.mark.parametrize(
    ("cell", "order", "moment"),
    [
        ("2027-03-04", None, Moment(date(2027, 3, 4))),
        ("2027/3/4", None, Moment(date(2027, 3, 4))),
        ("20270304", None, Moment(date(2027, 3, 4))),
        ("2016-8-1 14:33", None, Moment(date(2016, 8, 1), time(14, 33))),
        ("04.03.27", "dmy", Moment(date(2027, 3, 4))),
        ("4. 3. 2027", "dmy", Moment(date(2027, 3, 4))),
        ("3/4/2027 9:05:07 PM", "mdy", Moment(date(2027, 3, 4), time(21, 5, 7))),
        ("Mar 4, 2027", None, Moment(date(2027, 3, 4))),
        ("Thu, Mar 4, 2027", None, Moment(date(2027, 3, 4))),
        ("4 mars 2027", None, Moment(date(2027, 3, 4))),
        ("Do, 4. März 2027 14:05 Uhr", None, Moment(date(2027, 3, 4), time(14, 5))),
        ("4 de marzo de 2027", None, Moment(date(2027, 3, 4))),
        ("04-Mar-27", None, Moment(date(2027, 3, 4))),
        ("2027-03-04T23:30:00Z", None, Moment(date(2027, 3, 5), time(0, 30), timedelta(hours=1))),
        (
            "2027-03-04T23:30:00+05:30",
            None,
            Moment(date(2027, 3, 4), time(19, 0), timedelta(hours=1)),
        ),
        ("2027-02-30", None, None),
        ("31/02/2027", "dmy", None),
        ("soon", None, None),
        ("1027-03-04", None, None),
        ("2027-03-04 and more", None, None),
    ],
)
def test_days_and_moments(cell, order, moment) -> None:
    assert values.read_moment(cell, order, BERLIN) == moment


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2027-03-02", date(2027, 3, 2)),
        ("Tue, Mar 2", date(2027, 3, 2)),
        ("Mar 2", date(2027, 3, 2)),
        ("02.03.", date(2027, 3, 2)),
        ("Tuesday", date(2027, 3, 2)),
        ("Mon, Mar 2", None),
        ("Mar 20", None),
        ("Total", None),
    ],
)
def test_headings_of_days(cell, day) -> None:
    assert values.read_day_of(cell, None, MARCH) == day


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("01:30:00", 5400),
        ("1:30", 5400),
        ("166:36", 599_760),
        ("0:00:29.5", 30),
        ("1 day, 6:00:00", 108_000),
        ("1:5", None),
        ("1:60", None),
    ],
)
def test_clocks(cell, seconds) -> None:
    assert durations.read_clock(cell) == seconds


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("1h 30m", 5400),
        ("1h30", 5400),
        ("1,5 Std.", 5400),
        ("45 min", 2700),
        ("90m", 5400),
        ("1 hour 30 minutes", 5400),
        ("PT1H30M", 5400),
        ("1.5h", 5400),
        ("2 heures 15 min", 8100),
        ("30s", 30),
        ("47:06 min", 2826),
        ("3 days", None),
        ("h", None),
        ("", None),
        ("1h -5m", None),
    ],
)
def test_durations_with_units(cell, seconds) -> None:
    assert durations.read_units(cell, "," if "," in cell else ".") == seconds


@pytest.mark.parametrize(
    ("cell", "mark", "seconds"),
    [
        ("1.33", ".", 4788),
        ("1,33", ",", 4788),
        (".5", ".", 1800),
        ("1,000.5", ".", 3_601_800),
        ("1.000,5", ",", 3_601_800),
        ("1.5", ",", None),
        ("1e3", ".", None),
    ],
)
def test_numbers_of_hours(cell, mark, seconds) -> None:
    assert durations.read_number(cell, mark, 3600) == seconds


@pytest.mark.parametrize(
    ("cells", "hints", "name", "order"),
    [
        ([Spoken(2, "03/04/2027"), Spoken(3, "13/04/2027")], [], "x", "dmy"),
        ([Spoken(2, "03/04/2027"), Spoken(3, "04/13/2027")], [], "x", "mdy"),
        ([Spoken(2, "03.04.2027")], [], "x", "dmy"),
        ([Spoken(2, "03/04/2027", "Saturday")], [], "x", "dmy"),
        ([Spoken(2, "03/04/2027", "Donnerstag")], [], "x", "mdy"),
        ([Spoken(2, "Sat 03/04/2027")], [], "x", "dmy"),
        ([Spoken(2, "03/04/2027")], ["From 01/04/2027 to 30/04/2027"], "x", "dmy"),
        ([Spoken(2, "03/04/2027")], [], "Report_04_01_2027-04_30_2027.csv", "mdy"),
        ([Spoken(2, "05/05/2027")], [], "x", None),
        ([Spoken(2, "2027-04-03")], [], "x", None),
    ],
)
def test_the_order_of_dates_is_decided_by_evidence(cells, hints, name, order) -> None:
    assert values.date_order(cells, hints, name, None) == order
    assert values.date_order(cells, hints, name, "mdy" if order == "dmy" else "dmy") == order


def test_what_stays_open_is_asked() -> None:
    with pytest.raises(Open) as asked:
        values.date_order([Spoken(7, "03/04/2027")], [], "x", None)
    assert (asked.value.question.key, asked.value.question.line) == ("date_order", 7)
    with pytest.raises(Open) as asked:
        durations.decimal_mark([(4, "1.125")], None)
    assert (asked.value.question.key, asked.value.question.line) == ("decimal", 4)
    assert durations.decimal_mark([(4, "1.125")], "point") == "."


@pytest.mark.parametrize(
    "text",
    [
        "Write to jo.doe+x@mail.acme.example",
        "Call +49 170 1234567",
        "Call 0049-170-1234567",
        "Call (030) 1234567",
        "Call 555-123-4567",
        "Rang 030/1234567",
        "https://jo:secret@acme.example/x",
        "https://acme.example/?token=abc123",
        "Password: hunter2",
        "passwort = geheim",
        "the falcon plan",
    ],
)
def test_texts_that_want_a_look(text) -> None:
    assert Redaction(["Falcon"]).why(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ticket T20260112.0024",
        "2027-06-01 09:30-10:45",
        "Invoice 2027-000123",
        "IP 192.168.100.200",
        "1,234,567.00 EUR",
        "ISBN 978-3-16-148410-0",
        "v1.2.3-456",
        "Meet @jo at 9:30",
        "https://acme.example/path?page=2",
        "Password reset for three users",
        "Order 4500123456",
        "falconry",
        "a = b + c",
        "2027/06/01 1000000",
    ],
)
def test_texts_that_do_not(text) -> None:
    assert Redaction(["Falcon"]).why(text) == ""
