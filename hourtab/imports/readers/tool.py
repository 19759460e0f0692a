"""What a reader knows of one tool's export: which columns it has, by what names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

FIELDS = (
    "date", "start_time", "end_date", "end_time", "clock", "decimal", "other_decimal", "client", "project", "task",
    "description", "person", "first_name", "last_name", "email", "billable", "tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tool:
    """A time tracker. `columns` gives, per field, the names its column may have; `needs` what tells it from others.

    A header belongs to the tool when, for one of the sets in `needs`, every name in it is there.
    """

    key: str
    label: str
    columns: dict[str, Sequence[str]]
    needs: Sequence[frozenset[str]]
    how_to_export: str = ""
    totals: Sequence[str] = field(default=("total", "totals", "grand total", "sum", "subtotal"))

    def recognises(self, header: Sequence[str]) -> bool:
        """Is this the header of one of its reports?"""
        names = {normal(cell) for cell in header}
        return any(needed <= names for needed in self.needs)

    def place(self, header: Sequence[str]) -> dict[str, int]:
        """Return which column holds which field; of two columns with one name the first."""
        names = [normal(cell) for cell in header]
        places: dict[str, int] = {}
        for wanted, synonyms in self.columns.items():
            for synonym in synonyms:
                if synonym in names:
                    places[wanted] = names.index(synonym)
                    break
        return places


def normal(cell: str) -> str:
    """Return a header as it is compared: lower case, single spaces, no marks at the edges."""
    return re.sub(r"[\s_]+", " ", cell.strip().strip("?:*\ufeff").casefold()).strip()
