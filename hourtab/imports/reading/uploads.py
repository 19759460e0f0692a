"""A file as it was sent, with what was answered about it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from typing import Any

from hourtab.imports.errors import Refusal
from hourtab.imports.reading.layout import guess_tool
from hourtab.imports.reading.parsing import read_sheets
from hourtab.imports.reading.patience import patience
from hourtab.imports.reading.readers.tool import Tool
from hourtab.imports.reading.table import MOST_ROWS, Sheet

ANSWERS = (
    "date_order",
    "decimal",
    "unit",
    "hours",
    "sheet",
    "source",
    "client",
    "project",
    "billable",
    "routes",
    "gone",
    "conflict",
    "late",
    "closed",
    "unreadable",
    "publish",
    "withhold",
    "absent",
    "from",
    "until",
    "all_rows",
    "only_add",
)
"""What may be answered about a file, beside `column.` and a field."""


_DIGITS = len(str(MOST_ROWS)) + 3
"""A line is a line of the file, and its rows may have several."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and how it is to be taken. Its bytes are read once, also where it is answered anew."""

    name: str
    content: bytes
    answers: Mapping[str, str] = field(default_factory=dict)
    _read: dict[Any, Sequence[Sheet] | Refusal] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def digest(self) -> str:
        """The file's SHA-256."""
        return hashlib.sha256(self.content).hexdigest()

    def answered(self, **answers: str) -> "Upload":
        """Return the same file with more answers."""
        return replace(self, answers={**self.answers, **answers})

    def sheets(self, today: date, zone: tzinfo) -> Sequence[Sheet]:
        """Return its rows. Raises `Refusal`. Only a calendar's rows depend on the day and zone."""
        key = (today, str(zone))
        if key not in self._read:
            try:
                with patience():
                    self._read[key] = read_sheets(self.content, today=today, zone=zone)
            except Refusal as refusal:
                self._read[key] = refusal
        found = self._read[key]
        if isinstance(found, Refusal):
            raise found
        return found

    @property
    def rows(self) -> Sequence[Sheet]:
        """Its rows as they were read last; none where it was not read, or cannot be."""
        read = (rows for rows in self._read.values() if not isinstance(rows, Refusal))
        return next(read, ())

    @property
    def tool(self) -> Tool | None:
        """The tool it is of; None where it was not read, or cannot be."""
        return guess_tool(self.rows) if self.rows else None


def lines_in(text: str) -> frozenset[int]:
    """Return the lines that an answer like `2,5` names; what is no number of a line is none."""
    parts = (part.strip() for part in text.split(","))
    return frozenset(int(part) for part in parts if part.isdecimal() and len(part) <= _DIGITS)
