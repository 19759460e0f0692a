"""What the calculation returns: cycles, lines, and the state from one cycle to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Literal, NamedTuple

from hourtab.core.coverage import Cover, cut
from hourtab.core.lots import Lapsed, Lot, Taken
from hourtab.core.payments import Paid

State = Literal["open", "ended", "closed", "paused"]


@dataclass(frozen=True, slots=True)
class ClosingState:
    """What the next cycle needs to know of everything before it. `index` is the next cycle's.

    `lapsed` is what lapsed at the end of this cycle alone, `taken` what late work took in it of
    what had lapsed before; `awaiting` is, by cycle, what awaits a decision; `paid` how entries that
    were corrected had been paid.
    """

    index: int = 0
    lots: Sequence[Lot] = ()
    lapsed: Sequence[Lapsed] = ()
    taken: Sequence[Taken] = ()
    debt: int = 0
    authorised: Mapping[str, int] = field(default_factory=dict)
    awaiting: Mapping[str, int] = field(default_factory=dict)
    paid: Paid = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """One cycle as its statement document shows it (ledger §10)."""

    starts_on: date
    ends_on: date
    cap: int
    carried_in: int
    topped_up: int
    transferred: int
    reinstated: int
    debt_in: int
    available: int
    used: int
    planned: int
    drawn: Mapping[str, int]
    overage: int
    authorised: int
    billed: int
    absorbed: int
    awaiting: int
    settled: int
    expired: int
    trimmed: int
    carried_out: int
    debt_out: int
    remaining: int
    state: State


@dataclass(frozen=True)
class Workings:
    """What explains a cycle's figures, and what the next one needs.

    `ceiling` is what approvals that touch it allowed when it began; `lapsing` what its end takes
    away if nothing more is used; `billed_at` what was billed, by rate (None = not agreed), less
    what corrections credited; `decided` what each decision that it carries or settles could take;
    `pending` what awaits a decision then, by cycle; `revived` what late work took of what had
    lapsed, by the index of the cycle it lapsed in; `coverage` what paid for everything that was
    charged, in entry order (see `paid_by`); `closing` the state after it, None while it is open.
    """

    ceiling: int = 0
    lapsing: int = 0
    billed_at: Mapping[int | None, int] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, int] = field(default_factory=dict)
    revived: Mapping[str, int] = field(default_factory=dict)
    coverage: Sequence[Cover] = ()
    closing: ClosingState | None = None


@dataclass(frozen=True)
class CycleTotals(Workings, Figures):
    """A cycle with its figures and their workings."""


FIGURES = tuple(item.name for item in fields(Figures))
"""The keys of a cycle in the document, in their order."""


def paid_by(cycle: CycleTotals, line: "Line") -> list[Cover]:
    """Return what paid for a line of a cycle, in order; nothing for one that draws nothing or gives
    back.

    The line lies on the cycle's coverage where what was charged before it ends.
    """
    start = cycle.available - line.balance - line.charged
    return cut(cycle.coverage, start, line.charged)


class Line(NamedTuple):
    """One entry as charged: what lots covered, what went beyond them, and what was available after
    it.

    A negative correction gives back what it says in the same two parts, and leaves the balance as
    it was.
    """

    entry: str
    charged: int
    covered: int
    overage: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """All cycles from the opening to the one that holds the date, and a line for every entry in
    them.

    `counts` says how many of the lines each cycle has.
    """

    cycles: Sequence[CycleTotals]
    lines: Sequence[Line]
    counts: Sequence[int] = ()

    def by_cycle(self) -> Iterator[tuple[CycleTotals, Sequence[Line]]]:
        """Yield each cycle with its lines."""
        at = 0
        for cycle, count in zip(self.cycles, self.counts, strict=True):
            yield cycle, self.lines[at : at + count]
            at += count
