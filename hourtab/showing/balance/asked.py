"""What a reader asked of a page beyond its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hourtab.lib.paging import number_of
from hourtab.lib.text import clean


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asked of the page beyond its address. `retainer` and `page` count from 1."""

    retainer: int = 1
    page: int = 1
    search: str = ""
    hours: str = ""

    NAMES: ClassVar[frozenset[str]] = frozenset({"retainer", "page", "q", "hours"})

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Read it from the query of an address; what makes no sense there is as if it were not
        asked.
        """
        return cls(
            retainer=number_of(query.get("retainer", "")) or 1,
            page=max(1, number_of(query.get("page", "")) or 1),
            search=clean(query.get("q", "")).strip()[:100],
            hours=clean(query.get("hours", "")).strip()[:40],
        )
