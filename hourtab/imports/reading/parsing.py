"""From a file to work lines: which tool wrote it, what every row says, and which rows are no
entries.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, time, timedelta, tzinfo
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR, clock
from hourtab.imports.errors import Refusal
from hourtab.imports.reading import durations, spreadsheet, table, values
from hourtab.imports.reading.checks import flag_days, without_totals
from hourtab.imports.reading.clocks import Clock, Span, Zone
from hourtab.imports.reading.hours import Hours
from hourtab.imports.reading.html import text_of
from hourtab.imports.reading.layout import Column, Layout, find_layout, is_header_again
from hourtab.imports.reading.lines import Note, Reading, WorkLine
from hourtab.imports.reading.patience import EVERY, keep_on
from hourtab.imports.reading.table import LARGEST_FILE, Row, Sheet
from hourtab.imports.reading.values import Moment, Spoken
from hourtab.imports.reading.vocabulary import BILLABLE_OF, TOTALS, TURNED
from hourtab.lib.csv import unguarded
from hourtab.lib.text import folded

LONGEST_ROW = 1000 * HOUR
_SOME_DAY = date(2001, 1, 3)
"""Stands for the day of a row that names none; no clocks change on it."""
_TOTAL_OF = ("total ", "subtotal ", "summe ", "gesamt ", "totale ", "totaal ")


def read_sheets(content: bytes, *, today: date | None = None, zone: tzinfo = UTC) -> list[Sheet]:
    """Read a file's rows, whatever kind of file it is. Raises `Refusal` for what cannot be read."""
    if len(content) > LARGEST_FILE:
        raise Refusal(
            _("The file has %(size)s MB; 20 MB are the most.") % {"size": len(content) // 1_048_576}
        )
    if not content.strip(b" \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\0"):
        raise Refusal(_("The file is empty."))
    if content.startswith(b"PK\x03\x04"):
        return spreadsheet.read_workbook(content)
    if content.startswith(
        (b"%PDF", b"\xd0\xcf\x11\xe0", b"PK", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")
    ):
        raise Refusal(_("This is not a text file. Export the report as CSV or XLSX."))
    if content[:400].lstrip(b"\xef\xbb\xbf \r\n").upper().startswith(b"BEGIN:VCALENDAR"):
        from hourtab.imports.reading import (
            appointments,  # What reads calendars takes long to load, and few files are calendars.
        )

        return [appointments.read_calendar(content, today or date.max - timedelta(1), zone)]
    return [table.read_text(content)]


def parse(
    content: bytes,
    file_name: str,
    answers: Mapping[str, str],
    *,
    zone: tzinfo = UTC,
    today: date | None = None,
) -> Reading:
    """Read a file. `zone` is where instants become days, `today` the last day that is not in the
    future.

    Raises `Refusal` for what cannot be read, and `Open` for what only the user can say.
    """
    return parse_sheets(
        read_sheets(content, today=today, zone=zone), file_name, answers, zone=zone, today=today
    )


def parse_sheets(
    sheets: Sequence[Sheet],
    file_name: str,
    answers: Mapping[str, str],
    *,
    zone: tzinfo = UTC,
    today: date | None = None,
) -> Reading:
    """Read what `read_sheets` returned."""
    return _Pass(find_layout(sheets, answers), file_name, answers, zone, today).reading()


_TEXTS = (
    "client",
    "project",
    "task",
    "description",
    "person",
    "tags",
    "contract",
    "category",
    "scope",
)
_FIELDS = (
    "date",
    "start",
    "end",
    "end_date",
    "pause",
    "billable",
    "not_billable",
    "first_name",
    "last_name",
    "email",
    "id",
    "why_not",
)


class _Pass:
    """One pass over a table whose columns are known."""

    def __init__(
        self,
        layout: Layout,
        file_name: str,
        answers: Mapping[str, str],
        zone: tzinfo,
        today: date | None,
    ) -> None:
        self.layout, self.file_name, self.zone, self.today = layout, file_name, zone, today
        self.clocks = Zone(zone)
        self.leave_out = answers.get("unreadable") == "leave_out"
        self.no_entries: list[Note] = []
        self.flags: list[Note] = []
        self.decided: dict[str, str] = {}
        self.columns = {name: layout.first(name) for name in (*_TEXTS, *_FIELDS)}
        self.columns["date"] = self._date_column()
        self.order = values.date_order(
            self._spoken(), layout.above, file_name, answers.get("date_order")
        )
        if self.order:
            self.decided["date_order"] = self.order
        self.stated = values.stated_range(file_name, layout.above, self.order)
        self.moments: dict[str, Moment | None] = {}
        self.hours = Hours(layout, answers, self._span_of)
        self.decided |= self.hours.decided
        self.is_midnight = self._is_always_midnight()

    def reading(self) -> Reading:
        """Read every row."""
        if self.layout.remark:
            self.flags.append(Note(self.layout.header.line, self.layout.remark))
        lines = list(self._pivoted() if self.layout.days else self._read())
        lines = without_totals(lines, self.no_entries, self.flags)
        flag_days(lines, self.today, self.clocks, self.flags)
        self.no_entries.sort()
        self.flags.sort()
        return Reading(
            self.layout.tool,
            lines,
            self.no_entries,
            self.flags,
            self.decided,
            self.stated,
            self.layout,
        )

    # What the columns hold

    def _date_column(self) -> Column | None:
        """Return the best column for days whose cells are days: a “Day” may hold weekdays, and then
        tells the date order.
        """
        found = self.layout.columns.get("date", ())
        days = []
        for column in found:
            cells = [cell for _line, cell in _some(self.layout.cells(column))]
            weekdays = sum(bool(values.weekday_of(cell)) for cell in cells)
            if cells and 2 * weekdays < len(cells):
                days.append(column)
            elif weekdays:
                self.columns["weekday"] = column
        return days[0] if days else found[0] if found and "weekday" not in self.columns else None

    def _spoken(self) -> Iterator[Spoken]:
        """Yield every different date of the file once, with the weekday beside it."""
        date_column, weekday = (
            self.columns["date"],
            self.columns.get("weekday") or self.layout.first("weekday"),
        )
        seen: dict[tuple[str, str], int] = {}
        if date_column and weekday:
            for line, cells in self.layout.body:
                if len(cells) > max(date_column.index, weekday.index):
                    seen.setdefault(
                        (cells[date_column.index].strip(), cells[weekday.index].strip()), line
                    )
        others = [
            self.columns["start"],
            self.columns["end"],
            self.columns["end_date"],
            *self.layout.columns.get("other_date", ()),
        ]
        for column in (date_column, *others):
            if column:
                for cell, line in self.layout.distinct(column).items():
                    if (cell, "") not in seen:
                        seen[cell, ""] = line
        yield from (Spoken(line, cell, day) for (cell, day), line in seen.items())
        yield from (Spoken(self.layout.header.line, column.label) for column in self.layout.days)

    def _is_always_midnight(self) -> bool:
        """Say whether the days are written as instants of midnight, which says nothing about when
        work began.
        """
        column = self.columns["date"]
        if column is None:
            return False
        moments = {self._moment(cell) for _line, cell in _some(self.layout.cells(column), 2000)}
        return all(moment is None or moment.at in (None, time()) for moment in moments)

    def _moment(self, cell: str) -> Moment | None:
        """Read a day, a day with a time, or a time alone, which has no day: `date.min`."""
        if cell not in self.moments:
            self.moments[cell] = values.read_time(cell) or values.read_moment(
                cell, self.order, self.zone
            )
        return self.moments[cell]

    def _span_of(self, row: Row) -> int | None:
        """Return the time between start and end of a row, for finding out what a bare number
        means.
        """
        try:
            span = self._span(
                row,
                self._cell(row, "date"),
                self._cell(row, "start"),
                self._cell(row, "end"),
                self._cell(row, "end_date"),
            )
        except Refusal:
            return None
        return span.seconds if span else None

    def _cell(self, row: Row, name: str) -> str:
        column = self.columns.get(name)
        return row.cells[column.index].strip() if column and column.index < len(row.cells) else ""

    # The rows

    def _read(self) -> Iterator[WorkLine]:
        width = len(self.layout.header.cells)
        empty = width
        places = [
            column.index if (column := self.columns[name]) else empty
            for name in (*_TEXTS, *_FIELDS)
        ]
        pick = itemgetter(*places)
        billable: dict[str, str] = {}
        hours, moments, compares = self.hours, self.moments, len(self.hours.worked) > 1
        worked, durations = hours.index, hours.first_known
        html, guarded = self.layout.tool.writes_html, self.layout.tool.is_guarded
        for number, row in enumerate(self.layout.body):
            line, cells = row
            if not number % EVERY:
                keep_on(line)
            try:
                if (len(cells) > width + 1 or cells[width]) and any(map(str.strip, cells[width:])):
                    said = {"cells": len(cells), "columns": width}
                    reason = (
                        _(
                            "this row has %(cells)s cells, the header has %(columns)s: is a text not quoted?"
                        )
                        % said
                    )
                    raise Refusal(reason, line=line, is_of_row=True)
                (
                    client,
                    project,
                    task,
                    description,
                    person,
                    tags,
                    contract,
                    category,
                    scope,
                    on_cell,
                    start_cell,
                    end_cell,
                    end_date,
                    pause,
                    bill,
                    not_bill,
                    first_name,
                    last_name,
                    email,
                    ref,
                    why_not,
                ) = pick(cells)
                on_cell, start_cell, end_cell = (
                    on_cell.strip(),
                    start_cell.strip(),
                    end_cell.strip(),
                )
                if why_not:
                    self.no_entries.append(Note(line, why_not))
                    continue
                key = on_cell or start_cell
                moment = moments[key] if key in moments else self._moment(key)
                if moment is None or moment.on == date.min:
                    self._no_date(row, key, moment)
                    continue
                on, started = moment.on, moment.at
                if on_cell and self.is_midnight:
                    started = None
                if on_cell and start_cell:
                    begun = (
                        moments[start_cell] if start_cell in moments else self._moment(start_cell)
                    )
                    if begun is None:
                        raise self._refusal(row, "start", _("this is not a time of day"))
                    started = begun.at or started
                seconds = durations.get(cells[worked].strip()) if worked is not None else None
                if seconds is None:
                    seconds = hours.seconds(row, cells)
                span = None
                if end_cell or end_date:
                    span = self._span(row, on_cell, start_cell, end_cell, end_date.strip())
                if seconds is None:
                    if span is None:
                        running = (
                            self.columns["end"] is not None and started is not None and not end_cell
                        )
                        why = (
                            _("no duration and no end: still running")
                            if running
                            else _("no duration, not an entry")
                        )
                        self.no_entries.append(Note(line, why))
                        continue
                    seconds = max(0, span.seconds - self._pause(row, pause.strip()))
                    if span.doubt:
                        self.flags.append(Note(line, span.doubt))
                elif seconds < 0:
                    given = hours.given(cells)
                    why = _(
                        "a negative amount (%(given)s): set it against its original by hand"
                    ) % {"given": given}
                    self.no_entries.append(Note(line, why))
                    continue
                elif span is not None and abs(span.seconds - seconds) > 60:
                    self._flag_span(row, cells, span, seconds, pause.strip())
                if compares and (why := hours.disagreement(cells, seconds)):
                    self.flags.append(Note(line, why))
                if seconds > LONGEST_ROW:
                    raise Refusal(
                        _("more than 1,000 hours in one entry"),
                        line=line,
                        column=hours.label,
                        value=hours.given(cells) or clock(seconds),
                    )
                bill_key = bill or not_bill
                if bill_key not in billable:
                    meant = BILLABLE_OF.get(folded(bill_key), "")
                    billable[bill_key] = TURNED.get(meant, meant) if not bill else meant
                person = (
                    person.strip()
                    or f"{first_name.strip()} {last_name.strip()}".strip()
                    or email.strip()
                )
                if "@" in person:
                    person = person.partition("@")[0] or person
                if html:
                    keep_on(line)
                    description = text_of(description)
                if guarded:
                    contract, category = unguarded(contract), unguarded(category)
                    client, project, description, person = map(
                        unguarded, (client, project, description, person)
                    )
            except Refusal as refusal:
                self._left_out(refusal, line)
                continue
            yield WorkLine(
                line,
                on,
                seconds,
                started,
                client.strip(),
                project.strip(),
                task.strip(),
                description if description.strip() else "",
                person,
                billable[bill_key],
                tags.strip(),
                contract.strip(),
                ref.strip()[:60],
                category.strip(),
                scope.strip(),
            )

    def _left_out(self, refusal: Refusal, line: int) -> None:
        """Name a row that cannot be read and was left out by choice; else refuse the file."""
        if not self.leave_out:
            raise refusal
        self.no_entries.append(
            Note(line, _("left out by choice: %(refusal)s") % {"refusal": refusal})
        )

    def _no_date(self, row: Row, cell: str, moment: Moment | None) -> None:
        """Name a row without a day; refuse one whose day is there and cannot be read."""
        filled = [text.strip() for text in row.cells if text.strip()]
        first = folded(filled[0]).rstrip(": ") if filled else ""
        is_total = first in TOTALS or first.startswith(_TOTAL_OF)
        if is_total and (not cell or folded(cell).rstrip(": ") == first):
            self.no_entries.append(Note(row.line, _("a total, not an entry")))
            return
        if is_header_again(self.layout, row.cells):
            why = _("the header again, not an entry")
        elif not cell or folded(cell).rstrip(": ") in TOTALS:
            why = _("no date: a total or subtotal, not an entry")
        elif len(filled) == 1 and moment is None and len(self.layout.header.cells) > 2:
            why = _("a remark, not an entry")
        else:
            name = "date" if self._cell(row, "date") else "start"
            self._left_out(
                self._refusal(row, name, _("this is not a date in the calendar")), row.line
            )
            return
        self.no_entries.append(Note(row.line, why))

    def _refusal(self, row: Row, name: str, reason: str) -> Refusal:
        column = self.columns.get(name)
        return Refusal(
            reason,
            line=row.line,
            column=column.label if column else None,
            value=self._cell(row, name),
        )

    def _span(
        self, row: Row, on_cell: str, start_cell: str, end_cell: str, end_date: str
    ) -> Span | None:
        """Return the time between start and end, over midnight too; None where one of them is
        missing.
        """
        day = self._moment(on_cell) if on_cell else None
        begun = self._moment(start_cell) if start_cell else day
        ended = self._moment(end_cell) if end_cell else None
        if end_cell and ended is None:
            raise self._refusal(row, "end", _("this is not a time of day"))
        last = self._moment(end_date) if end_date else None
        if end_date and (last is None or last.on == date.min):
            raise self._refusal(row, "end_date", _("this is not a date in the calendar"))
        if begun is None or begun.at is None:
            return None
        if ended is None:
            ended = last if last and last.at else None
        if ended is None or ended.at is None:
            return None
        first_day = begun.on if begun.on != date.min else day.on if day else date.min
        last_day = ended.on if ended.on != date.min else last.on if last else first_day
        if first_day == date.min or last_day == date.min:
            first_day = last_day = _SOME_DAY
        return self.clocks.between(
            Clock(first_day, begun.at, begun.ahead), Clock(last_day, ended.at, ended.ahead)
        )

    def _pause(self, row: Row, cell: str) -> int:
        """Return the seconds of a pause: a clock, or minutes unless the heading says otherwise."""
        column = self.columns.get("pause")
        if not cell or column is None:
            return 0
        seconds = durations.read_clock(cell)
        if seconds is None:
            seconds = durations.read_units(cell, self.hours.mark)
        if seconds is None:
            seconds = durations.read_number(cell, self.hours.mark, column.unit or 60)
        if seconds is None:
            raise self._refusal(row, "pause", _("this is not a duration"))
        return seconds

    def _flag_span(
        self, row: Row, cells: Sequence[str], span: Span, seconds: int, pause: str
    ) -> None:
        try:
            less = self._pause(row, pause)
        except Refusal:
            less = 0
        could_be = (span.seconds, *span.others)
        if any(abs(could - off - seconds) <= 60 for could in could_be for off in {0, less}):
            return
        why = _("lasts %(spanned)s by start and end, but says %(given)s; %(given)s is taken")
        self.flags.append(
            Note(row.line, why % {"spanned": clock(span.seconds), "given": self.hours.given(cells)})
        )

    def _pivoted(self) -> Iterator[WorkLine]:
        """Read a table whose columns are days: each filled cell is that day's work."""
        days = self._days()
        lost = next((column.label for column, day in days if day is None), None)
        if lost:
            reason = _(
                "The column “%(label)s” does not say which day it is: a summary. Export the "
                "detailed report instead: %(how)s."
            )
            raise Refusal(
                reason % {"label": lost, "how": self.layout.tool.how_to_export},
                line=self.layout.header.line,
            )
        for row in self.layout.body:
            keep_on(row.line)
            texts: Any = {name: self._cell(row, name) for name in _TEXTS}
            names = [text for name, text in texts.items() if text and name != "tags"]
            filled = [cell.strip() for cell in row.cells if cell.strip()]
            if (
                not names
                or folded(filled[0]).rstrip(": ") in TOTALS
                or any(folded(name).rstrip(": ") in TOTALS for name in names)
            ):
                self.no_entries.append(Note(row.line, _("a total, not an entry")))
                continue
            said = BILLABLE_OF.get(folded(self._cell(row, "billable")), "")
            for column, day in days:
                cell = row.cells[column.index].strip() if column.index < len(row.cells) else ""
                if not cell or cell in "-–—" or day is None:
                    continue
                try:
                    seconds = self.hours.read(cell, column, row.line)
                    if seconds > LONGEST_ROW:
                        raise Refusal(
                            _("more than 1,000 hours in one entry"),
                            line=row.line,
                            column=column.label,
                            value=cell,
                        )
                except Refusal as refusal:
                    self._left_out(refusal, row.line)
                    continue
                if seconds < 0:
                    why = _(
                        "a negative amount (%(given)s): set it against its original by hand"
                    ) % {"given": cell}
                    self.no_entries.append(Note(row.line, why))
                elif seconds:
                    yield WorkLine(row.line, day, seconds, billable=said, **texts)

    def _days(self) -> list[tuple[Column, date | None]]:
        """Return the day of each column, by the range the file states where the headings leave the
        year open.
        """
        names = [(column, column.label.split(" (column")[0]) for column in self.layout.days]
        orders: tuple[values.DateOrder, ...] = (self.order,) if self.order else ("dmy", "mdy")
        read = []
        for order in orders:
            window = values.stated_range(self.file_name, self.layout.above, order)
            read.append(
                [
                    (column, values.read_day_of(name, self.order or order, window))
                    for column, name in names
                ]
            )
        whole = [days for days in read if all(day for _column, day in days)]
        return (
            whole[0]
            if whole and all(days == whole[0] for days in whole)
            else read[0]
            if not whole
            else [(names[0][0], None)]
        )


def _some(cells: Iterator[tuple[int, str]], most: int = 50) -> Iterator[tuple[int, str]]:
    for _number, item in zip(range(most), cells, strict=False):
        yield item
