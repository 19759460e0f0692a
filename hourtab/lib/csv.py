"""Tables as CSV, as spreadsheets open them: no text of them is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

_RISKY = "=+-@\t\r'"


class Exact(str):
    """A cell that is written as it is: a duration like `-1:30`, which is no text of anybody's."""

    __slots__ = ()


type Cell = str | int | date | None


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table under its head. Every text is `guarded` unless it is `Exact`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return out.getvalue()


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
