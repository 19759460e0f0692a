"""From a file to work lines: which tool wrote it, what every row says, and which rows are no entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR, clock
from hourtab.imports import values
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.readers import TOOLS
from hourtab.imports.readers.tool import Tool
from hourtab.imports.table import Row, read_rows

_HEADER_WITHIN = 20
_YES = {"yes", "y", "true", "1", "billable", "ja", "oui", "sí", "si", "sim", "b"}
_NO = {"no", "n", "false", "0", "non-billable", "not billable", "nein", "non", "não", "nee", "nb"}
LONGEST_ROW = 1000 * HOUR


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One row that is an entry, as the source says it. `billable` is None where the file does not say."""

    line: int
    on: date
    seconds: int
    started: time | None = None
    client: str = ""
    project: str = ""
    task: str = ""
    description: str = ""
    person: str = ""
    billable: bool | None = None
    tags: str = ""

    @property
    def content(self) -> str:
        """Everything that makes two source rows the same row."""
        started = self.started.isoformat() if self.started else ""
        return "\0".join((
            self.on.isoformat(), started, str(self.seconds), self.client, self.project, self.task, self.description,
            self.person, {True: "yes", False: "no", None: ""}[self.billable], self.tags,
        ))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """Something about one row: why it is no entry, or what to look at."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file, read."""

    tool: Tool
    lines: Sequence[WorkLine]
    no_entries: Sequence[Note]
    flags: Sequence[Note]
    decided: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        """The raw sum of all entry rows."""
        return sum(line.seconds for line in self.lines)

    @property
    def window(self) -> tuple[date, date] | None:
        """First to last date."""
        days = [line.on for line in self.lines]
        return (min(days), max(days)) if days else None


def parse(content: bytes, file_name: str, answers: Mapping[str, str]) -> Parsed:
    """Read a file. Raises `Refusal` for what cannot be read, and `Open` for what only the user can say."""
    rows = read_rows(content)
    tool, header, body = _recognise(rows)
    return _Reading(tool, header, body, file_name, answers).parsed()


def recognise(content: bytes) -> Tool:
    """Return the tool that wrote a file; raise `Refusal` where none is known."""
    return _recognise(read_rows(content))[0]


def _recognise(rows: Sequence[Row]) -> tuple[Tool, Row, Sequence[Row]]:
    for i, row in enumerate(rows[:_HEADER_WITHIN]):
        for tool in TOOLS:
            if tool.recognises(row.cells):
                if len(rows) == i + 1:
                    raise Refusal(_("The file has a header and no rows."), line=row.line)
                return tool, row, rows[i + 1 :]
    known = ", ".join(f"{tool.label} ({tool.how_to_export})" for tool in TOOLS)
    first = ", ".join(cell.strip() for cell in rows[0].cells[:6])
    raise Refusal(
        _("This is not a report HourTab knows. Its first line is “%(first)s”. Known so far: %(known)s.")
        % {"first": first[:120], "known": known},
        line=rows[0].line,
    )


class _Reading:
    """One pass over a file whose tool is known."""

    def __init__(self, tool: Tool, header: Row, body: Sequence[Row], file_name: str, answers: Mapping[str, str]) -> None:
        self.tool, self.header, self.body, self.answers = tool, header, body, answers
        self.places = tool.place(header.cells)
        self.leave_out = answers.get("unreadable") == "leave_out"
        self.no_entries: list[Note] = []
        self.flags: list[Note] = []
        self.decided: dict[str, str] = {}
        self.order = values.date_order(self._cells("date", "end_date"), file_name, answers.get("date_order"))
        if self.order:
            self.decided["date_order"] = self.order
        self.hours = self._hours_field()
        wanted = [name for name in ("decimal", "other_decimal") if name in self.places]
        self.mark = values.decimal_mark(self._cells(*wanted), answers.get("decimal")) if wanted else "."
        if wanted:
            self.decided["decimal"] = "comma" if self.mark == "," else "point"

    def parsed(self) -> Parsed:
        """Read every row."""
        lines = []
        for row in self.body:
            try:
                line = self._line(row)
            except Refusal as refusal:
                if not self.leave_out:
                    raise
                self.no_entries.append(Note(row.line, _("left out by choice: %(refusal)s") % {"refusal": refusal}))
                continue
            if isinstance(line, WorkLine):
                lines.append(line)
            else:
                self.no_entries.append(Note(row.line, line))
        return Parsed(self.tool, lines, self.no_entries, self.flags, self.decided)

    def _cells(self, *names: str) -> Any:
        """Yield line and text of every filled cell of these fields."""
        places = [self.places[name] for name in names if name in self.places]
        for row in self.body:
            for place in places:
                if place < len(row.cells) and (cell := row.cells[place].strip()):
                    yield row.line, cell

    def _hours_field(self) -> str | None:
        """Decide which of two hour columns was sold; ask once where they differ."""
        if "other_decimal" not in self.places:
            return "decimal" if "decimal" in self.places else None
        one, two = (self.header.cells[self.places[name]].strip() for name in ("decimal", "other_decimal"))
        chosen = self.answers.get("hours", "").casefold()
        if chosen in (one.casefold(), two.casefold()):
            self.decided["hours"] = self.answers["hours"]
            return "decimal" if chosen == one.casefold() else "other_decimal"
        for row in self.body:
            if self._cell(row, "decimal") != self._cell(row, "other_decimal"):
                text = _("“%(one)s” and “%(two)s” differ, first on line %(line)s. Which of them was sold?") % {
                    "one": one,
                    "two": two,
                    "line": row.line,
                }
                raise Open(Question("hours", text, (one, two), row.line))
        return "decimal"

    def _cell(self, row: Row, name: str) -> str:
        place = self.places.get(name)
        return row.cells[place].strip() if place is not None and place < len(row.cells) else ""

    def _refusal(self, row: Row, name: str, reason: str) -> Refusal:
        column = self.header.cells[self.places[name]].strip()
        return Refusal(reason, line=row.line, column=column, value=self._cell(row, name))

    def _line(self, row: Row) -> WorkLine | str:
        """Read one row: an entry, or the reason why it is none."""
        first = next((cell.strip().casefold() for cell in row.cells if cell.strip()), "")
        if first.rstrip(":") in self.tool.totals:
            return _("a total, not an entry")
        cell = self._cell(row, "date")
        if not cell:
            return _("no date: a total or subtotal, not an entry")
        on = values.read_date(cell, self.order)
        if on is None:
            raise self._refusal(row, "date", _("this is not a date in the calendar"))
        started = values.read_time(self._cell(row, "start_time")) if self._cell(row, "start_time") else None
        if self._cell(row, "start_time") and started is None:
            raise self._refusal(row, "start_time", _("this is not a time of day"))
        seconds = self._seconds(row, on, started)
        if isinstance(seconds, str):
            return seconds
        if seconds > LONGEST_ROW:
            raise self._refusal(
                row, "clock" if self._cell(row, "clock") else self.hours or "clock", _("more than 1,000 hours in one entry")
            )
        names = " ".join(filter(None, (self._cell(row, "first_name"), self._cell(row, "last_name"))))
        return WorkLine(
            line=row.line,
            on=on,
            seconds=seconds,
            started=started,
            client=self._cell(row, "client"),
            project=self._cell(row, "project"),
            task=self._cell(row, "task"),
            description=self._cell(row, "description"),
            person=self._cell(row, "person") or names or self._cell(row, "email"),
            billable=self._billable(row),
            tags=self._cell(row, "tags"),
        )

    def _seconds(self, row: Row, on: date, started: time | None) -> int | str:
        """Return the duration: the exact column first, then decimals, then end minus start; or why there is none."""
        exact, decimal = self._cell(row, "clock"), self._cell(row, self.hours) if self.hours else ""
        given = exact or decimal
        if given.startswith(("-", "\u2212")):
            return _("a negative amount (%(given)s): set it against its original by hand") % {"given": given}
        spanned = self._span(row, on, started)
        if exact:
            seconds = values.read_clock(exact)
            if seconds is None:
                raise self._refusal(row, "clock", _("this is not a duration like 01:30:00"))
            self._compare(row, seconds, decimal)
        elif decimal:
            seconds = values.read_decimal(decimal, self.mark)
            if seconds is None:
                raise self._refusal(row, self.hours or "decimal", _("this is not a number of hours"))
        elif spanned is not None:
            seconds = spanned
        else:
            return _("no duration and no end: still running")
        if spanned is not None and given and abs(spanned - seconds) >= 60:
            self.flags.append(
                Note(
                    row.line,
                    _("lasts %(spanned)s by start and end, but says %(given)s; %(given)s is taken")
                    % {"spanned": clock(spanned), "given": given},
                )
            )
        return seconds

    def _span(self, row: Row, on: date, started: time | None) -> int | None:
        """Return the time between start and end, over midnight too; None where one of them is missing."""
        text = self._cell(row, "end_time")
        if not text or started is None:
            return None
        ended = values.read_time(text)
        if ended is None:
            raise self._refusal(row, "end_time", _("this is not a time of day"))
        last = values.read_date(self._cell(row, "end_date"), self.order) if self._cell(row, "end_date") else on
        if last is None:
            raise self._refusal(row, "end_date", _("this is not a date in the calendar"))
        span = int((datetime.combine(last, ended) - datetime.combine(on, started)).total_seconds())
        if span < 0 and last == on:
            span += 24 * HOUR
        return span if span >= 0 else None

    def _compare(self, row: Row, seconds: int, decimal: str) -> None:
        other = values.read_decimal(decimal, self.mark) if decimal else None
        if other is not None and abs(other - seconds) > 36:
            self.flags.append(
                Note(
                    row.line,
                    _("%(clock)s and %(decimal)s h differ by more than rounding; the first is taken")
                    % {"clock": self._cell(row, "clock"), "decimal": decimal},
                )
            )

    def _billable(self, row: Row) -> bool | None:
        text = self._cell(row, "billable").casefold()
        return True if text in _YES else False if text in _NO else None
