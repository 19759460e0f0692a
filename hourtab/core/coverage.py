"""What paid for a stretch of what was charged: lots, approvals, or what became of what nothing
covered.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hourtab.core.payments import Part

POOL, BEYOND = "pool", "beyond"
"""Sources that are told apart only at the end of a cycle: lots are drawn one after the other, and
what is beyond is settled in entry order.
"""


class Cover(NamedTuple):
    """A stretch of what was charged, and what paid for it.

    `source` is a lot by its key, `authorisation:` and its id, or what became of what nothing
    covered: `billed`, `absorbed`, `debt`, `awaiting`. `rate` goes with what is billed.
    """

    source: str
    amount: int
    rate: int | None = None


def add_step(steps: list[Cover], source: str, amount: int, rate: int | None = None) -> None:
    """Go on with a coverage; stretches of one source become one."""
    if steps and steps[-1].source == source:
        steps[-1] = Cover(source, steps[-1].amount + amount, rate)
    elif amount:
        steps.append(Cover(source, amount, rate))


def coverage(
    steps: Iterable[Cover], lots: Sequence[Cover], by_debt: int, beyond: Iterable[Part]
) -> list[Cover]:
    """Return what paid for everything charged in a cycle, in entry order.

    `lots` are what was drawn, of which debt took the first `by_debt`; `beyond` is what became of
    the hours nothing covered.
    """
    fates = [Cover(part.fate, part.amount, part.rate) for part in beyond if part.amount]
    drawn, settled = by_debt, 0
    covers: list[Cover] = []
    for step in steps:
        if step.source == POOL:
            covers += cut(lots, drawn, step.amount)
            drawn += step.amount
        elif step.source == BEYOND:
            covers += cut(fates, settled, step.amount)
            settled += step.amount
        else:
            covers.append(step)
    return covers


def cut(covers: Sequence[Cover], start: int, length: int) -> list[Cover]:
    """Return the part of a coverage from `start` on."""
    found, at = [], 0
    for part in covers:
        low, high = max(start, at), min(start + length, at + part.amount)
        if low < high:
            found.append(part._replace(amount=high - low))
        at += part.amount
        if at >= start + length:
            break
    return found
