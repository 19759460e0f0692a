"""What happened: work, and the hours granted, moved, approved and held beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from operator import attrgetter, itemgetter
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


def in_entry_order(entries: Iterable[Entry]) -> list[tuple[date, list[Entry]]]:
    """Return entries by work date, then by start time (none first) and id as text (ledger §3)."""
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        if (day := days.get(entry.on)) is None:
            day = days[entry.on] = []
        day.append(entry)
    for day in days.values():
        if len(day) > 1:
            day.sort(key=attrgetter("id"))
            if any(entry.started is not None for entry in day):
                day.sort(key=_start)
    return sorted(days.items(), key=itemgetter(0))


def _start(entry: Entry) -> tuple[time, bool]:
    started = entry.started
    return (time.min, False) if started is None else (started, True)


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


def charges_of(entries: Sequence[Entry], terms: Terms) -> list[int]:
    """Return what each entry draws (see `charged_for`). A log repeats few amounts, so that each is
    rounded once.
    """
    known: dict[tuple[int, int], int] = {}
    charges: list[int] = []
    add, rounding = charges.append, terms.rounding
    for entry in entries:
        if entry.scope != "retainer" or entry.outcome in FREE_OUTCOMES:
            add(0)
        elif entry.corrects is not None:
            add(entry.amount)
        else:
            said = (entry.amount, entry.weight)
            if said not in known:
                known[said] = charge(entry.amount, rounding, entry.weight)
            add(known[said])
    return charges
