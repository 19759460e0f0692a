"""One cycle, played from the state before it to the state after it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from hourtab.core.cycles import Cycle
from hourtab.core.entries import Authorisation, Decision, Entry, TopUp, charged_for
from hourtab.core.lots import Lapsed, Lot, Pool, base_lot, reinstate, returned_lot, topup_lot
from hourtab.core.payments import Accounts, Fate, Part, shares
from hourtab.core.totals import ClosingState, Cover, CycleTotals, Line, cut

_POOL, _BEYOND = "pool", "beyond"
_FATE: dict[str, Fate] = {"bill": "billed", "deduct": "debt", "absorb": "absorbed"}


class CorrectionError(ValueError):
    """A correction gives back more than was charged. `entry` is its id."""

    def __init__(self, entry: str) -> None:
        super().__init__("gives back more than was charged")
        self.entry = entry


@dataclass(slots=True)
class Events:
    """What posts in one cycle."""

    entries: list[Entry] = field(default_factory=list)
    topups: list[TopUp] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    transferred: int = 0
    planned: int = 0


class Play:
    """A cycle being played, in this order: corrections, decisions on earlier cycles, late hours,
    debt, entries, the end.
    """

    def __init__(
        self,
        cycle: Cycle,
        opening: ClosingState,
        events: Events,
        authorisations: Sequence[Authorisation],
        corrected: frozenset[str],
        index_of: Callable[[date], int],
        *,
        is_open: bool,
    ) -> None:
        self.cycle, self.opening, self.events, self.is_open = cycle, opening, events, is_open
        self.authorisations, self.corrected = authorisations, corrected
        self.accounts = Accounts(opening.paid, opening.awaiting, opening.decided, opening.debt)
        self.used_of = dict(opening.authorised)
        self.billed_at: dict[int | None, int] = defaultdict(int)
        self.decided: dict[str, int] = {}
        self.authorised = self.absorbed = self.settled = 0
        self.lapsed: list[Lapsed] = list(opening.lapsed)

        self.given_back: dict[str, int] = {}
        returned = [
            lot for entry in events.entries if entry.amount < 0 for lot in self._give_back(entry)
        ]
        self._carry_decisions()
        self.reinstated = {
            entry.id: amount
            for entry in events.entries
            if entry.on < cycle.starts_on
            and (
                amount := reinstate(
                    self.lapsed, index_of(entry.on), max(0, charged_for(entry, cycle.terms))
                )
            )
        }
        self.debt_in = self.accounts.debt
        self.granted = 0 if cycle.is_paused else max(0, cycle.cap + events.transferred)
        base = [base_lot(cycle, self.granted)] if self.granted else []
        self.pool = Pool(
            opening.lots,
            [*base, *returned, *(topup_lot(cycle, topup) for topup in events.topups)],
            cycle,
        )
        self.topped_up = sum(topup.amount for topup in events.topups) + sum(
            lot.granted for lot in returned
        )
        self.carried_in = sum(lot.left for lot in opening.lots)
        extra = self.topped_up + sum(self.reinstated.values())
        self.available = self.carried_in + self.granted + extra - self.debt_in
        self.debt = self.debt_before = self.pool.draw(self.debt_in)
        self.beyond: list[tuple[str, int, int]] = []
        self.unauthorised = 0
        self.segments: list[Part] = []
        self.steps: list[tuple[str, int, int | None]] = []
        self.lines = self._lines()
        self.used = sum(line.charged for line in self.lines if line.charged > 0)
        self.overage = sum(line.overage for line in self.lines)
        self.held = self.pool.held
        self._settle()

    def _give_back(self, entry: Entry) -> list[Lot]:
        """Give back what a negative correction takes off its original, the way that one was paid
        (ledger §5).
        """
        amount = -charged_for(entry, self.cycle.terms)
        if not amount:
            return []
        returned = self.accounts.give_back(entry.corrects or "", amount)
        if returned is None:
            raise CorrectionError(entry.id)
        for rate, credit in returned.credit.items():
            self.billed_at[rate] -= credit
        self.absorbed -= returned.absorbed
        self.settled += returned.settled
        self.given_back[entry.id] = returned.hours
        return [returned_lot(self.cycle, entry.id, returned.hours)] if returned.hours else []

    def _carry_decisions(self) -> None:
        """Settle what awaited in cycles that were closed when it was decided."""
        for decision in self.events.decisions:
            if decision.cycle == self.cycle.starts_on:
                continue
            cycle = decision.cycle.isoformat()
            taken = self.decided[decision.id] = self.accounts.settle(cycle, decision.amount)
            if not taken:
                continue
            self.settled += taken
            part = Part(_FATE[decision.outcome], taken, self._rate_of(decision), cycle)
            self.accounts.decided.setdefault(cycle, []).append(part)
            if decision.outcome == "bill":
                self.billed_at[part.rate] += taken
            elif decision.outcome == "absorb":
                self.absorbed += taken
            else:
                self.accounts.debt += taken

    def _rate_of(self, decision: Decision) -> int | None:
        if decision.outcome != "bill":
            return None
        return self.cycle.terms.overage.rate if decision.rate is None else decision.rate

    def _lines(self) -> list[Line]:
        lines, balance = [], self.available
        for entry in self.events.entries:
            charged = charged_for(entry, self.cycle.terms)
            if charged < 0:
                hours = self.given_back[entry.id]
                lines.append(Line(entry.id, charged, -hours, charged + hours, balance))
                continue
            reinstated = self.reinstated.get(entry.id, 0)
            overage = self.pool.draw(charged - reinstated)
            balance -= charged
            if reinstated:
                self._step(f"reinstated:{entry.id}", reinstated)
            self._step(_POOL, charged - reinstated - overage)
            parts = self._authorise(entry.on, overage) if overage else []
            if (root := entry.corrects or entry.id) in self.corrected:
                self.accounts.note(root, [Part("drawn", charged - overage), *parts])
                rest = overage - sum(part.amount for part in parts)
                self.beyond.append((root, self.unauthorised - rest, rest))
            lines.append(Line(entry.id, charged, charged - overage, overage, balance))
        return lines

    def _step(self, source: str, amount: int, rate: int | None = None) -> None:
        """Go on with the coverage; stretches of one source become one."""
        if self.steps and self.steps[-1][0] == source:
            self.steps[-1] = (source, self.steps[-1][1] + amount, rate)
        elif amount:
            self.steps.append((source, amount, rate))

    def _coverage(self) -> list[Cover]:
        """Return what paid for everything charged: lots are drawn one after the other, what is
        beyond is settled in order.
        """
        pool = [Cover(lot, amount) for lot, amount in self.pool.drawn().items()]
        beyond = [Cover(*self._fate_of(part)) for part in self.segments if part.amount]
        drawn, settled = self.debt_in - self.debt_before, 0
        covers: list[Cover] = []
        for source, amount, rate in self.steps:
            if source == _POOL:
                covers += cut(pool, drawn, amount)
                drawn += amount
            elif source == _BEYOND:
                covers += cut(beyond, settled, amount)
                settled += amount
            else:
                covers.append(Cover(source, amount, rate))
        return covers

    def _fate_of(self, part: Part) -> tuple[str, int, int | None]:
        """Return what becomes of a part beyond the hours; debt of the last cycle is billed."""
        if part.fate == "debt" and self.cycle.is_last:
            return "billed", part.amount, self.cycle.terms.overage.rate
        return part.fate, part.amount, part.rate

    def _authorise(self, on: date, overage: int) -> list[Part]:
        """Use approved extra hours for an entry's overage; returns what was billed so. The rest
        counts as unauthorised.
        """
        parts = []
        for authorisation in self.authorisations:
            if authorisation.covers(on):
                taken = min(overage, authorisation.amount - self.used_of.get(authorisation.id, 0))
                if taken > 0:
                    self.used_of[authorisation.id] = self.used_of.get(authorisation.id, 0) + taken
                    self.billed_at[authorisation.rate] += taken
                    self.authorised += taken
                    parts.append(Part("billed", taken, authorisation.rate))
                    self._step(f"authorisation:{authorisation.id}", taken, authorisation.rate)
                    overage -= taken
        self.unauthorised += overage
        self._step(_BEYOND, overage)
        return parts

    def _settle(self) -> None:
        """Settle overage and debt at the end of the cycle, or as settling now would (ledger §3)."""
        terms = self.cycle.terms
        policy, rate, debt_max = terms.overage.policy, terms.overage.rate, terms.overage.debt_max
        rest = self.unauthorised
        segments: list[Part] = []
        deducted = rest if policy == "deduct" else 0
        if policy == "ask":
            segments = self._settle_decided(rest)
            deducted = sum(part.amount for part in segments if part.fate == "debt")
        self.awaiting = rest - sum(part.amount for part in segments) if policy == "ask" else 0
        if policy == "ask":
            segments.append(Part("awaiting", self.awaiting, cycle=self.cycle.starts_on.isoformat()))
        elif policy != "deduct":
            segments.append(Part(_FATE[policy], rest, rate if policy == "bill" else None))
        excess = 0
        if deducted or policy == "deduct":
            total = self.debt + deducted
            self.debt = total if debt_max is None else min(total, debt_max)
            excess = total - self.debt
        if policy == "deduct":
            billed = min(rest, excess)
            segments = [Part("debt", rest - billed), Part("billed", billed, rate)]
        if self.cycle.is_last:
            excess, self.debt = excess + self.debt, 0
        if excess:
            self.billed_at[rate] += excess
        self.segments = segments
        for part in segments:
            if part.fate == "billed" and policy != "deduct":
                self.billed_at[part.rate] += part.amount
            elif part.fate == "absorbed":
                self.absorbed += part.amount
        for entry, start, length in self.beyond:
            self.accounts.note(entry, shares(segments, start, length))
        if self.awaiting:
            self.accounts.awaiting[self.cycle.starts_on.isoformat()] = self.awaiting
        self.billed_at = {rate: amount for rate, amount in self.billed_at.items() if amount}
        self.living, self.expired, self.trimmed, lapsed = self.pool.settle(
            terms.rollover.limit(self.granted)
        )
        self.lapsed.extend(lapsed)

    def _settle_decided(self, rest: int) -> list[Part]:
        """Return what decisions made before the close do with this cycle's own awaiting overage."""
        parts = []
        for decision in self.events.decisions:
            if decision.cycle == self.cycle.starts_on:
                taken = self.decided[decision.id] = min(rest, decision.amount)
                parts.append(Part(_FATE[decision.outcome], taken, self._rate_of(decision)))
                rest -= taken
        return parts

    @property
    def closing(self) -> ClosingState:
        """The state the next cycle opens with."""
        return ClosingState(
            index=self.cycle.index + 1,
            lots=tuple(self.living),
            lapsed=tuple(self.lapsed),
            debt=self.debt,
            authorised=self.used_of,
            awaiting=self.accounts.awaiting,
            decided=self.accounts.decided,
            paid=self.accounts.paid,
        )

    def totals(self, *, is_closed: bool) -> CycleTotals:
        """The cycle as its statement shows it."""
        cycle = self.cycle
        drawn = {
            f"reinstated:{entry}": amount for entry, amount in self.reinstated.items()
        } | self.pool.drawn()
        return CycleTotals(
            starts_on=cycle.starts_on,
            ends_on=cycle.ends_on,
            cap=cycle.cap,
            carried_in=self.carried_in,
            topped_up=self.topped_up,
            transferred=self.granted - cycle.cap,
            reinstated=sum(self.reinstated.values()),
            debt_in=self.debt_in,
            available=self.available,
            used=self.used,
            planned=0 if is_closed else self.events.planned,
            drawn=drawn,
            overage=self.overage,
            authorised=self.authorised,
            billed=sum(self.billed_at.values()),
            absorbed=self.absorbed,
            awaiting=self.awaiting,
            settled=self.settled,
            expired=0 if self.is_open else self.expired,
            trimmed=0 if self.is_open else self.trimmed,
            carried_out=self.held if self.is_open else sum(lot.left for lot in self.living),
            debt_out=self.debt,
            remaining=max(0, self.available - self.used),
            state="closed"
            if is_closed
            else "paused"
            if cycle.is_paused
            else "open"
            if self.is_open
            else "ended",
            ceiling=self._ceiling(),
            lapsing=self.expired + self.trimmed,
            billed_at=self.billed_at,
            decided=self.decided,
            pending=self.accounts.awaiting,
            revived=self._revived(),
            coverage=self._coverage(),
            closing=None if self.is_open else self.closing,
        )

    def _revived(self) -> dict[str, int]:
        """What late work took here of what had lapsed, by the index of the cycle it lapsed in."""
        found: dict[str, int] = {}
        for before, after in zip(self.opening.lapsed, self.lapsed, strict=False):
            if after.reinstated > before.reinstated:
                key = str(before.lapsed)
                found[key] = found.get(key, 0) + after.reinstated - before.reinstated
        return found

    def _ceiling(self) -> int:
        """What authorisations that touch this cycle had left when it began."""
        touching = [
            a
            for a in self.authorisations
            if a.from_ < self.cycle.ends_before and a.until >= self.cycle.starts_on
        ]
        return sum(a.amount - self.opening.authorised.get(a.id, 0) for a in touching)
