"""What a file would do, as values: the outcome of every row, and what follows for each retainer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from hourtab.imports.reading.lines import Note, Reading
from hourtab.ledger.models import Source
from hourtab.ledger.verbs.bring_in import Batch, SourceRow
from hourtab.retainers.models import Retainer

OUTCOMES = (
    "new",
    "changed",
    "gone",
    "unchanged",
    "conflict",
    "not_for_this_retainer",
    "not_an_entry",
)


class Outcome(NamedTuple):
    """What becomes of one row. `line` is None for a row that is gone from the file; `retainer` the
    reference it is for.
    """

    kind: str
    line: int | None
    on: date | None = None
    seconds: int = 0
    text: str = ""
    why: str = ""
    retainer: str = ""


@dataclass(slots=True)
class Part:
    """What a file would do to one retainer."""

    retainer: Retainer
    add: list[SourceRow] = field(default_factory=list)
    change: list[tuple[int, SourceRow]] = field(default_factory=list)
    withdraw: list[int] = field(default_factory=list)
    relist: list[tuple[int, SourceRow]] = field(default_factory=list)
    unlist: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    new_seconds: int = 0
    before: int = 0
    after: int = 0
    stored: int = 0

    def batch(self, ref: str, source: Source) -> Batch:
        """Return it as the ledger takes it."""
        return Batch(ref, source, self.add, self.change, self.withdraw, self.relist, self.unlist)


class Absent(NamedTuple):
    """A retainer that has lines of this source in the range, and no row in the file."""

    retainer: Retainer
    entries: Sequence[int]
    is_ticked: bool


class Listed(NamedTuple):
    """An entry the source has a row for: the row's own number, its day, and the day its entry posts
    on.
    """

    entry: int
    ref: str
    on: date | None
    posts_on: date


@dataclass(slots=True)
class Plan:
    """Everything an import would do. `unpublished` are rows that need a tick before their texts are
    shown to a client, `sensitive` the texts of these and of those that were decided on.
    """

    reading: Reading
    window: tuple[date, date] | None
    parts: dict[str, Part] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    flags: list[Note] = field(default_factory=list)
    unpublished: list[Note] = field(default_factory=list)
    sensitive: dict[int, str] = field(default_factory=dict)
    absent: list[Absent] = field(default_factory=list)
    digests: dict[int, list[str]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have which outcome; `read` counts the entry rows of the file."""
        found = Counter(outcome.kind for outcome in self.outcomes)
        read = sum(
            1
            for outcome in self.outcomes
            if outcome.line is not None and outcome.kind != "not_an_entry"
        )
        return {"read": read} | {kind: found[kind] for kind in OUTCOMES}

    @property
    def new_seconds(self) -> int:
        """The raw time of all new rows."""
        return sum(part.new_seconds for part in self.parts.values())


type Listings = dict[int, dict[str, list[Listed]]]
