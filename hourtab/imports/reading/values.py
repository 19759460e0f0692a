"""Reading days and times, and deciding for a whole file which comes first in its dates, the day or
the month.

That is decided once for all rows, never row by row: a wrong guess moves hours by months.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from itertools import chain
from typing import Literal, NamedTuple

from babel import Locale
from django.utils.translation import gettext as _

from hourtab.imports.errors import Open, Question
from hourtab.lib.text import folded

type DateOrder = Literal["dmy", "mdy"]

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "da", "nb")
EARLIEST, LATEST = 1990, 2199
LONGEST_DAY = 100
"""Characters; no longer text is a day, and looking for one would take long."""

_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", re.ASCII)
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)", re.ASCII)
_PARTS = re.compile(r"(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4}|\d{2})(?!\d)\.?", re.ASCII)
_DAY_NAME_YEAR = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|º|er)?[ \-/]*(?:de |of )?([^\W\d_]{3,})\.?,?[ \-/]*(?:de |of )?(\d{4}|\d{2})(?!\d)"
)
_NAME_DAY_YEAR = re.compile(r"([^\W\d_]{3,})\.?[ \-](\d{1,2})(?:st|nd|rd|th)?,?[ \-](\d{4})(?!\d)")
_NAME_DAY = re.compile(r"(?:([^\W\d_]{3,})\.?[ \-](\d{1,2})|(\d{1,2})\.?[ \-]([^\W\d_]{3,}))\.?")
DAY_MONTH = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\.?", re.ASCII)
_WEEKDAY = re.compile(r"([^\W\d_]{2,})\.?,?[ \n]+(?=.*\d)")
_TIME = re.compile(
    r"(\d{1,2})(?:[:h.](\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?)?[ ]?(?:([ap])\.? ?(?:m\.?)?)?[ ]?"
    r"(z|utc|gmt|[+-]\d{2}:?\d{2}|[a-z]{3,4})?",
    re.ASCII | re.IGNORECASE,
)
_IN_NAMES = re.compile(r"(?<!\d)(\d{1,2})([-_./])(\d{1,2})\2(\d{4})(?!\d)", re.ASCII)
_ISO_IN_NAMES = re.compile(r"(?<!\d)((?:19|20)\d{2})([-_./]?)(\d{2})\2(\d{2})(?!\d)", re.ASCII)


class Moment(NamedTuple):
    """A day, with the time of day where the cell had one. `ahead` is how far that is ahead of UTC,
    where the cell was an instant: its hands alone do not say how much time passes to another.
    """

    on: date
    at: time | None = None
    ahead: timedelta | None = None


class Spoken(NamedTuple):
    """A cell that may be a date, with the name of its weekday where the row has one."""

    line: int
    cell: str
    weekday: str = ""


@cache
def _months() -> dict[str, int]:
    """Return the names of months in all languages, whole and short."""
    found: dict[str, int] = {"sept": 9}
    for language in LANGUAGES:
        months = Locale(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    found.setdefault(folded(name).strip("."), number)
    return found


@cache
def _weekdays() -> dict[str, frozenset[int]]:
    """Return the names of weekdays in all languages, whole and short; Monday is 0."""
    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        days = Locale(language).days
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated", "short"):
                for number, name in days[context][width].items():
                    found.setdefault(folded(name).strip("."), set()).add(number)
    return {name: frozenset(days) for name, days in found.items()}


def is_named_day(text: str) -> bool:
    """Say whether a text is a day and the name of a month, without a year: `Mon, Jan 4`."""
    return any(
        (match := _NAME_DAY.fullmatch(part)) and folded(match[1] or match[4]) in _months()
        for part in (text, _without_weekday(text))
    )


def weekday_of(text: str) -> frozenset[int]:
    """Return which weekdays a text may name; none where it names none."""
    return _weekdays().get(folded(text).strip(". "), frozenset())


def date_order(
    cells: Iterable[Spoken], hints: Iterable[str], file_name: str, answer: str | None
) -> DateOrder | None:
    """Decide the order of day and month for the whole file; None where every date is unambiguous by
    itself.

    A part above 12 decides, or dots, or a weekday beside it, or dates in the text above the table
    (`hints`) or in the file's name. What was answered earlier decides only what stays open. Raises
    `Open` where it stays open.
    """
    day_first, month_first, undecided = None, None, None
    by_weekday: set[DateOrder] | None = None
    for line, cell, weekday in cells:
        bare = _without_weekday(cell)
        match = _PARTS.match(bare)
        if not match:
            continue
        first, mark, second = int(match[1]), match[2], int(match[3])
        if mark == "." or (first > 12 >= second):
            day_first = day_first or line
        elif second > 12 >= first:
            month_first = month_first or line
        elif first != second:
            undecided = undecided or (line, cell)
            named = weekday_of(
                weekday or (cell[: -len(bare)].strip(" ,\n") if bare != cell else "")
            )
            if named:
                fitting = _orders_on(match, named)
                by_weekday = fitting if by_weekday is None else by_weekday & fitting
    if day_first and month_first:
        return "dmy" if day_first < month_first else "mdy"
    if day_first or month_first:
        return "dmy" if day_first else "mdy"
    if undecided is None:
        return None
    if by_weekday and len(by_weekday) == 1:
        return by_weekday.pop()
    named_parts = [
        (int(first), int(second)) for first, _mark, second, _year in _IN_NAMES.findall(file_name)
    ]
    named_parts += [
        (int(m[1]), int(m[3])) for hint in hints for m in _PARTS.finditer(hint) if m[2] != "."
    ]
    if any(first > 12 >= second for first, second in named_parts):
        return "dmy"
    if any(second > 12 >= first for first, second in named_parts):
        return "mdy"
    if answer == "dmy" or answer == "mdy":
        return answer  # type: ignore[return-value]
    line, cell = undecided
    raise Open(
        Question(
            "date_order",
            _("In “%(cell)s”, which comes first: the day (dmy) or the month (mdy)?")
            % {"cell": cell[:40]},
            ("dmy", "mdy"),
            line,
        )
    )


def _orders_on(match: re.Match[str], weekdays: frozenset[int]) -> set[DateOrder]:
    orders: tuple[DateOrder, ...] = ("dmy", "mdy")
    return {
        order for order in orders if (on := _from_parts(match, order)) and on.weekday() in weekdays
    }


def _without_weekday(cell: str) -> str:
    if len(cell) > LONGEST_DAY:
        return cell
    match = _WEEKDAY.match(cell)
    return cell[match.end() :] if match and weekday_of(match[1]) else cell


def read_moment(cell: str, order: DateOrder | None, zone: tzinfo | None = None) -> Moment | None:
    """Read a date, with a time of day behind it or without; None where it is none, or not in the
    calendar.

    An instant (`2027-01-04T23:30:00Z`) is given in `zone`, where the day it belongs to is decided.
    """
    bare = cell.strip().replace("\u202f", " ").replace("\u00a0", " ")
    if len(bare) > LONGEST_DAY:
        return None
    on, end = _leading_date(bare, order)
    if on is None and not bare[:1].isdigit():
        # Not before: “Mar” is March, and a Tuesday in three languages.
        bare = _without_weekday(bare)
        on, end = _leading_date(bare, order)
    if on is None or not EARLIEST <= on.year <= LATEST:
        return None
    rest = bare[end:].removesuffix(" Uhr")
    if not rest.strip():
        return Moment(on)
    match = _TIME.fullmatch(rest.strip().lstrip(" ,T") if rest[0] in " ,T" else "")
    at = _time_of(match) if match and (match[2] or match[4]) else None
    if match is None or at is None:
        return None
    if zone is not None and (offset := _offset_of(match)):
        try:
            there = datetime.fromisoformat(f"{on.isoformat()}T{at.isoformat()}{offset}").astimezone(
                zone
            )
        except ValueError:
            return None
        return Moment(there.date(), there.time(), there.utcoffset())
    return Moment(on, at)


def _offset_of(match: re.Match[str]) -> str:
    """Return what is said behind a time about its zone, as `+02:00`; nothing where nothing is.

    The letters of other zones say nothing that can be relied on: the time is taken as it stands.
    """
    said = match[5] or ""
    if said.lower() in ("z", "utc", "gmt"):
        return "+00:00"
    return said if said[:1] in ("+", "-") else ""


def read_date(cell: str, order: DateOrder | None) -> date | None:
    """Read a date; None where it is none, or not in the calendar."""
    moment = read_moment(cell, order)
    return moment.on if moment else None


def _leading_date(cell: str, order: DateOrder | None) -> tuple[date | None, int]:
    """Return the date a cell begins with, and where it ends."""
    if match := _ISO.match(cell):
        return _date(match[1], match[3], match[4]), match.end()
    if match := _PARTS.match(cell):
        return _from_parts(match, order), match.end()
    if match := _COMPACT.match(cell):
        return _date(match[1], match[2], match[3]), match.end()
    if (match := _DAY_NAME_YEAR.match(cell)) and (month := _months().get(folded(match[2]))):
        return _date(_year(match[3]), month, match[1]), match.end()
    if (match := _NAME_DAY_YEAR.match(cell)) and (month := _months().get(folded(match[1]))):
        return _date(match[3], month, match[2]), match.end()
    return None, 0


def _from_parts(match: re.Match[str], order: DateOrder | None) -> date | None:
    day, month = (match[3], match[1]) if order == "mdy" else (match[1], match[3])
    return _date(_year(match[4]), month, day)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _date(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def read_day_of(
    cell: str, order: DateOrder | None, window: tuple[date, date] | None
) -> date | None:
    """Read the heading of a day's column: a date, or a day without a year that lies once in
    `window`.
    """
    text = cell.strip().replace("\n", " ")
    named = weekday_of(text.replace(",", " ").split()[0]) if text else frozenset()
    if moment := read_moment(text, order):
        named = frozenset() if folded(text.split()[0].strip(",.")) in _months() else named
        return moment.on if not named or moment.on.weekday() in named else None
    if window is None:
        return None
    bare = text if _NAME_DAY.fullmatch(text) else _without_weekday(text)
    named = named if bare != text or not _NAME_DAY.fullmatch(text) else frozenset()
    first, last = window
    days = [
        date.fromordinal(n)
        for n in range(first.toordinal(), min(last.toordinal(), first.toordinal() + 366) + 1)
    ]
    if match := _NAME_DAY.fullmatch(bare):
        month = _months().get(folded(match[1] or match[4]))
        found = [day for day in days if (day.month, day.day) == (month, int(match[2] or match[3]))]
    elif match := DAY_MONTH.fullmatch(bare):
        one, two = int(match[1]), int(match[3])
        pair = (one, two) if order == "mdy" and match[2] != "." else (two, one)
        found = [day for day in days if (day.month, day.day) == pair]
    else:
        found = days if len(days) <= 7 and weekday_of(text) else []
    found = [day for day in found if not named or day.weekday() in named]
    return found[0] if len(found) == 1 else None


def read_time(cell: str) -> Moment | None:
    """Read a time of day in 12 or 24 hours, of no day (`date.min`); None where it is none.

    It is taken as it stands, also where an offset is said behind it: without a day there is no
    other one. How much passes between two of them goes by what is said.
    """
    text = cell.strip().replace("\u202f", " ").replace("\u00a0", " ")
    if len(text) > 24:
        return None
    match = _TIME.fullmatch(text)
    at = _time_of(match) if match and (match[2] or match[4]) else None
    if match is None or at is None:
        return None
    offset = _offset_of(match)
    return Moment(date.min, at, _ahead(offset) if offset else None)


def _ahead(offset: str) -> timedelta:
    sign = -1 if offset[0] == "-" else 1
    return sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))


def _time_of(match: re.Match[str]) -> time | None:
    hour, minute, second, half = (
        int(match[1]),
        int(match[2] or 0),
        int(match[3] or 0),
        (match[4] or "").lower(),
    )
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def dates_in(texts: Iterable[str], order: DateOrder | None) -> Iterator[date]:
    """Yield the dates that stand anywhere in some texts, in numbers."""
    for text in texts:
        for match in chain(_ISO_IN_NAMES.finditer(text), _IN_NAMES.finditer(text)):
            if match.re is _ISO_IN_NAMES:
                on = _date(match[1], match[3], match[4])
            elif match[2] == "." or order == "dmy" or int(match[1]) > 12:
                on = _date(match[4], match[3], match[1])
            elif order == "mdy" or int(match[3]) > 12:
                on = _date(match[4], match[1], match[3])
            else:
                on = None
            if on and EARLIEST <= on.year <= LATEST:
                yield on


def stated_range(
    file_name: str, above: Iterable[str], order: DateOrder | None
) -> tuple[date, date] | None:
    """Return the range that a file's name, or one text above its table, states by exactly two
    dates; else None.
    """
    for text in (file_name, *above):
        days = list(dates_in([text], order))
        if len(days) == 2:
            return min(days), max(days)
    return None
