"""What the calculation returns: cycles, lines, and the state from one cycle to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from hourtab.core.lots import Lapsed, Lot
from hourtab.core.payments import Decided, Paid

State = Literal["open", "ended", "closed", "paused"]


@dataclass(frozen=True, slots=True)
class ClosingState:
    """What the next cycle needs to know of everything before it. `index` is the next cycle's.

    `awaiting` is, by cycle, what awaits a decision; `decided` what later decisions did with it;
    `paid` how entries that were corrected had been paid.
    """

    index: int = 0
    lots: Sequence[Lot] = ()
    lapsed: Sequence[Lapsed] = ()
    debt: int = 0
    authorised: Mapping[str, int] = field(default_factory=dict)
    awaiting: Mapping[str, int] = field(default_factory=dict)
    decided: Decided = field(default_factory=dict)
    paid: Paid = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CycleTotals:
    """One cycle as its statement shows it (ledger §10).

    Beside the document's keys: `ceiling`, what approvals that touch it allowed when it began;
    `lapsing`, what its end takes away if nothing more is used; `billed_at`, what was billed, by
    rate (None = not agreed), less what corrections credited; `decided`, what each decision that it
    carries or settles could take; `pending`, what awaits a decision then, by cycle; `revived`, what
    late work took of what had lapsed, by the index of the cycle it lapsed in; `coverage`, what paid
    for everything that was charged, in entry order (see `paid_by`).
    """

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
    ceiling: int = 0
    lapsing: int = 0
    billed_at: Mapping[int | None, int] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, int] = field(default_factory=dict)
    revived: Mapping[str, int] = field(default_factory=dict)
    coverage: "Sequence[Cover]" = ()
    closing: ClosingState | None = None


class Cover(NamedTuple):
    """A stretch of what was charged, and what paid for it.

    `source` is a lot by its key, `authorisation:` and its id, or what became of what nothing
    covered: `billed`, `absorbed`, `debt`, `awaiting`. `rate` goes with what is billed.
    """

    source: str
    amount: int
    rate: int | None = None


def paid_by(cycle: CycleTotals, line: "Line") -> list[Cover]:
    """Return what paid for a line of a cycle, in order; nothing for one that draws nothing or gives
    back.

    The line lies on the cycle's coverage where what was charged before it ends.
    """
    start = cycle.available - line.balance - line.charged
    return cut(cycle.coverage, start, line.charged)


def cut(coverage: Sequence[Cover], start: int, length: int) -> list[Cover]:
    """Return the part of a coverage from `start` on."""
    found, at = [], 0
    for part in coverage:
        low, high = max(start, at), min(start + length, at + part.amount)
        if low < high:
            found.append(part._replace(amount=high - low))
        at += part.amount
        if at >= start + length:
            break
    return found


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
