"""Tables as CSV, as spreadsheets open them: no text of them is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain

_RISKY = "=+-@\t\r'"


class Exact(str):
    """A cell that is written as it is: a duration like `-1:30`, which is no text of anybody's."""

    __slots__ = ()


type Cell = str | int | date | None


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table under its head. Every text is `guarded` unless it is `Exact`."""
    return "".join(lines(head, rows))


def lines(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield a table line by line, so that a long one is never held whole."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in chain([head], rows):
        writer.writerow(_written(cell) for cell in row)
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def _written(cell: Cell) -> str | int | date | None:
    return guarded(cell) if isinstance(cell, str) and not isinstance(cell, Exact) else cell


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, with an apostrophe before it where it
    could be one.

    A text that begins with an apostrophe gets one more, so that `unguarded` gives back every text
    as it was.
    """
    return f"'{text}" if text and text[0] in _RISKY else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _RISKY else text
