"""From bytes to rows of text with their line numbers: encodings, delimiters, bounds. Knows nothing of time."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

from hourtab.imports.errors import Refusal
from hourtab.lib.text import clean

LARGEST_FILE = 20 * 1024 * 1024
MOST_ROWS = 200_000
LONGEST_CELL = 100_000
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `line` is the line of the file it begins on, counting from 1."""

    line: int
    cells: list[str]


def read_rows(content: bytes) -> list[Row]:
    """Read a CSV or TSV file. Raises `Refusal` for what is no such file or beyond the bounds."""
    if len(content) > LARGEST_FILE:
        raise Refusal(_("The file has %(size)s MB; 20 MB are the most.") % {"size": len(content) // 1_048_576})
    if not content.strip():
        raise Refusal(_("The file is empty."))
    text = _decode(content)
    first, _newline, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        delimiter, text, skipped = first.strip()[4], rest, 1
    else:
        delimiter = _delimiter(text)
    rows = list(_records(text, delimiter, skipped))
    if not rows:
        raise Refusal(_("The file is empty."))
    return rows


def _records(text: str, delimiter: str, skipped: int) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before, count = 0, 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = (
                _("A cell is longer than %(most)s characters.") % {"most": f"{LONGEST_CELL:,}"}
                if "field larger" in str(error)
                else _("This line cannot be read as CSV.")
            )
            raise Refusal(reason, line=before + 1 + skipped) from None
        line, before = before + 1 + skipped, reader.line_num
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MOST_ROWS + 1:
                raise Refusal(
                    _("The file has more than %(most)s rows. Split it by month.") % {"most": f"{MOST_ROWS:,}"},
                    line=line,
                )
            yield Row(line, cells)


def _decode(content: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return _clean(content.decode(encoding))
            except UnicodeDecodeError:
                raise Refusal(_("The file says it is %(encoding)s, but it is not.") % {"encoding": encoding}) from None
    if content.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise Refusal(_("This is not a text file. Export the report as CSV."))
    try:
        return _clean(content.decode("utf-8"))
    except UnicodeDecodeError:
        return _clean(content.decode("cp1252", errors="replace"))


def _clean(text: str) -> str:
    if "\0" in text:
        raise Refusal(_("This is not a text file. Export the report as CSV."))
    return clean(text.removeprefix("\ufeff"))


def _delimiter(text: str) -> str:
    """Return the delimiter of the first line that has one, outside quotes."""
    quoted, counts = False, dict.fromkeys(_DELIMITERS, 0)
    for before, character in pairwise("\n" + text[:20_000]):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in counts:
            counts[character] += 1
        elif not quoted and character == "\n" and before != "\n" and any(counts.values()):
            break
    best = max(counts, key=lambda delimiter: counts[delimiter])
    return best if counts[best] else ","
