"""From an XLSX workbook to rows of text, within bounds: what a hostile one would unpack to is
counted before it is read.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree

from django.utils.translation import gettext as _
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from hourtab.core.amounts import clock
from hourtab.imports.errors import Refusal
from hourtab.imports.reading.patience import EVERY, keep_on
from hourtab.imports.reading.table import (
    LONGEST_CELL,
    MOST_ROWS,
    Row,
    Sheet,
    cell_too_long,
    too_many_rows,
)
from hourtab.lib.text import clean

LARGEST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 2_000
MOST_CELLS = 4_000_000
"""What all sheets that are shown may span together."""
MOST_SHEETS = 100
_PIECE = 1024 * 1024
_REFERENCE = re.compile(rb"""r\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,9})["']""")
_LARGEST_BOOK = 4 * 1024 * 1024
_LONGEST_TAG = 4096
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_DAY_ZERO = datetime(1899, 12, 31)  # noqa: DTZ001


def read_workbook(content: bytes) -> list[Sheet]:
    """Read the visible sheets of a workbook. Raises `Refusal` for what is none, or is beyond the
    bounds.
    """
    _measure(content)
    sheets, cells = [], 0
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for found in _shown(book):
            keep_on()
            sheet = book.get_sheet_by_name(found.name)
            cells += sheet.total_height * sheet.total_width
            if cells > MOST_CELLS:
                raise _too_many_cells()
            sheets.append(_rows(found.name, sheet.to_python(skip_empty_area=False)))
    except Refusal:
        raise
    except (CalamineError, ValueError, OSError, OverflowError, MemoryError):
        raise _unreadable() from None
    except BaseException as error:
        # A panic of the library below is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable() from None
    sheets = [sheet for sheet in sheets if sheet.rows]
    if not sheets:
        raise Refusal(_("The file is empty."))
    return sheets


def _shown(book: CalamineWorkbook) -> list[SheetMetadata]:
    found = [
        sheet
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    if len(found) > MOST_SHEETS:
        raise Refusal(
            _("The workbook has more than %(most)s sheets. Export the report alone.")
            % {"most": MOST_SHEETS}
        )
    return found


def _too_many_cells() -> Refusal:
    return Refusal(_("This workbook spans too many cells. Export the report as CSV."))


def _unreadable() -> Refusal:
    return Refusal(_("This workbook cannot be read. Open it and save it as XLSX or CSV."))


def _measure(content: bytes) -> None:
    """Unpack every part bit by bit, keeping nothing, and refuse what grows beyond the bounds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if (
                "xl/workbook.xml" not in {part.filename for part in parts}
                or len(parts) > MOST_PARTS
            ):
                raise _unreadable()
            total, spans = 0, {}
            for part in parts:
                span = _Span()
                for piece in _pieces(content, part):
                    keep_on()
                    total += len(piece)
                    if total > LARGEST_UNPACKED:
                        raise Refusal(
                            _("This workbook unpacks to more than %(most)s MB.")
                            % {"most": LARGEST_UNPACKED >> 20}
                        )
                    span.add(piece)
                span.end()
                spans[part.filename] = span.cells
            shown, hidden = _parts_of_sheets(archive)
            sheets = {name for name in spans if "worksheets/" in name} | set(hidden)
            most = max((spans.get(name, 0) for name in sheets), default=0)
            if max(most, sum(spans.get(name, 0) for name in shown)) > MOST_CELLS:
                raise _too_many_cells()
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        ValueError,
        EOFError,
        RuntimeError,
        IndexError,
        KeyError,
        ElementTree.ParseError,
    ) as error:
        if isinstance(error, Refusal):
            raise
        raise _unreadable() from None


class _Span:
    """How many cells a sheet spans: to its last row and its last column, said or counted."""

    def __init__(self) -> None:
        self.last_row, self.last_column, self.rows, self.in_row = 1, 1, 0, 0
        self.carry = b""

    @property
    def cells(self) -> int:
        return self.last_row * self.last_column

    def add(self, piece: bytes) -> None:
        """Look at some more of it; a tag that is cut is looked at with the next piece."""
        text = self.carry + piece
        cut = max(text.rfind(b"<"), len(text) - _LONGEST_TAG)
        self.carry, text = text[cut:], text[:cut]
        self._look_at(text)

    def end(self) -> None:
        """Look at what is left."""
        self._look_at(self.carry)

    def _look_at(self, text: bytes) -> None:
        for letters, digits in _REFERENCE.findall(text):
            self.last_row = max(self.last_row, int(digits))
            self.last_column = max(self.last_column, _column(letters))
        # A cell need not say where it is: then it stands beside the one before.
        first, *others = _ROW.split(text)
        for in_row in (self.in_row + _cells_in(first), *map(_cells_in, others)):
            self.in_row = in_row
            self.last_column = max(self.last_column, in_row)
        self.rows += len(others)
        self.last_row = max(self.last_row, self.rows)


def _cells_in(row: bytes) -> int:
    return len(_CELL.findall(row))


def _parts_of_sheets(archive: zipfile.ZipFile) -> tuple[list[str], list[str]]:
    """Return the part of each sheet that is shown, and of each that is not; a part that several
    sheets are of is there as often.
    """
    relations = _tree(archive, "xl/_rels/workbook.xml.rels")
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations.iter()}
    parts: tuple[list[str], list[str]] = ([], [])
    for sheet in _tree(archive, "xl/workbook.xml").iter():
        if sheet.tag.rpartition("}")[2] == "sheet":
            name = posixpath.normpath(posixpath.join("/xl", targets.get(_relation(sheet)) or ""))
            parts[sheet.get("state", "visible") != "visible"].append(name.lstrip("/"))
    return parts


def _tree(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(name) as part:
        text = part.read(_LARGEST_BOOK)
    if b"<!" in text.replace(b"<!--", b""):
        raise _unreadable()
    return ElementTree.fromstring(text)  # noqa: S314  (it declares nothing, and is bounded)


def _relation(sheet: ElementTree.Element) -> str | None:
    return next((value for key, value in sheet.items() if key.endswith("}id")), None)


def _pieces(content: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part's bytes as they really unpack, whatever its directory says."""
    head = part.header_offset
    if content[head : head + 4] != b"PK\x03\x04":
        raise _unreadable()
    start = (
        head
        + 30
        + int.from_bytes(content[head + 26 : head + 28], "little")
        + int.from_bytes(content[head + 28 : head + 30], "little")
    )
    packed = memoryview(content)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[i : i + _PIECE]) for i in range(0, len(packed), _PIECE))
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise _unreadable()
    unpack = zlib.decompressobj(-15)
    rest = bytes(packed)
    while rest and not unpack.eof:
        yield unpack.decompress(rest, _PIECE)
        rest = unpack.unconsumed_tail


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _rows(name: str, values: list[list[Any]]) -> Sheet:
    rows: list[Row] = []
    for i, row in enumerate(values):
        if not i % EVERY:
            keep_on(i + 1)
        cells = [_text(value) for value in row]
        if not any(cell.strip() for cell in cells):
            continue
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise cell_too_long(i + 1)
        if len(rows) > MOST_ROWS:
            raise too_many_rows(i + 1)
        rows.append(Row(i + 1, cells))
    return Sheet(name, rows)


def _text(value: object) -> str:
    """Return a cell's value as text that cannot be misread: ISO dates, clocks, decimal points."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, timedelta):
        return clock((value + timedelta(microseconds=500_000)) // timedelta(seconds=1))
    if isinstance(value, datetime):
        value += timedelta(microseconds=500_000)
        if value.year <= 1900:
            # A duration in the format of a time of day, at or above 24 h.
            return clock((value - _DAY_ZERO) // timedelta(seconds=1))
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.replace(microsecond=0).isoformat()
    return ""


def _number(value: float) -> str:
    """Write a number with a decimal point; never with three places, which could be thousands."""
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    text = f"{value:.15g}"
    if "e" in text:
        text = f"{value:.12f}".rstrip("0").rstrip(".")
    _whole, point, places = text.partition(".")
    return text + "0" if point and len(places) == 3 else text
