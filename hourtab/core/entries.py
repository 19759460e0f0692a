"""What happened: work, and the hours granted, moved, approved and held beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Literal, NamedTuple

from hourtab.core.amounts import charge
from hourtab.core.terms import Retainer, Terms

Scope = Literal["retainer", "project", "courtesy", "internal"]
Outcome = Literal[
    "held",
    "cancelled_in_time",
    "cancelled_late",
    "no_show",
    "cancelled_by_provider",
    "accepted",
    "rejected",
]
FREE_OUTCOMES: frozenset[str] = frozenset(
    {"cancelled_in_time", "cancelled_by_provider", "rejected"}
)
Settlement = Literal["bill", "deduct", "absorb"]


class Entry(NamedTuple):
    """A line of the work log. `id` is its key in the entry order and never changes.

    `posted` is the start of the cycle a late entry posts in (None = the cycle of `on`). One that
    `corrects` another is a difference of charged amounts: signed, neither rounded nor weighted.
    """

    id: str
    on: date
    amount: int
    started: time | None = None
    weight: int = 100
    scope: Scope = "retainer"
    category: str = ""
    project: str = ""
    person: str = ""
    description: str = ""
    outcome: Outcome | None = None
    posted: date | None = None
    corrects: str | None = None


def entry_order(entry: Entry) -> tuple[date, time, bool, str]:
    """Return the sort key of the entry order: work date, start time (none first), id as text (ledger
    §3).
    """
    started = entry.started
    if started is None:
        return entry.on, time.min, False, entry.id
    return entry.on, started, True, entry.id


@dataclass(frozen=True, slots=True)
class TopUp:
    """Extra hours granted, usable from the whole cycle of `on` through that of `until` (None = its
    own, "never").
    """

    id: str
    on: date
    amount: int
    kind: Literal["topup", "goodwill"] = "topup"
    until: date | Literal["never"] | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A signed amount added to the base lot of the cycle of `on`: a change of the cap inside a
    cycle.
    """

    id: str
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Approval to go over by `amount` in all, for work dated in the window, bounds included."""

    id: str
    amount: int
    from_: date
    until: date
    rate: int | None = None

    def covers(self, on: date) -> bool:
        """Is work of that date inside the window?"""
        return self.from_ <= on <= self.until


@dataclass(frozen=True, slots=True)
class Hold:
    """Planned work without an entry: not used, shown in the cycle of `from_` until the day after
    `until`.
    """

    id: str
    from_: date
    until: date
    amount: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of `amount` of the awaiting overage of the cycle that starts on `cycle`, decided
    on the date `on`.

    Made while that cycle is unclosed it changes its settlement; made later, the earliest unclosed
    cycle carries it. `posted` names the start of the carrying cycle where the date alone does not
    tell: on the day of a close.
    """

    id: str
    cycle: date
    amount: int
    outcome: Settlement
    on: date
    rate: int | None = None
    posted: date | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """The cycle that starts on `cycle` became a statement on the date `on`."""

    cycle: date
    on: date


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything the balance depends on. `terms` are in order of `effective_on`; `pauses` are
    starts of cycles.
    """

    retainer: Retainer
    terms: Sequence[Terms]
    entries: Sequence[Entry] = ()
    topups: Sequence[TopUp] = ()
    transfers: Sequence[Transfer] = ()
    authorisations: Sequence[Authorisation] = ()
    pauses: frozenset[date] = frozenset()
    holds: Sequence[Hold] = ()
    decisions: Sequence[Decision] = ()
    closes: Sequence[Close] = ()


def charged_for(entry: Entry, terms: Terms) -> int:
    """Return what `entry` draws under `terms`: nothing outside the retainer's scope or when it was
    called off in time.
    """
    if entry.scope != "retainer" or entry.outcome in FREE_OUTCOMES:
        return 0
    return (
        charge(entry.amount, terms.rounding, entry.weight)
        if entry.corrects is None
        else entry.amount
    )
