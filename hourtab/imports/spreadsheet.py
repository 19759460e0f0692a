"""From an XLSX workbook to rows of text, within bounds: what a hostile one would unpack to is
counted before it is read.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from hourtab.core.amounts import clock
from hourtab.imports.errors import Refusal
from hourtab.imports.table import LONGEST_CELL, MOST_ROWS, Row, Sheet, cell_too_long, too_many_rows
from hourtab.lib.text import clean

LARGEST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 2_000
MOST_CELLS = 4_000_000
_PIECE = 1024 * 1024
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,9})["']""")
_DAY_ZERO = datetime(1899, 12, 31)  # noqa: DTZ001


def read_workbook(content: bytes) -> list[Sheet]:
    """Read the visible sheets of a workbook. Raises `Refusal` for what is none, or is beyond the
    bounds.
    """
    _measure(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [
            _rows(found.name, book.get_sheet_by_name(found.name).to_python(skip_empty_area=False))
            for found in book.sheets_metadata
            if found.typ == SheetTypeEnum.WorkSheet and found.visible == SheetVisibleEnum.Visible
        ]
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
            total = 0
            for part in parts:
                last_row, last_column = 0, 0
                tail = b""
                for piece in _pieces(content, part):
                    total += len(piece)
                    if total > LARGEST_UNPACKED:
                        raise Refusal(
                            _("This workbook unpacks to more than %(most)s MB.")
                            % {"most": LARGEST_UNPACKED >> 20}
                        )
                    if "worksheets/" not in part.filename:
                        continue
                    for letters, digits in _REFERENCE.findall(tail + piece):
                        last_row = max(last_row, int(digits))
                        last_column = max(last_column, _column(letters))
                    tail = piece[-40:]
                if max(last_row, 1) * max(last_column, 1) > MOST_CELLS:
                    raise Refusal(
                        _(
                            "A sheet of this workbook spans too many cells. Export the report as CSV."
                        )
                    )
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        ValueError,
        EOFError,
        RuntimeError,
        IndexError,
    ) as error:
        if isinstance(error, Refusal):
            raise
        raise _unreadable() from None


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
