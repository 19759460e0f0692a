"""What the hours of a cycle went into, and when: kept beside its totals, so that a page need not
read all lines.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hourtab.core.entries import Entry, charged_for
from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Cycle
from hourtab.ledger.reading.entries import NAMES, ledger_of
from hourtab.ledger.reading.terms import version_at
from hourtab.retainers.models import Retainer

BY = NAMES
MOST_NAMES = 60
"""A breakdown keeps so many names of each kind, the largest; the rest stands under `None`."""

type Names = Sequence[tuple[str | None, int]]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What a cycle's lines say together, as of one day. Amounts are charged ones for the scope
    `retainer`, raw ones for others.

    `names` holds, by `category`, `project` or `person` and by scope, names with their amounts, the
    largest first. `days` are the dates of work with what was charged for it; `counts` the lines by
    scope; `charged` how many drew hours.
    """

    names: Mapping[str, Mapping[str, Names]] = field(default_factory=dict)
    days: Sequence[tuple[date, int]] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    charged: int = 0

    def as_json(self) -> dict[str, Any]:
        """Write it as the cache keeps it."""
        names = {
            by: {scope: list(map(list, pairs)) for scope, pairs in of.items()}
            for by, of in self.names.items()
        }
        return {
            "names": names,
            "days": [[on.isoformat(), amount] for on, amount in self.days],
            "counts": dict(self.counts),
            "charged": self.charged,
        }


def from_json(raw: Mapping[str, Any]) -> Breakdown:
    """Read what `as_json` wrote."""
    days = [(date.fromisoformat(on), amount) for on, amount in raw["days"]]
    return Breakdown(raw["names"], days, raw["counts"], raw["charged"])


def breakdowns(
    entries: Iterable[Entry], cycles: Sequence[CycleTotals], retainer: Retainer, today: date
) -> list[Breakdown]:
    """Return the breakdown of each of these cycles from the entries that post in them up to
    today.
    """
    found: list[Counter[tuple[str, str, str, str, date]]] = [Counter() for _ in cycles]
    lines: list[Counter[str]] = [Counter() for _ in cycles]
    charged = [0] * len(cycles)
    versions = retainer.versions()
    terms = [version_at(versions, cycle.starts_on) for cycle in cycles]
    at: dict[date, int] = {}
    for entry in entries:
        day = entry.posted or entry.on
        if entry.on > today:
            continue
        if (i := at.get(day)) is None:
            i = at[day] = next(
                (k for k, cycle in enumerate(cycles) if cycle.starts_on <= day <= cycle.ends_on), -1
            )
        if i < 0:
            continue
        amount = charged_for(entry, terms[i]) if entry.scope == "retainer" else entry.amount
        lines[i][entry.scope] += 1
        if amount > 0:
            charged[i] += entry.scope == "retainer"
            found[i][(entry.scope, entry.category, entry.project, entry.person, entry.on)] += amount
    return [
        _fold(parts, counts, number)
        for parts, counts, number in zip(found, lines, charged, strict=True)
    ]


def breakdown_at(retainer: Retainer, cycle: CycleTotals, as_of: date) -> Breakdown:
    """Return the breakdown of a cycle: the cached one where that is of the same day, else
    computed.
    """
    if retainer.balanced_on == as_of:
        raw = (
            Cycle.objects.filter(retainer=retainer, starts_on=cycle.starts_on)
            .values_list("breakdown", flat=True)
            .first()
        )
        if raw:
            return from_json(raw)
    book = ledger_of(retainer, cycle.starts_on, NAMES)
    return breakdowns(book.entries, [cycle], retainer, as_of)[0]


def _fold(
    parts: Mapping[tuple[str, str, str, str, date], int], counts: Mapping[str, int], charged: int
) -> Breakdown:
    names: dict[str, dict[str, Counter[str]]] = {by: {} for by in BY}
    days: Counter[date] = Counter()
    for (scope, *values, on), amount in parts.items():
        for by, name in zip(BY, values, strict=True):
            names[by].setdefault(scope, Counter())[name] += amount
        if scope == "retainer":
            days[on] += amount
    largest = {
        by: {scope: _largest(of) for scope, of in sorted(scopes.items())}
        for by, scopes in names.items()
    }
    return Breakdown(largest, sorted(days.items()), dict(sorted(counts.items())), charged)


def _largest(amounts: Mapping[str, int]) -> Names:
    ordered = sorted(amounts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(amount for _, amount in ordered[MOST_NAMES:])
    return [*ordered[:MOST_NAMES], *([(None, rest)] if rest else [])]
