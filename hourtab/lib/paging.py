"""Pages of long lists: which one an address asks for, and whether there is another after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_PAGES = 999_999


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, counted from 1. One row more than it shows is read: that one tells whether
    another page follows.
    """

    number: int
    size: int
    most: int = MOST_PAGES

    @classmethod
    def asked(cls, query: Mapping[str, str], size: int, most: int = MOST_PAGES) -> "Page":
        """Return the page that the query of an address names; the first where it names none."""
        return cls(min(max(1, number_of(query.get("page", "")) or 1), most), size, most)

    @property
    def offset(self) -> int:
        """How many rows lie before it."""
        return (self.number - 1) * self.size

    @property
    def limit(self) -> int:
        """How many rows to read."""
        return self.size + 1

    def shown[T](self, rows: Sequence[T]) -> Sequence[T]:
        """Return those of the rows read that it shows."""
        return rows[: self.size]

    def has_more(self, rows: Sequence[object]) -> bool:
        """Does another page follow, going by the rows read?"""
        return len(rows) > self.size and self.number < self.most


def number_of(text: str) -> int | None:
    """Return the whole number that a query names; None for anything else."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 7 else None
