"""Which column of a file says how long the work took, in which unit; asked where only the user can
know.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR, MINUTE
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.reading import durations
from hourtab.imports.reading.layout import SAMPLE, Column, Layout
from hourtab.imports.reading.table import Row
from hourtab.lib.text import folded

_DAY = 24 * HOUR
UNITS = {"hours": HOUR, "minutes": MINUTE, "seconds": 1, "days": _DAY}
NEGATIVE = -1
_DASHES = "-–—"
_VAGUE = {"time", "zeit", "temps", "tiempo", "tempo", "tijd", "tid", "timer"}
"""Headings that may as well be over something else than durations."""


class _Kind(NamedTuple):
    """How exactly a column says durations: 0 to the second, 1 to the minute, 2 in minutes, 3 in
    decimals of an hour.
    """

    exactness: int
    share: float
    has_bare: bool
    has_places: bool


def _heading(column: Column) -> str:
    """Return the heading of a column as the file has it, without the number that tells it from
    another of that name.
    """
    return column.label.partition(" (column ")[0]


class Hours:
    """The column of durations. Exact ones come first: `01:30:00`, then `1:30`, then decimals (then
    end minus start).

    Raises `Open` where two columns differ that may both have been sold, or where a bare number
    could be hours or minutes.
    """

    def __init__(
        self, layout: Layout, answers: Mapping[str, str], span_of: Callable[[Row], int | None]
    ) -> None:
        self.layout, self.answers, self.span_of = layout, answers, span_of
        self.decided: dict[str, str] = {}
        self.known: dict[tuple[str, int], int | None] = {}
        self.first_known: dict[str, int] = {}
        """What was read in the column that was chosen, by its text."""
        worked, sold = (
            self._columns("duration"),
            [*self._columns("rounded"), *self._columns("billed")],
        )
        numbers = [*worked, *sold, *layout.days]
        self.mark = durations.decimal_mark(self._numbers(numbers), answers.get("decimal"))
        if any(True for _ in self._numbers(numbers)):
            self.decided["decimal"] = "comma" if self.mark == "," else "point"
        self.kinds = {column.index: self._kind(column) for column in (*worked, *sold)}
        usable = [
            column
            for column in worked
            if self.kinds[column.index].share > 0.5 or folded(_heading(column)) not in _VAGUE
        ]
        self.worked = sorted(
            usable or worked,
            key=lambda column: (self.kinds[column.index].exactness, column.rank, column.index),
        )
        twins = [
            column for column in self.worked[1:] if _heading(column) == _heading(self.worked[0])
        ]
        sold = [*twins, *sold]
        self.worked = [column for column in self.worked if column not in twins]
        self.unit = HOUR
        self.parts: tuple[Column, Column] | None = None
        if not self.worked and sold:
            self.worked, sold = sold[:1], sold[1:]
        if self.worked:
            self.unit = self._unit(self.worked[0])
            self.worked = [self._choose(self.worked[0], sold), *self.worked[1:]]
            self._look_for_parts()
            if self.worked[0].unit == 0:
                self.worked[0] = self.worked[0]._replace(unit=self.unit)
        del self.span_of  # Whose reading it is holds this: a circle would keep all rows in memory.

    @property
    def index(self) -> int | None:
        """The place of the column that was chosen."""
        return self.worked[0].index if self.worked and not self.parts else None

    @property
    def label(self) -> str | None:
        """The column that was chosen."""
        return self.worked[0].label if self.worked else None

    def given(self, cells: Sequence[str]) -> str:
        """Return what a row says."""
        return next((cell for column in self.worked if (cell := cells[column.index].strip())), "")

    def seconds(self, row: Row, cells: Sequence[str]) -> int | None:
        """Return a row's duration, `NEGATIVE` for a negative one, None where it says none. Raises
        `Refusal`.
        """
        if self.parts:
            return self._sum_of_parts(row, cells)
        for column in self.worked:
            cell = cells[column.index].strip()
            if cell and cell not in _DASHES:
                seconds = self.read(cell, column, row.line)
                if column is self.worked[0]:
                    self.first_known[cell] = seconds
                return seconds
        return None

    def _look_for_parts(self) -> None:
        """Ask whether whole hours and odd minutes in two columns belong together, where they are
        not the same time twice.
        """
        minutes = next((column for column in self.worked if column.unit == MINUTE), None)
        hours = next((column for column in self.worked if column.unit == HOUR), None)
        if not minutes or not hours:
            return
        rows = [
            (row.cells[hours.index].strip(), row.cells[minutes.index].strip(), row.line)
            for row in self.layout.body
        ]
        filled = [(h, m, line) for h, m, line in rows if h and m]
        could_be = all(h.isdecimal() and m.isdecimal() and int(m) < 60 for h, m, _line in filled)
        if not could_be or not any(int(h) * 60 != int(m) for h, m, _line in filled):
            return
        both = f"{hours.label} + {minutes.label}"
        others = [column for column in self.worked if column not in (hours, minutes)]
        if any(self._is_their_sum(column, hours, minutes) for column in others):
            self.parts = (hours, minutes)
            return
        answer = self.answers.get("hours", "").strip().casefold()
        if answer == both.casefold():
            self.parts = (hours, minutes)
            self.decided["hours"] = both
        elif answer in (hours.label.casefold(), minutes.label.casefold()):
            self.worked = [hours if answer == hours.label.casefold() else minutes]
            self.decided["hours"] = self.worked[0].label
        else:
            text = _(
                "“%(hours)s” and “%(minutes)s”: two parts of one time, or which of them was sold?"
            )
            named = {"hours": hours.label, "minutes": minutes.label}
            raise Open(
                Question("hours", text % named, (both, hours.label, minutes.label), filled[0][2])
            )

    def _is_their_sum(self, column: Column, hours: Column, minutes: Column) -> bool:
        """Say whether a third column says hours and minutes together, on every row."""
        for row in self.layout.body:
            whole, h, m = (row.cells[place.index].strip() for place in (column, hours, minutes))
            if not (whole and h and m):
                continue
            seconds = self._seconds(whole, column.unit or HOUR)
            if seconds is None or abs(seconds - int(h) * HOUR - int(m) * MINUTE) > 36:
                return False
        return True

    def _sum_of_parts(self, row: Row, cells: Sequence[str]) -> int | None:
        if self.parts is None:
            return None
        given = [
            (column, cell)
            for column in self.parts
            if (cell := cells[column.index].strip()) and cell not in _DASHES
        ]
        read = [self.read(cell, column, row.line) for column, cell in given]
        return sum(read) if read else None

    def disagreement(self, cells: Sequence[str], seconds: int) -> str:
        """Say where a less exact column says something else than the one that was taken, by more
        than rounding.
        """
        if self.parts:
            return ""
        first, second = self.worked[:2]
        one, two = cells[first.index].strip(), cells[second.index].strip()
        if not one or not two or (second.unit == 0 and self.kinds[second.index].has_bare):
            return ""
        key = (two, second.unit)
        if key not in self.known:
            self.known[key] = self._seconds(two, second.unit or self.unit)
        other = self.known[key]
        if other is None or other < 0 or abs(other - seconds) <= 60:
            return ""
        return _("%(one)s and %(two)s differ by more than rounding; the first is taken") % {
            "one": one,
            "two": two,
        }

    def read(self, cell: str, column: Column, line: int) -> int:
        """Read one duration. Raises `Refusal` for what is none."""
        key = (cell, column.unit)
        if key not in self.known:
            self.known[key] = self._seconds(cell, column.unit or self.unit)
        seconds = self.known[key]
        if seconds is None:
            raise Refusal(
                _("this is not a duration, like 1:30 or 1.5"),
                line=line,
                column=column.label,
                value=cell,
            )
        return seconds

    def _seconds(self, cell: str, unit: int) -> int | None:
        text = cell.replace("\u00a0", " ").replace("\u202f", " ")
        if text[0] in "-\u2212" or (text[0] == "(" and text[-1] == ")"):
            rest = text.strip("-\u2212() ")
            return NEGATIVE if rest and self._seconds(rest, unit) is not None else None
        if (seconds := durations.read_clock(text)) is not None:
            return seconds
        if (seconds := durations.read_number(text, self.mark, unit)) is not None:
            return seconds
        return durations.read_units(text, self.mark)

    def _columns(self, name: str) -> list[Column]:
        """Return the columns of a field that are not empty throughout."""
        return [
            column
            for column in self.layout.columns.get(name, ())
            if next(self.layout.cells(column), None)
        ]

    def _numbers(self, columns: Sequence[Column]) -> Iterator[tuple[int, str]]:
        """Yield the different bare numbers of some columns, each once."""
        seen: set[str] = set()
        for column in columns:
            for cell, line in self.layout.distinct(column).items():
                if cell not in seen:
                    seen.add(cell)
                    text = cell.strip("-\u2212() ")
                    if durations.is_number(text):
                        yield line, text

    def _kind(self, column: Column) -> _Kind:
        sample = list(islice(self.layout.distinct(column), SAMPLE * 10))
        bare = [cell for cell in sample if durations.is_number(cell.strip("-\u2212() "))]
        readable = sum(self._seconds(cell, column.unit or HOUR) is not None for cell in sample)
        if len(bare) * 2 < len(sample):
            exactness = 0 if any(cell.count(":") == 2 for cell in sample) else 1
        else:
            exactness = {1: 0, MINUTE: 2}.get(column.unit, 3)
        return _Kind(
            exactness,
            readable / len(sample),
            bool(bare),
            any("," in cell or "." in cell for cell in bare),
        )

    def _unit(self, column: Column) -> int:
        """Return the seconds of a bare number: by the heading, by start and end, by the tool; else
        ask.
        """
        kind = self.kinds[column.index]
        if column.unit or not kind.has_bare:
            return column.unit or HOUR
        fitting = dict.fromkeys(UNITS.values(), 0)
        for row in self.layout.body[: SAMPLE * 5]:
            cell = row.cells[column.index].strip() if column.index < len(row.cells) else ""
            span = self.span_of(row) if cell and durations.is_number(cell) else None
            if not span:
                continue
            for unit, slack in ((1, 1), (MINUTE, 60), (HOUR, 60), (_DAY, 60)):
                seconds = durations.read_number(cell, self.mark, unit)
                fitting[unit] += seconds is not None and abs(seconds - span) <= slack
        best = max(fitting, key=lambda unit: fitting[unit])
        if fitting[best] and list(fitting.values()).count(fitting[best]) == 1:
            return best
        if self.layout.tool.bare_unit and not kind.has_places:
            return self.layout.tool.bare_unit
        if self.answers.get("unit") in UNITS:
            self.decided["unit"] = self.answers["unit"]
            return UNITS[self.answers["unit"]]
        cells = list(islice(self.layout.cells(column), SAMPLE))
        numbers = [(line, cell) for line, cell in cells if durations.is_number(cell)]
        fractions = (
            self.layout.sheet
            and all(cell.startswith(("0.", "0")) for _line, cell in numbers)
            and any(len(cell) > 6 for _line, cell in numbers)
        )
        if kind.has_places and not fractions:
            return HOUR
        line, cell = numbers[0] if numbers else (self.layout.header.line, "")
        text = _("“%(label)s” is a bare number (%(cell)s). Is it hours, minutes or seconds?") % {
            "label": column.label,
            "cell": cell,
        }
        raise Open(
            Question(
                "unit", text, tuple(UNITS) if fractions else ("hours", "minutes", "seconds"), line
            )
        )

    def _choose(self, worked: Column, sold: Sequence[Column]) -> Column:
        """Return the column that was sold: the user says so where two differ by more than
        rounding.
        """
        named = {column.label.casefold(): column for column in (worked, *sold)}
        chosen = named.get(self.answers.get("hours", "").strip().casefold())
        if chosen and sold:
            self.decided["hours"] = chosen.label
            return chosen
        for other in sold:
            for row in self.layout.body:
                if len(row.cells) <= max(worked.index, other.index):
                    continue
                one, two = row.cells[worked.index].strip(), row.cells[other.index].strip()
                if one and two and one != two and self._differ(one, worked, two, other):
                    text = _(
                        "“%(one)s” and “%(two)s” differ, first on line %(line)s: %(a)s and %(b)s. Which was sold?"
                    ) % {
                        "one": worked.label,
                        "two": other.label,
                        "line": row.line,
                        "a": one,
                        "b": two,
                    }
                    raise Open(
                        Question(
                            "hours",
                            text,
                            tuple(column.label for column in (worked, *sold)),
                            row.line,
                        )
                    )
        return worked

    def _differ(self, one: str, worked: Column, two: str, other: Column) -> bool:
        a, b = self._seconds(one, worked.unit or self.unit), self._seconds(two, other.unit or HOUR)
        if a is None or b is None:
            return False
        exact = {self.kinds[worked.index].exactness, self.kinds[other.index].exactness}
        slack = 0 if len(exact) == 1 else 59 if 1 in exact else 36
        return abs(a - b) > slack
