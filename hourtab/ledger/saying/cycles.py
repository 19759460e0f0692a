"""The cycles as the provider's table lists them: with their statements, and what each still
needs.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from hourtab.core.cycles import Cycle
from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Statement
from hourtab.ledger.reading import closed, statements
from hourtab.ledger.reading.cycles import cycles_of
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class CycleState:
    """How far a cycle is: its statement, or when it closes by itself; and what awaits a
    decision.
    """

    statement: Statement | None
    closes_on: date | None
    awaiting: int
    has_ended: bool
    is_paused: bool


def cycle_rows(retainer: Retainer, today: date) -> dict[str, Any]:
    """Return what the table shows: each cycle with its state, newest first, and the history to be
    closed by hand.
    """
    cycles = cycles_of(retainer, today)
    standing = {row.starts_on: row for row in statements.statements_of(retainer)}
    pending = cycles[-1].pending if cycles else {}
    unclosed = {cycle.starts_on: cycle for cycle in closed.unclosed(retainer, today)}
    history = [
        cycle
        for cycle in unclosed.values()
        if cycle.ends_before <= today and closed.is_history(retainer, cycle)
    ]
    paused = retainer.paused_cycles()
    rows = [
        (
            cycle,
            CycleState(
                standing.get(cycle.starts_on),
                None if history else _closes_on(cycle, unclosed),
                pending.get(cycle.starts_on.isoformat(), 0),
                cycle.ends_on < today,
                cycle.starts_on in paused,
            ),
        )
        for cycle in reversed(cycles)
    ]
    return {
        "cycles": rows,
        "history": len(history),
        "close_all": history[-1].starts_on if history else None,
    }


def _closes_on(cycle: CycleTotals, unclosed: dict[date, Cycle]) -> date | None:
    found = unclosed.get(cycle.starts_on)
    return closed.due_on(found) if found else None
