"""Reading durations and numbers, and deciding for a whole file what its decimal mark is."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR, MINUTE, half_up
from hourtab.imports.errors import Open, Question

_CLOCK = re.compile(r"(\d{1,6}):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?", re.ASCII)
_DAYS_AND_CLOCK = re.compile(r"(\d{1,4}) days?,? (\d{1,2}:[0-5]\d:[0-5]\d(?:\.\d{1,9})?)", re.ASCII)
_PERIOD = re.compile(r"PT?(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:\.\d{1,9})?S)?", re.ASCII)
_NUMBER = re.compile(
    r"\d{1,9}(?:[.,]\d{1,20})?|[.,]\d{1,20}|\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*[.,]\d{1,20}",
    re.ASCII,
)
_UNITS = (
    (
        HOUR,
        "h|hr|hrs|hour|hours|std|stunde|stunden|heure|heures|hora|horas|ora|ore|uur|uren|u|godz|tim",
    ),
    (MINUTE, "m|mn|min|mins|minute|minutes|minuten|minuto|minutos|minuti"),
    (1, "s|sec|secs|second|seconds|sek|sekunde|sekunden|seconde|secondes|segundo|segundos|secondi"),
)
_WITH_UNITS = re.compile(
    "[ ,]*".join(rf"(?:(\d[\d.,]*|[.,]\d+) ?(?:{names})\.?)?" for _seconds, names in _UNITS),
    re.ASCII | re.IGNORECASE,
)
_MINUTES_AND_SECONDS = re.compile(r"(\d{1,6}):([0-5]\d) ?min", re.ASCII | re.IGNORECASE)
_HOURS_THEN_MINUTES = re.compile(r"(\d{1,6}) ?h ?([0-5]\d)", re.ASCII | re.IGNORECASE)


def read_clock(cell: str) -> int | None:
    """Read `01:30:00`, `1:30` or `1 day, 6:00:00` as seconds, fractions half up; None where it is
    none of them.
    """
    days = 0
    if match := _DAYS_AND_CLOCK.fullmatch(cell):
        days, cell = int(match[1]), match[2]
    match = _CLOCK.fullmatch(cell.removesuffix("h").removesuffix(" "))
    if not match:
        return None
    up = match[4] is not None and match[4][0] >= "5"
    return (
        days * 24 * HOUR + int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0) + up
    )


def read_units(cell: str, mark: str) -> int | None:
    """Read `1h 30m`, `45 min`, `1,5 Std.` or `PT1H30M` as seconds; None where it is none of
    them.
    """
    if match := _HOURS_THEN_MINUTES.fullmatch(cell):
        return int(match[1]) * HOUR + int(match[2]) * MINUTE
    if (match := _PERIOD.fullmatch(cell)) and any(match.groups()):
        return sum(
            int(part or 0) * unit
            for part, unit in zip(match.groups(), (HOUR, MINUTE, 1), strict=True)
        )
    if match := _MINUTES_AND_SECONDS.fullmatch(cell):
        return int(match[1]) * MINUTE + int(match[2])
    match = _WITH_UNITS.fullmatch(cell.strip())
    if not match or not any(match.groups()):
        return None
    total = 0
    for part, (unit, _names) in zip(match.groups(), _UNITS, strict=True):
        if part:
            seconds = read_number(part, mark, unit)
            if seconds is None:
                return None
            total += seconds
    return total


def is_number(cell: str) -> bool:
    """Is this a number without a unit?"""
    return _NUMBER.fullmatch(cell) is not None


def read_number(cell: str, mark: str, unit: int) -> int | None:
    """Read a number of units of `unit` seconds as seconds, half up; None where it is no number."""
    if not _NUMBER.fullmatch(cell):
        return None
    whole, _mark, places = cell.rpartition(mark) if mark in cell else (cell, "", "")
    if "," in whole or "." in whole or "'" in whole or " " in whole:
        if not _mark or not places:
            return None
        whole = re.sub(r"[.,' ]", "", whole)
    elif "," in places or "." in places:
        return None
    return half_up(
        (int(whole or 0) * 10 ** len(places) + int(places or 0)) * unit, 10 ** len(places)
    )


def decimal_mark(cells: Iterable[tuple[int, str]], answer: str | None) -> str:
    """Decide the decimal mark for the whole file. Raises `Open` where only thousands or decimals
    could be meant.

    What was answered earlier decides only what stays open.
    """
    comma, point, open_at = None, None, None
    for line, cell in cells:
        if not _NUMBER.fullmatch(cell):
            continue
        last = max(cell.rfind(","), cell.rfind("."))
        if last < 0:
            continue
        whole, mark, places = cell[:last], cell[last], cell[last + 1 :]
        if len(places) == 3 and whole not in ("", "0") and not re.search("[.,' ]", whole):
            open_at = open_at or (line, cell)
        elif mark == ",":
            comma = comma or (line, cell)
        else:
            point = point or (line, cell)
    if (comma is None) != (point is None):
        return "," if comma else "."
    if comma is None and open_at is None:
        return "."
    if answer in ("comma", "point"):
        return "," if answer == "comma" else "."
    line, cell = open_at or comma or (0, "1,5")
    raise Open(
        Question(
            "decimal",
            _("In “%(cell)s”, is the mark a decimal comma or a decimal point?") % {"cell": cell},
            ("comma", "point"),
            line or None,
        )
    )
