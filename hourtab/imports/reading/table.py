"""From bytes to rows of text with their line numbers: encodings, delimiters, bounds. Knows nothing
of time.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from hourtab.imports.errors import Refusal
from hourtab.imports.reading.patience import EVERY, keep_on
from hourtab.lib.text import clean

LARGEST_FILE = 20 * 1024 * 1024
MOST_ROWS = 200_000
LONGEST_CELL = 100_000
_DELIMITERS = ",;\t|"

csv.field_size_limit(LONGEST_CELL)


class Row(NamedTuple):
    """One record. `line` is the line of the file, or the row of the sheet, it begins on, counting
    from 1.
    """

    line: int
    cells: list[str]


class Sheet(NamedTuple):
    """The rows of a file, or of one sheet of a workbook. `remark` says what was decided in reading
    it.
    """

    name: str
    rows: list[Row]
    remark: str = ""


def read_text(content: bytes) -> Sheet:
    """Read a file of delimited text. Raises `Refusal` for what is none, or is beyond the bounds."""
    text, remark = _decode(content)
    first, _newline, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower().startswith("sep=") and len(first.strip("\r\n \ufeff")) <= 5:
        delimiter, text, skipped = (first.strip("\r\n")[4:5] or "\t"), rest, 1
    else:
        delimiter = _delimiter(text)
    try:
        rows = list(_records(text, delimiter, skipped, strict=True))
    except _Loose as loose:
        rows = list(_records(text, delimiter, skipped, strict=False))
        if any("\n" in cell or "\r" in cell for row in rows for cell in row.cells):
            raise Refusal(
                _("A quotation mark opens here that is not closed as it should be."),
                line=loose.line,
            ) from None
    if not rows:
        raise Refusal(_("The file is empty."))
    return Sheet("", rows, remark)


class _Loose(Exception):
    """A quoted cell goes on behind its closing quotation mark."""

    def __init__(self, line: int) -> None:
        self.line = line


def _records(text: str, delimiter: str, skipped: int, *, strict: bool) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    before, count = skipped, 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num + skipped
            if any(cells) and (cells[0] or any(map(str.strip, cells))):
                count += 1
                if not count % EVERY:
                    keep_on(line)
                if count > MOST_ROWS + 1:
                    raise too_many_rows(line)
                yield Row(line, cells)
    except csv.Error as error:
        if "field larger" in str(error):
            raise cell_too_long(before + 1) from None
        if "unexpected end of data" in str(error):
            raise Refusal(
                _("A quotation mark opens here and is never closed."), line=before + 1
            ) from None
        if strict:
            raise _Loose(before + 1) from None
        raise Refusal(_("This line cannot be read as CSV."), line=before + 1) from None


def too_many_rows(line: int) -> Refusal:
    """Return the refusal of a file beyond the bound of rows."""
    return Refusal(
        _("The file has more than %(most)s rows. Split it by month.") % {"most": f"{MOST_ROWS:,}"},
        line=line,
    )


def cell_too_long(line: int) -> Refusal:
    """Return the refusal of a cell beyond the bound."""
    return Refusal(
        _("A cell is longer than %(most)s characters.") % {"most": f"{LONGEST_CELL:,}"}, line=line
    )


def _decode(content: bytes) -> tuple[str, str]:
    """Return the text, and a remark where its encoding had to be concluded."""
    for mark, encoding, name in (
        (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
        (b"\xff\xfe", "utf-16", "UTF-16"),
        (b"\xfe\xff", "utf-16", "UTF-16"),
    ):
        if content.startswith(mark):
            try:
                return _clean(content.decode(encoding)), ""
            except UnicodeDecodeError:
                raise Refusal(
                    _("The file says it is %(encoding)s, but it is not.") % {"encoding": name}
                ) from None
    for encoding in ("utf-16-le", "utf-16-be"):
        if _looks_like(content, encoding):
            try:
                return _clean(content.decode(encoding)), _("read as UTF-16")
            except UnicodeDecodeError:
                break
    try:
        return _clean(content.decode("utf-8")), ""
    except UnicodeDecodeError as error:
        return _windows(content, error)


def _looks_like(content: bytes, encoding: str) -> bool:
    """Say whether every second byte of the beginning is zero, as in UTF-16 of Western text without
    a mark.
    """
    start = content[:400]
    zeros, letters = (
        (start[1::2], start[::2]) if encoding == "utf-16-le" else (start[::2], start[1::2])
    )
    return (
        len(start) >= 4
        and len(content) % 2 == 0
        and zeros.count(0) > 0.8 * len(zeros)
        and not letters.count(0)
    )


def _windows(content: bytes, error: UnicodeDecodeError) -> tuple[str, str]:
    """Read as Windows-1252, unless most of it is UTF-8 and a part is damaged."""
    line = content.count(b"\n", 0, error.start) + 1
    halves = content.decode("utf-8", errors="surrogateescape")
    damaged = len(re.findall("[\udc80-\udcff]", halves))
    sound = len(re.findall("[\u0080-\ud7ff\ue000-\U0010ffff]", halves))
    if sound > damaged:
        raise Refusal(
            _("The text is UTF-8 up to here, and then is not. Export the file again."), line=line
        )
    try:
        return _clean(content.decode("cp1252")), _("read as Windows-1252")
    except UnicodeDecodeError:
        raise Refusal(
            _("This is neither UTF-8 nor Windows-1252. Export the file as UTF-8."), line=line
        ) from None


def _clean(text: str) -> str:
    if "\0" in text:
        raise Refusal(_("This is not a text file. Export the report as CSV or XLSX."))
    return clean(text.removeprefix("\ufeff"))


def _delimiter(text: str) -> str:
    """Return the delimiter by which most of the first records have the same number of cells."""
    start = text[:60_000]
    best, most = ",", (0, 0)
    for delimiter in _DELIMITERS:
        if delimiter not in start:
            continue
        widths: Counter[int] = Counter()
        try:
            for cells in islice(
                csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), 60
            ):
                widths[len(cells)] += len(cells) > 1
        except csv.Error:
            pass
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if (count, width) > most:
            best, most = delimiter, (count, width)
    return best
