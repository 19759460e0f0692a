"""How an entry was paid, and how a correction gives that back: last part first (ledger §5).

Only entries that are corrected leave a trace here; it travels in the closing state. A trace follows
its hours: what awaits becomes what was decided, in entry order; debt is paid by lots, oldest first,
or billed beyond its maximum, newest first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Fate = Literal["drawn", "billed", "absorbed", "debt", "paid", "awaiting"]


class Part(NamedTuple):
    """A part of what an entry charged, and what became of it: `paid` is debt that lots have paid
    since.

    `rate` goes with what is billed, `cycle` with what awaits. `at` is how much stands before it: in
    the debt, or among what awaits of that cycle.
    """

    fate: Fate
    amount: int
    rate: int | None = None
    cycle: str = ""
    at: int = 0

    def cut(self, start: int, length: int) -> "Part":
        """Return `length` of it, from `start` on."""
        stands = self.fate in ("debt", "awaiting")
        return self._replace(amount=length, at=self.at + start if stands else 0)


type Paid = Mapping[str, Sequence[Part]]
"""By entry, the parts in the order in which they were paid."""


@dataclass(slots=True)
class Returned:
    """What a negative correction gave back: as hours, as money by rate, out of what awaited or was
    absorbed. What it took off the debt needs no more than that.
    """

    hours: int = 0
    credit: dict[int | None, int] = field(default_factory=dict)
    settled: int = 0
    absorbed: int = 0


class Accounts:
    """What has been paid so far, as one cycle finds it and leaves it."""

    def __init__(self, paid: Paid, awaiting: Mapping[str, int], debt: int) -> None:
        self.paid = {entry: list(parts) for entry, parts in paid.items()}
        self.awaiting = dict(awaiting)
        self.debt = debt

    def note(self, entry: str, parts: Iterable[Part]) -> None:
        """Remember how an entry, or a positive correction of it, was paid."""
        self.paid.setdefault(entry, []).extend(part for part in parts if part.amount)

    def give_back(self, entry: str, amount: int) -> Returned | None:
        """Give back `amount` of what `entry` charged, last part first; None where it never charged
        that much.
        """
        if sum(part.amount for part in self.paid.get(entry, ())) < amount:
            return None
        returned = Returned()
        while amount:
            part = self.paid[entry].pop()
            taken = min(amount, part.amount)
            kept = part.amount - taken
            if kept:
                self.paid[entry].append(part.cut(0, kept))
            self._return(part.cut(kept, taken), returned)
            amount -= taken
        return returned

    def _return(self, part: Part, returned: Returned) -> None:
        amount = part.amount
        if part.fate == "billed":
            returned.credit[part.rate] = returned.credit.get(part.rate, 0) + amount
        elif part.fate == "absorbed":
            returned.absorbed += amount
        elif part.fate == "awaiting":
            self._awaits_less(part.cycle, amount)
            self._turn("awaiting", part.cycle, part.at, amount)
            returned.settled += amount
        elif part.fate == "debt":
            self.debt -= amount
            self._turn("debt", "", part.at, amount)
        elif part.fate == "paid":
            returned.hours += amount - self._lessen(amount)
        else:
            returned.hours += amount

    def _lessen(self, amount: int) -> int:
        """Take hours that lots have paid off the debt that still stands: what they paid counts for
        that from now on. Returns how much stood.
        """
        owed = min(amount, self.debt)
        self.debt -= owed
        self._turn("debt", "", self.debt, owed, lambda _start, length: [Part("paid", length)])
        return owed

    def decide(self, cycle: str, parts: Sequence[Part]) -> None:
        """Let the first hours that await a decision of `cycle` become these `parts`; a debt among
        them stands from now on.
        """
        amount = sum(part.amount for part in parts)
        self._awaits_less(cycle, amount)
        self._turn("awaiting", cycle, 0, amount, lambda start, length: shares(parts, start, length))
        self.debt += sum(part.amount for part in parts if part.fate == "debt")

    def pay_debt(self, amount: int) -> None:
        """Let lots pay the oldest of the debt."""
        self._turn("debt", "", 0, amount, lambda _start, length: [Part("paid", length)])
        self.debt -= amount

    def bill_debt(self, amount: int, rate: int | None) -> None:
        """Bill the newest of the debt."""
        self.debt -= amount
        self._turn(
            "debt", "", self.debt, amount, lambda _start, length: [Part("billed", length, rate)]
        )

    def _awaits_less(self, cycle: str, amount: int) -> None:
        self.awaiting[cycle] -= amount
        if not self.awaiting[cycle]:
            del self.awaiting[cycle]

    def _turn(
        self,
        fate: Fate,
        cycle: str,
        start: int,
        amount: int,
        into: Callable[[int, int], list[Part]] = lambda _start, _length: [],
    ) -> None:
        """Let a stretch of what stands become something else in every trace it touches; what stood
        behind it moves up.
        """
        end = start + amount
        for entry, parts in self.paid.items():
            if not amount or not any(part[0] == fate and part.cycle == cycle for part in parts):
                continue
            turned: list[Part] = []
            for part in parts:
                if part.fate != fate or part.cycle != cycle:
                    turned.append(part)
                    continue
                low, high = part.at, part.at + part.amount
                if low < start:
                    turned.append(part._replace(amount=min(high, start) - low))
                if max(low, start) < min(high, end):
                    turned += into(max(low, start) - start, min(high, end) - max(low, start))
                if high > end:
                    behind = max(low, end)
                    turned.append(part._replace(amount=high - behind, at=behind - amount))
            self.paid[entry] = turned


def shares(segments: Iterable[Part], start: int, length: int) -> list[Part]:
    """Return what became of the stretch from `start` of hours that became `segments`."""
    found, at = [], 0
    for part in segments:
        low, high = max(start, at), min(start + length, at + part.amount)
        if low < high:
            found.append(part.cut(low - at, high - low))
        at += part.amount
    return found
