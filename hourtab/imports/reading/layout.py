"""Where the table of a file begins, which tool wrote it, and what its columns hold. Recognised by
name, never by position.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.reading import durations, values
from hourtab.imports.reading.columns import MAPPED, Heading, labels, plain, read_heading
from hourtab.imports.reading.readers import OTHER, TOOLS
from hourtab.imports.reading.readers.tool import Tool
from hourtab.imports.reading.table import Row, Sheet

HEADER_WITHIN = 60
SAMPLE = 200
NONE = "-"
"""The answer that says no column holds a field."""


class Column(NamedTuple):
    """One column of a file. `unit` is the seconds of its bare numbers, 0 where the heading does not
    say.
    """

    index: int  # type: ignore[assignment]
    label: str
    rank: int = 0
    unit: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """A table: its tool, its header, the rows below, and its columns by field, the best first.

    `days` are the columns of a pivot, whose headings are days; `above` the texts that stand over
    the table.
    """

    tool: Tool
    header: Row
    body: Sequence[Row]
    labels: Sequence[str]
    columns: Mapping[str, Sequence[Column]]
    days: Sequence[Column] = ()
    above: Sequence[str] = ()
    sheet: str = ""
    remark: str = ""
    mapped: Mapping[str, str] = field(default_factory=dict)
    _distinct: dict[int, dict[str, int]] = field(default_factory=dict)
    _first: dict[str, Column | None] = field(default_factory=dict)

    def cells(self, column: Column) -> Iterator[tuple[int, str]]:
        """Yield line and text of the filled cells of a column."""
        index = column.index
        for line, cells in self.body:
            if index < len(cells) and (cell := cells[index].strip()):
                yield line, cell

    def distinct(self, column: Column) -> Mapping[str, int]:
        """Return every different text of a column with the first line it stands on."""
        index = column.index
        if index not in self._distinct:
            raw: dict[str, int] = {}
            for line, cells in self.body:
                if index < len(cells) and cells[index] not in raw:
                    raw[cells[index]] = line
            found: dict[str, int] = {}
            for cell, line in raw.items():
                if text := cell.strip():
                    found.setdefault(text, line)
            self._distinct[index] = found
        return self._distinct[index]

    def first(self, name: str) -> Column | None:
        """Return the best column of a field that is not empty throughout; else the best one."""
        if name not in self._first:
            found = self.columns.get(name, ())
            self._first[name] = next(
                (column for column in found if self._is_filled(column)), found[0] if found else None
            )
        return self._first[name]

    def _is_filled(self, column: Column) -> bool:
        return next(self.cells(column), None) is not None

    def squared(self) -> "Layout":
        """Return it with every row one cell longer than the header at least, so that any column can
        be looked up.
        """
        width = len(self.header.cells) + 1
        padding = [""] * width
        for _line, cells in self.body:
            if len(cells) < width:
                cells.extend(padding[len(cells) :])
        return self


def find_layout(sheets: Sequence[Sheet], answers: Mapping[str, str]) -> Layout:
    """Find the table of a file. Raises `Refusal` where there is none, and `Open` where a column
    must be named.
    """
    chosen = _chosen(answers)
    found = [layout for sheet in sheets if (layout := _in_sheet(sheet, chosen))]
    named = [layout for layout in found if layout.sheet == answers.get("sheet")]
    if len(found) > 1 and not named and any(layout.body for layout in found[1:]):
        options = tuple(layout.sheet for layout in found)
        raise Open(
            Question("sheet", _("Several sheets hold hours. Which one is to be read?"), options)
        )
    if found:
        layout = (named or found)[0]
        if not layout.body:
            raise Refusal(_("The file has a header and no rows."), line=layout.header.line)
        return layout.squared()
    raise _nothing_found(max(sheets, key=lambda sheet: len(sheet.rows)), chosen)


def guess_tool(sheets: Sequence[Sheet]) -> Tool:
    """Return the tool that wrote a file, by the first header that is one of its reports; `OTHER`
    where none is known.
    """
    for sheet in sheets:
        for row in sheet.rows[:HEADER_WITHIN]:
            tool = _tool([read_heading(cell) for cell in row.cells])
            if tool is not OTHER:
                return tool
    return OTHER


def bears(sheets: Sequence[Sheet], wanted: Iterable[str]) -> bool:
    """Say whether a row of the file has all these labels, as its header would."""
    needed = set(wanted)
    return any(
        needed <= set(labels(row.cells)) for sheet in sheets for row in sheet.rows[:HEADER_WITHIN]
    )


def _chosen(answers: Mapping[str, str]) -> dict[str, str]:
    """Return the columns named by hand, by field."""
    return {
        key.removeprefix("column."): value
        for key, value in answers.items()
        if key.startswith("column.") and value
    }


def _in_sheet(sheet: Sheet, chosen: Mapping[str, str]) -> Layout | None:
    for i, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        layout = _as_header(sheet, i, row, chosen)
        if layout and _is_complete(layout):
            return layout
    return None


def _is_complete(layout: Layout) -> bool:
    """Say whether days and durations are there."""
    has = layout.columns.keys()
    if layout.days:
        return True
    return bool({"date", "start"} & has) and (
        bool({"duration", "rounded", "billed"} & has) or {"start", "end"} <= has
    )


def _as_header(sheet: Sheet, i: int, row: Row, chosen: Mapping[str, str]) -> Layout | None:
    """Read a row as if it were the header."""
    named = labels(row.cells)
    if any(label != NONE and label not in named for label in chosen.values()):
        return None
    headings = [read_heading(cell) for cell in row.cells]
    tool = _tool(headings)
    columns: dict[str, list[Column]] = {}
    for index, heading in enumerate(headings):
        name = _overrides(tool).get(heading.plain.replace(" ", ""), heading.field)
        if name:
            columns.setdefault(name, []).append(
                Column(index, named[index], heading.rank, heading.unit)
            )
    for name, label in chosen.items():
        columns.pop(name, None)
        if label != NONE:
            index = named.index(label)
            for others in columns.values():
                others[:] = [column for column in others if column.index != index]
            columns[name] = [Column(index, label, 0, headings[index].unit)]
    if "duration" in chosen:
        columns.pop("rounded", None)
        columns.pop("billed", None)
    columns = {
        name: sorted(found, key=lambda column: (column.rank, column.index))
        for name, found in columns.items()
        if found
    }
    days = (
        []
        if "date" in columns or ("start" in columns and "end" in columns)
        else _days(row, named, headings)
    )
    above = [" ".join(filter(None, map(str.strip, other.cells))) for other in sheet.rows[:i]]
    body = sheet.rows[i + 1 :]
    return Layout(tool, row, body, named, columns, days, above, sheet.name, sheet.remark, chosen)


def _days(row: Row, named: Sequence[str], headings: Sequence[Heading]) -> list[Column]:
    """Return the columns of a pivot: those whose heading is a day, at least two, or one beside
    other known columns.
    """
    days = [
        Column(index, named[index])
        for index, cell in enumerate(row.cells)
        if not headings[index].field
        and len(cell) <= 40
        and (values.read_moment(cell, "dmy") or values.read_moment(cell, "mdy"))
    ]
    known = {heading.field for heading in headings} - {""}
    others = [
        cell
        for index, cell in enumerate(row.cells)
        if cell.strip() and index not in {day.index for day in days}
    ]
    if any(
        durations.is_number(cell.strip()) or durations.read_clock(cell.strip()) is not None
        for cell in others
    ):
        return []  # A row of the table, not its header.
    if (
        days
        and known & {"client", "project", "task", "person", "description"}
        and (len(days) > 1 or len(known) == len(others))
    ):
        return days
    short = [
        Column(index, named[index])
        for index, cell in enumerate(row.cells)
        if not headings[index].field and _is_short_day(cell)
    ]
    return (
        short
        if len(short) >= 5 and known & {"client", "project", "task", "person", "description"}
        else []
    )


def _is_short_day(cell: str) -> bool:
    """Say whether a heading names a day without its year: `Mon`, `Mon, Jan 4`, `04.01.`."""
    text = cell.strip().replace("\n", " ")
    if not text or len(text) > 24:
        return False
    first = text.replace(",", " ").split()[0] if text.replace(",", " ").split() else ""
    return (
        bool(values.weekday_of(first))
        or bool(values.DAY_MONTH.fullmatch(text))
        or bool(values.is_named_day(text))
    )


@cache
def _overrides(tool: Tool) -> dict[str, str]:
    return {name.replace(" ", ""): wanted for name, wanted in tool.columns.items()}


@cache
def _signs_of(tool: Tool) -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(sign if sign.startswith("@") else sign.replace(" ", "") for sign in wanted)
        for wanted in tool.signs
    )


def _tool(headings: Sequence[Heading]) -> Tool:
    """Return the first tool whose signs the headings bear."""
    signs = {heading.plain.replace(" ", "") for heading in headings}
    for heading in headings:
        if heading.field:
            signs.add(f"@{heading.field}")
            if heading.field == "duration" and (
                heading.is_decimal or heading.plain.endswith("(h)")
            ):
                signs.add("@duration (decimal)" if heading.is_decimal else "@duration (h)")
    for tool in TOOLS:
        if any(wanted <= signs for wanted in _signs_of(tool)):
            return tool
    return OTHER


def _nothing_found(sheet: Sheet, chosen: Mapping[str, str]) -> Refusal | Open:
    """Say what is missing: ask for the column that could hold it, or refuse with the reason."""
    layouts = [
        layout
        for i, row in enumerate(sheet.rows[:HEADER_WITHIN])
        if (layout := _as_header(sheet, i, row, chosen))
    ]
    if not layouts:
        return Refusal(_("No row of this file has the columns that were named for it."))
    headers = [layout for layout in layouts if _could_be_header(layout)]
    if not headers and any(_reads_as_day(cell.strip()) for cell in layouts[0].header.cells):
        text = _(
            "No row says what the columns are. Put a header above the rows, like: Date, Hours, Client, Notes."
        )
        return Refusal(text, line=layouts[0].header.line)
    best = max(headers or layouts, key=lambda layout: (len(layout.columns), -layout.header.line))
    has = best.columns.keys()
    first = ", ".join(cell.strip() for cell in best.header.cells[:6])[:120]
    if not {"date", "start"} & has:
        options = _columns_with(best, _reads_as_day)
        if options and best.body:
            text = _("Which column holds the day of the work? The header is “%(first)s …”.") % {
                "first": first
            }
            return Open(Question("column.date", text, options, best.header.line))
        if {"duration", "rounded", "billed"} & has:
            how = best.tool.how_to_export or OTHER.how_to_export
            return Refusal(
                _(
                    "This is a summary: it has hours and no days. Export the detailed report instead: %(how)s."
                )
                % {"how": how},
                line=best.header.line,
            )
        return Refusal(
            _("This is not a report of hours: no column holds days. Its first line is “%(first)s”.")
            % {"first": first},
            line=best.header.line,
        )
    if not best.body:
        return Refusal(_("The file has a header and no rows."), line=best.header.line)
    taken = {column.index for found in best.columns.values() for column in found}
    options = _columns_with(best, _reads_as_duration, taken)
    if options:
        text = _("Which column holds the time worked? The header is “%(first)s …”.") % {
            "first": first
        }
        return Open(Question("column.duration", text, options, best.header.line))
    return Refusal(
        _("No column holds a duration, and none a start and an end. The header is “%(first)s”.")
        % {"first": first},
        line=best.header.line,
    )


def _could_be_header(layout: Layout) -> bool:
    """Say whether a row has several cells, none of them a number or a day."""
    filled = [cell.strip() for cell in layout.header.cells if cell.strip()]
    return len(filled) > 1 and not any(
        durations.is_number(cell) or _reads_as_day(cell) for cell in filled
    )


def _columns_with(layout: Layout, reads: object, taken: Iterable[int] = ()) -> tuple[str, ...]:
    """Return the labels of the columns most of whose cells can be read so."""
    found = []
    for index, label in enumerate(layout.labels):
        cells = [cell for _line, cell in islice(layout.cells(Column(index, label)), SAMPLE)]
        if index not in taken and cells and 2 * sum(map(reads, cells)) > len(cells):  # type: ignore[call-overload]
            found.append(label)
    return tuple(found)


def _reads_as_day(cell: str) -> bool:
    return bool(values.read_moment(cell, "dmy") or values.read_moment(cell, "mdy"))


def _reads_as_duration(cell: str) -> bool:
    return (
        durations.read_clock(cell) is not None
        or durations.read_units(cell, ".") is not None
        or durations.is_number(cell)
    )


def mapping(layout: Layout) -> dict[str, str]:
    """Return which column is read for which field, for the form that corrects it."""
    found = {name: column.label for name in MAPPED if (column := layout.first(name))}
    if "duration" not in found and (column := layout.first("rounded") or layout.first("billed")):
        found["duration"] = column.label
    return found


def is_header_again(layout: Layout, cells: Sequence[str]) -> bool:
    """Say whether a row repeats the header, as files do that were put together from several."""
    if len(cells) < 2 or plain(next(filter(str.strip, cells), "")) not in map(
        plain, layout.header.cells
    ):
        return False
    return [plain(cell) for cell in cells if cell.strip()] == [
        plain(cell) for cell in layout.header.cells if cell.strip()
    ]
