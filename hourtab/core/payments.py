"""How an entry was paid, and how a correction gives that back: last part first (ledger §5).

Only entries that are corrected later leave a trace here; it travels in the closing state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Fate = Literal["drawn", "billed", "absorbed", "debt", "awaiting"]


class Part(NamedTuple):
    """A part of what an entry charged: what became of it, how much, at which rate where billed, in
    which cycle.
    """

    fate: Fate
    amount: int
    rate: int | None = None
    cycle: str = ""


type Paid = Mapping[str, Sequence[Part]]
"""By entry, the parts in the order in which they were paid."""
type Decided = Mapping[str, Sequence[Part]]
"""By cycle, what decisions made later did with its awaiting overage, in order."""


@dataclass(slots=True)
class Returned:
    """What negative corrections gave back: as hours, as money by rate, out of debt, out of what
    awaited or was absorbed.
    """

    hours: int = 0
    credit: dict[int | None, int] = field(default_factory=dict)
    debt: int = 0
    settled: int = 0
    absorbed: int = 0


class Accounts:
    """What has been paid so far, as one cycle finds it and leaves it."""

    def __init__(
        self, paid: Paid, awaiting: Mapping[str, int], decided: Decided, debt: int
    ) -> None:
        self.paid = {entry: list(parts) for entry, parts in paid.items()}
        self.awaiting = dict(awaiting)
        self.decided = {cycle: list(parts) for cycle, parts in decided.items()}
        self.debt = debt

    def note(self, entry: str, parts: Iterable[Part]) -> None:
        """Remember how an entry, or a positive correction of it, was paid."""
        self.paid.setdefault(entry, []).extend(part for part in parts if part.amount)

    def give_back(self, entry: str, amount: int) -> Returned | None:
        """Give back `amount` of what `entry` charged, last part first; None where it never charged
        that much.
        """
        parts, returned = self.paid.get(entry, []), Returned()
        if sum(part.amount for part in parts) < amount:
            return None
        while amount:
            part = parts.pop()
            taken = min(amount, part.amount)
            if part.amount > taken:
                parts.append(part._replace(amount=part.amount - taken))
            self._return(part._replace(amount=taken), returned)
            amount -= taken
        return returned

    def _return(self, part: Part, returned: Returned) -> None:
        amount = part.amount
        if part.fate == "billed":
            returned.credit[part.rate] = returned.credit.get(part.rate, 0) + amount
        elif part.fate == "absorbed":
            returned.absorbed += amount
        elif part.fate == "awaiting":
            self._return_awaiting(part, returned)
        elif part.fate == "debt":
            owed = min(amount, self.debt)
            self.debt -= owed
            returned.debt += owed
            returned.hours += amount - owed
        else:
            returned.hours += amount

    def _return_awaiting(self, part: Part, returned: Returned) -> None:
        """Settle what still awaits; for the rest, take back what was decided since, last decision
        first.
        """
        rest = part.amount - self.settle(part.cycle, part.amount)
        returned.settled += part.amount - rest
        decided = self.decided.get(part.cycle, [])
        while rest and decided:
            last = decided.pop()
            taken = min(rest, last.amount)
            if last.amount > taken:
                decided.append(last._replace(amount=last.amount - taken))
            self._return(last._replace(amount=taken), returned)
            rest -= taken

    def settle(self, cycle: str, amount: int) -> int:
        """Take up to `amount` off what awaits a decision of `cycle`; returns how much that was."""
        taken = min(amount, self.awaiting.get(cycle, 0))
        if taken:
            self.awaiting[cycle] -= taken
            if not self.awaiting[cycle]:
                del self.awaiting[cycle]
        return taken


def shares(segments: Sequence[Part], start: int, length: int) -> list[Part]:
    """Return what became of the stretch from `start` of a cycle's overage, cut out of its
    `segments`.
    """
    found, at = [], 0
    for part in segments:
        low, high = max(start, at), min(start + length, at + part.amount)
        if low < high:
            found.append(part._replace(amount=high - low))
        at += part.amount
    return found
