"""Ledgers in one readable line each."""

from datetime import date, time
from typing import Any

from hourtab.core.amounts import HOUR, Rounding, parse
from hourtab.core.entries import Authorisation, Entry, Hold, Ledger, TopUp, Transfer
from hourtab.core.results import CycleTotals, Statement
from hourtab.core.statement import statement
from hourtab.core.terms import Overage, Percent, Retainer, Rollover, Terms


def day(text: str) -> date:
    """`2027-02-03`, or `02-03` in 2027."""
    return date.fromisoformat(text if len(text) == 10 else f"2027-{text}")


def terms(
    on: str = "01-01",
    *,
    hours: float = 10,
    cadence: Any = "month",
    anchor: str | None = None,
    stub: Any = "full",
    rollover: int | None = 0,
    at_most: float | str | None = None,
    policy: Any = "bill",
    debt_max: float | None = None,
    rate: int | None = None,
    rounding: Rounding | None = None,
) -> Terms:
    limit = (
        Percent(int(at_most[:-1]))
        if isinstance(at_most, str)
        else None
        if at_most is None
        else int(at_most * HOUR)
    )
    return Terms(
        effective_on=day(on),
        cap=int(hours * HOUR),
        cadence=cadence,
        anchor_on=day(anchor or on),
        stub=stub,
        rollover=Rollover(rollover, limit),
        overage=Overage(policy, None if debt_max is None else int(debt_max * HOUR), rate),
        rounding=rounding or Rounding(),
    )


def ledger(
    *versions: Terms,
    work: str = "",
    topups: tuple[TopUp, ...] = (),
    transfers: tuple[Transfer, ...] = (),
    approvals: tuple[Authorisation, ...] = (),
    pauses: tuple[str, ...] = (),
    holds: tuple[Hold, ...] = (),
    starts: str | None = None,
    ends: str | None = None,
) -> Ledger:
    """`work` is lines or comma-separated parts like `02-03 12:30`, optionally with a start time:
    `02-03 09:00 12:30`.
    """
    versions = versions or (terms(),)
    entries = []
    for i, line in enumerate(part for part in work.replace(",", "\n").split("\n") if part.strip()):
        when, *clock, amount = line.split()
        started = time.fromisoformat(clock[0]) if clock else None
        entries.append(Entry(f"e{i + 1}", day(when), parse(amount), started))
    return Ledger(
        Retainer(
            starts_on=day(starts) if starts else versions[0].effective_on,
            ends_on=day(ends) if ends else None,
        ),
        versions,
        entries,
        topups,
        transfers,
        approvals,
        frozenset(day(pause) for pause in pauses),
        holds,
    )


def play(book: Ledger, as_of: str) -> Statement:
    return statement(book, day(as_of))


def hours(cycle: CycleTotals, *names: str) -> list[float]:
    """The named totals of a cycle in hours."""
    return [getattr(cycle, name) / HOUR for name in names]
