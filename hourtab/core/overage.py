"""Hours beyond all lots: authorised, decided, or settled by the policy (ledger §3, §4).

What becomes of them is a `Settlement`: its segments say it hour by hour, in entry order, and the
money is their sum, so that what a line says and what is billed are one value.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date

from hourtab.core.cycles import Cycle
from hourtab.core.entries import Authorisation, Decision
from hourtab.core.payments import Part
from hourtab.core.terms import Policy


@dataclass(frozen=True, slots=True)
class Rule:
    """By what a policy settles: the rate, the most that may be owed, and the cycle whose hours
    these are.
    """

    rate: int | None
    debt_max: int | None
    cycle: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a stretch of overage.

    `recovered` is what is billed beside it of debt that stood before, `taken` what each decision
    settled.
    """

    segments: Sequence[Part]
    recovered: Part
    taken: Mapping[str, int]

    def of(self, fate: str) -> int:
        """Return how much of the overage became that."""
        return sum(part.amount for part in self.segments if part.fate == fate)

    @property
    def bills(self) -> list[Part]:
        """What is billed."""
        return [part for part in (*self.segments, self.recovered) if part.fate == "billed"]


def authorised(
    authorisations: Sequence[Authorisation], used: MutableMapping[str, int], on: date, overage: int
) -> list[tuple[str, Part]]:
    """Use approved extra hours for the overage of work on a date; return what each of them took.

    `authorisations` are in the order of their use; `used` counts it over all cycles.
    """
    parts = []
    for approval in authorisations:
        if not overage:
            break
        left = approval.amount - used.get(approval.id, 0)
        if left > 0 and approval.covers(on):
            taken = min(overage, left)
            used[approval.id] = used.get(approval.id, 0) + taken
            overage -= taken
            parts.append((approval.id, Part("billed", taken, approval.rate)))
    return parts


def decided(decision: Decision, amount: int, owed: int, cycle: Cycle) -> list[Part]:
    """Return what a decision makes of `amount` that awaited it, in the cycle that settles it."""
    policy, agreed = OUTCOMES[decision.outcome], cycle.terms.overage
    rate = decision.rate if decision.outcome == "bill" else None
    rule = Rule(agreed.rate if rate is None else rate, agreed.debt_max, decision.cycle.isoformat())
    return policy(amount, owed, rule)


def settled(amount: int, owed: int, decisions: Sequence[Decision], cycle: Cycle) -> Settlement:
    """Settle a cycle's own overage, `owed` being the debt that lots left standing.

    Decisions made before the close take from what would await one, in entry order. In the last
    cycle nothing stays owed.
    """
    agreed = cycle.terms.overage
    debt_max = 0 if cycle.is_last else agreed.debt_max
    rest = amount if agreed.policy == "ask" else 0
    taken: dict[str, int] = {}
    for decision in decisions:
        taken[decision.id] = min(rest, decision.amount)
        rest -= taken[decision.id]
    deducts = agreed.policy == "deduct" or any(
        taken[decision.id] for decision in decisions if decision.outcome == "deduct"
    )
    recovered = 0
    if debt_max is not None and (deducts or cycle.is_last):
        recovered = max(0, owed - debt_max)
    owed -= recovered
    segments: list[Part] = []
    steps = [
        (OUTCOMES[d.outcome], taken[d.id], d.rate if d.outcome == "bill" else None)
        for d in decisions
    ]
    steps.append((POLICIES[agreed.policy], amount - sum(taken.values()), None))
    for policy, part, rate in steps:
        rule = Rule(agreed.rate if rate is None else rate, debt_max, cycle.starts_on.isoformat())
        became = [item for item in policy(part, owed, rule) if item.amount]
        owed += sum(item.amount for item in became if item.fate == "debt")
        segments += became
    return Settlement(segments, Part("billed", recovered, agreed.rate), taken)


def _bill(amount: int, _owed: int, rule: Rule) -> list[Part]:
    return [Part("billed", amount, rule.rate)]


def _deduct(amount: int, owed: int, rule: Rule) -> list[Part]:
    """Owe it, as far as the debt may grow; the hours that would go beyond are billed."""
    room = amount if rule.debt_max is None else max(0, rule.debt_max - owed)
    kept = min(amount, room)
    return [Part("debt", kept, at=owed), Part("billed", amount - kept, rule.rate)]


def _absorb(amount: int, _owed: int, _rule: Rule) -> list[Part]:
    return [Part("absorbed", amount)]


def _ask(amount: int, _owed: int, rule: Rule) -> list[Part]:
    return [Part("awaiting", amount, cycle=rule.cycle)]


type Settles = Callable[[int, int, Rule], list[Part]]
POLICIES: Mapping[Policy, Settles] = {
    "bill": _bill,
    "deduct": _deduct,
    "absorb": _absorb,
    "ask": _ask,
}
OUTCOMES: Mapping[str, Settles] = {name: POLICIES[name] for name in ("bill", "deduct", "absorb")}
"""By what a decision may settle."""
