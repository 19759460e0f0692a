"""From an iCalendar file to rows: each appointment that is over is a row, each repetition too.

What is expanded is what calendars of sessions use (daily, weekly, monthly, yearly, with their
exceptions); other repetitions are named and left out. Whole days and cancelled appointments are no
work.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from hourtab.core.amounts import clock
from hourtab.imports.errors import Refusal
from hourtab.imports.reading.patience import keep_on
from hourtab.imports.reading.table import (
    LONGEST_CELL,
    MOST_ROWS,
    Row,
    Sheet,
    cell_too_long,
    too_many_rows,
)
from hourtab.imports.reading.values import EARLIEST
from hourtab.lib.text import clean

LARGEST_CALENDAR = 5 * 1024 * 1024
MOST_DAYS = 200_000
"""Days that repetitions are looked for on, in a file."""
MOST_NAMED = 40
MOST_WEEKS = 5
HEADER = [
    "Day",
    "Start",
    "End day",
    "End",
    "Duration",
    "Summary",
    "Categories",
    "Calendar",
    "UID",
    "Not an entry",
]
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNDERSTOOD = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "WKST", "BYMONTH"}


def read_calendar(content: bytes, today: date, zone: tzinfo) -> Sheet:
    """Read an iCalendar file as rows up to `today`, in `zone`. Raises `Refusal` for what cannot be
    read.
    """
    if len(content) > LARGEST_CALENDAR:
        raise Refusal(_("The calendar has more than 5 MB. Export a shorter range."))
    try:
        calendar: Any = Calendar.from_ical(content)
        events: list[Any] = [event for event in calendar.walk("VEVENT") if isinstance(event, Event)]
        moved: dict[str, set[datetime]] = defaultdict(set)
        for event in events:
            if "RECURRENCE-ID" in event:
                uid = str(event.get("UID", ""))
                moved[uid].add(_instant(event["RECURRENCE-ID"].dt, zone))
        name = clean(str(calendar.get("X-WR-CALNAME", "")))
        rows = [Row(1, HEADER)]
        lines = _lines_of_events(content)
        days = _DaysLookedAt()
        for number, event in enumerate(events):
            days.line = line = lines[number] if number < len(lines) else 1
            keep_on(line)
            for cells in _rows_of(event, name, moved, today, zone, days):
                if any(len(cell) > LONGEST_CELL for cell in cells):
                    raise cell_too_long(line)
                rows.append(Row(line, cells))
                if len(rows) > MOST_ROWS + 1:
                    raise too_many_rows(line)
    except Refusal:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        RecursionError,
    ):
        raise Refusal(
            _("This calendar cannot be read. Export it again as an iCalendar (.ics) file.")
        ) from None
    if len(rows) == 1:
        raise Refusal(_("The calendar has no appointments."))
    return Sheet(name, rows)


def _lines_of_events(content: bytes) -> list[int]:
    return [
        n
        for n, line in enumerate(content.splitlines(), 1)
        if line.strip().upper() == b"BEGIN:VEVENT"
    ]


def _rows_of(
    event: Any,
    name: str,
    moved: Mapping[str, Set[datetime]],
    today: date,
    zone: tzinfo,
    days: "_DaysLookedAt",
) -> Iterator[list[str]]:
    """Yield a row for each time an event takes place, up to today."""
    begins = event["DTSTART"].dt
    categories = event.get("CATEGORIES", [])
    groups = categories if isinstance(categories, list) else [categories]
    tags = ", ".join(str(tag) for group in groups for tag in getattr(group, "cats", [group]))
    uid = str(event.get("UID", ""))
    texts = [clean(str(event.get("SUMMARY", ""))), clean(tags), name, clean(uid)]

    def row(on: date, start: str, until: str, end: str, length: str, why: str) -> list[str]:
        return [on.isoformat(), start, until, end, length, *texts, why]

    if not isinstance(begins, datetime):
        yield row(begins, "", "", "", "", _("a whole day, not an appointment"))
        return
    starts = _instant(begins, zone).astimezone(zone)
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        yield row(starts.date(), "", "", "", "", _("cancelled"))
        return
    if starts.year < EARLIEST:
        # It is refused as any other day that is none, and may be left out by choice.
        yield row(starts.date(), f"{starts:%H:%M}", "", "", "0:00", "")
        return
    length = _length(event, begins, zone)
    if length is None:
        yield row(starts.date(), f"{starts:%H:%M}", "", "", "", _("no end and no duration"))
        return
    rule = event.get("RRULE")
    if rule is not None and (isinstance(rule, list) or not _is_understood(rule)):
        yield row(
            starts.date(),
            f"{starts:%H:%M}",
            "",
            "",
            "",
            _("repeats in a way that is not read; enter these by hand"),
        )
        return
    left_out = _left_out(event, zone)
    if "RECURRENCE-ID" not in event:
        left_out |= moved.get(uid, frozenset())
    for at in _occurrences(begins, rule, today, zone, days):
        began = _instant(at, zone)
        if began in left_out:
            continue
        here = began.astimezone(zone)
        if here.date() > today:
            yield row(here.date(), f"{here:%H:%M}", "", "", "", _("not over yet"))
            continue
        ends = (began + length).astimezone(zone)
        seconds = int(length.total_seconds())
        yield row(
            here.date(),
            f"{here:%H:%M:%S}",
            ends.date().isoformat(),
            f"{ends:%H:%M:%S}",
            clock(seconds) if seconds % 60 else f"{clock(seconds)}:00",
            "",
        )


def _instant(at: date, zone: tzinfo) -> datetime:
    """Return a moment in UTC, where moments can be compared and subtracted; one that names no zone
    is of `zone`.
    """
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _length(event: Any, begins: datetime, zone: tzinfo) -> timedelta | None:
    if "DTEND" in event:
        length = _instant(event["DTEND"].dt, zone) - _instant(begins, zone)
    elif "DURATION" in event:
        length = event["DURATION"].dt
    else:
        return None
    return length if length >= timedelta() else None


def _left_out(event: Any, zone: tzinfo) -> set[datetime]:
    exceptions = event.get("EXDATE", [])
    groups = exceptions if isinstance(exceptions, list) else [exceptions]
    return {_instant(item.dt, zone) for group in groups for item in group.dts}


def _is_understood(rule: Any) -> bool:
    frequency = rule["FREQ"][0]
    if set(rule) - _UNDERSTOOD or frequency not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        return False
    if any(len(rule.get(name, [])) > MOST_NAMED for name in ("BYDAY", "BYMONTHDAY")):
        return False
    if any(abs(int(str(day)[:-2] or 0)) > MOST_WEEKS for day in rule.get("BYDAY", [])):
        return False
    numbered = any(day not in _WEEKDAYS for day in map(str, rule.get("BYDAY", [])))
    return not (
        ("BYMONTH" in rule and frequency != "YEARLY")
        or ("BYMONTHDAY" in rule and (frequency != "MONTHLY" or "BYDAY" in rule))
        or (numbered and frequency != "MONTHLY")
        or (frequency == "YEARLY" and ("BYDAY" in rule or len(rule.get("BYMONTH", [1])) > 1))
    )


def _occurrences(
    begins: datetime, rule: Any, today: date, zone: tzinfo, looked_at: "_DaysLookedAt"
) -> Iterator[datetime]:
    """Yield the beginnings of an event: the first one whenever it is, its repetitions up to
    today.
    """
    yield begins
    if rule is None:
        return
    left = int(rule["COUNT"][0]) - 1 if "COUNT" in rule else None
    until = rule["UNTIL"][0] if "UNTIL" in rule else None
    last = (
        _instant(
            datetime.combine(until, time.max)
            if until and not isinstance(until, datetime)
            else until,
            zone,
        )
        if until
        else None
    )
    for day in _days(begins.date(), rule, today, looked_at):
        at = datetime.combine(day, begins.timetz())
        if day <= begins.date():
            continue
        if (last and _instant(at, zone) > last) or left == 0:
            return
        left = left - 1 if left is not None else None
        yield at


class _DaysLookedAt:
    """Counts the days that repetitions are looked for on, in the whole file: a rule that fits no
    day ever finds no row, and would be looked at for ever.
    """

    def __init__(self) -> None:
        self.count, self.line = 0, 1

    def add(self, days: int) -> None:
        """Count some more. Raises `Refusal` beyond the bound."""
        self.count += days
        if self.count > MOST_DAYS:
            raise Refusal(
                _("The calendar's appointments repeat too often. Export a shorter range."),
                line=self.line,
            )


def _days(first: date, rule: Any, today: date, looked_at: _DaysLookedAt) -> Iterator[date]:
    """Yield the days a rule names from `first` to `today`, in order."""
    step = max(1, int(rule.get("INTERVAL", [1])[0]))
    by_day = [str(day) for day in rule.get("BYDAY", [])]
    frequency = rule["FREQ"][0]
    if frequency == "DAILY":
        wanted = {_WEEKDAYS.index(day) for day in by_day} or set(range(7))
        for n in range(0, (today - first).days + 1, step):
            looked_at.add(1)
            if (day := first + timedelta(n)).weekday() in wanted:
                yield day
    elif frequency == "WEEKLY":
        wanted = {_WEEKDAYS.index(day) for day in by_day} or {first.weekday()}
        starts_on = _WEEKDAYS.index(str(rule.get("WKST", ["MO"])[0]))
        week = first - timedelta((first.weekday() - starts_on) % 7)
        while week <= today:
            looked_at.add(7)
            for n in range(7):
                if (day := week + timedelta(n)).weekday() in wanted and day <= today:
                    yield day
            week += timedelta(7 * step)
    else:
        month = first.year * 12 + first.month - 1
        step *= 12 if frequency == "YEARLY" else 1
        by_number = [int(n) for n in rule.get("BYMONTHDAY", [first.day])]
        while date(month // 12, month % 12 + 1, 1) <= today:
            looked_at.add(31)
            found = _days_of_month(month // 12, month % 12 + 1, by_day, by_number)
            yield from (day for day in sorted(found) if day <= today)
            month += step


def _days_of_month(year: int, month: int, by_day: list[str], by_number: list[int]) -> set[date]:
    length = ((date(year, month, 28) + timedelta(4)).replace(day=1) - timedelta(1)).day
    days = [date(year, month, n) for n in range(1, length + 1)]
    if not by_day:
        return {days[n - 1 if n > 0 else n] for n in by_number if 0 < abs(n) <= length}
    found: set[date] = set()
    for text in by_day:
        of_weekday = [day for day in days if day.weekday() == _WEEKDAYS.index(text[-2:])]
        number = int(text[:-2] or 0)
        found |= (
            set(of_weekday)
            if not number
            else {of_weekday[number - 1 if number > 0 else number]}
            if abs(number) <= len(of_weekday)
            else set()
        )
    return found
