"""Reading the values of a whole file: its date order and decimal mark are decided once, never row by row."""

import re
from collections.abc import Iterable
from datetime import date, time
from functools import lru_cache
from typing import Literal

from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR, half_up
from hourtab.imports.errors import Open, Question

type DateOrder = Literal["dmy", "mdy"]

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_PARTS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,6}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_NUMBER = re.compile(r"\d{1,7}(?:[.,]\d{1,12})?|[.,]\d{1,12}", re.ASCII)
_IN_NAMES = re.compile(r"(?<!\d)(\d{1,2})[-_.](\d{1,2})[-_.](\d{4})(?!\d)", re.ASCII)
_ISO_IN_NAMES = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)", re.ASCII)


def date_order(cells: Iterable[tuple[int, str]], file_name: str, answer: str | None) -> DateOrder | None:
    """Decide the order of day and month for the whole file; None where every date is unambiguous by itself.

    A part above 12 decides, or dots, or the dates in the file's name. Raises `Open` where it stays open.
    """
    day_first, month_first, undecided = None, None, None
    for line, cell in cells:
        match = _PARTS.match(cell)
        if not match:
            continue
        first, mark, second = int(match[1]), match[2], int(match[3])
        if mark == "." or (first > 12 >= second):
            day_first = day_first or line
        elif second > 12 >= first:
            month_first = month_first or line
        elif first != second:
            undecided = undecided or (line, cell)
    if day_first and not month_first:
        return "dmy"
    if month_first and not day_first:
        return "mdy"
    if day_first and month_first:
        return "dmy" if answer == "dmy" else "mdy" if answer == "mdy" else "dmy" if day_first < month_first else "mdy"
    if undecided is None:
        return None
    if answer == "dmy" or answer == "mdy":
        return answer  # type: ignore[return-value]
    named = [(int(first), int(second)) for first, second, _ in _IN_NAMES.findall(file_name)]
    if any(first > 12 >= second for first, second in named):
        return "dmy"
    if any(second > 12 >= first for first, second in named):
        return "mdy"
    line, cell = undecided
    raise Open(
        Question(
            "date_order",
            _("In “%(cell)s”, which comes first: the day (dmy) or the month (mdy)?") % {"cell": cell},
            ("dmy", "mdy"),
            line,
        )
    )


@lru_cache(maxsize=8192)
def read_date(cell: str, order: DateOrder | None) -> date | None:
    """Read a date; None where it is none, or not in the calendar."""
    if match := _ISO.match(cell):
        year, month, day = (int(part) for part in match.groups())
    elif match := _PARTS.match(cell):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 2000 if year < 100 else 0
        day, month = (second, first) if order == "mdy" else (first, second)
    else:
        return None
    rest = cell[match.end() :].strip()
    if rest and not re.match(r"[T\s]?\d{1,2}:", rest):
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def read_time(cell: str) -> time | None:
    """Read a time of day in 12 or 24 hours; None where it is none."""
    match = _TIME.fullmatch(cell.strip().replace("\u202f", " "))
    if not match:
        return None
    hour, minute, second, half = int(match[1]), int(match[2]), int(match[3] or 0), (match[4] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def read_clock(cell: str) -> int | None:
    """Read `01:30:00` or `1:30` as seconds; None where it is neither."""
    match = _CLOCK.fullmatch(cell)
    return int(match[1]) * HOUR + int(match[2]) * 60 + int(match[3] or 0) if match else None


def decimal_mark(cells: Iterable[tuple[int, str]], answer: str | None) -> str:
    """Decide the decimal mark for the whole file. Raises `Open` where only thousands or decimals could be meant."""
    comma, point, open_at = False, False, None
    for line, cell in cells:
        if not _NUMBER.fullmatch(cell):
            continue
        for mark in ",.":
            whole, found, places = cell.partition(mark)
            if not found:
                continue
            if len(places) == 3 and whole not in ("", "0"):
                open_at = open_at or (line, cell)
            elif mark == ",":
                comma = True
            else:
                point = True
    if comma != point:
        return "," if comma else "."
    if answer in ("comma", "point"):
        return "," if answer == "comma" else "."
    if open_at is None and not comma:
        return "."
    line, cell = open_at or (0, "1,5")
    raise Open(
        Question(
            "decimal",
            _("In “%(cell)s”, is the mark a decimal comma or a decimal point?") % {"cell": cell},
            ("comma", "point"),
            line or None,
        )
    )


def read_decimal(cell: str, mark: str) -> int | None:
    """Read decimal hours as seconds, half up; None where it is no number."""
    if not _NUMBER.fullmatch(cell):
        return None
    if mark not in cell and ("," in cell or "." in cell):
        return None
    whole, _, places = cell.partition(mark)
    return half_up((int(whole or 0) * 10 ** len(places) + int(places or 0)) * HOUR, 10 ** len(places))


def stated_range(file_name: str) -> tuple[date, date] | None:
    """Return the range a file's name states in ISO dates; None where it states none."""
    days = [day for text in _ISO_IN_NAMES.findall(file_name) if (day := read_date(text, None))]
    return (min(days), max(days)) if len(days) == 2 else None
