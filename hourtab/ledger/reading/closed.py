"""What is closed of a retainer, and when a cycle closes by itself (ledger §5)."""

from collections.abc import Sequence
from datetime import date, timedelta

from hourtab.core.cycles import FOR_EVER, Cycle
from hourtab.ledger.models import Statement
from hourtab.retainers.models import Retainer


def closed_count(retainer: Retainer) -> int:
    """Return how many cycles are closed: the first ones, without a gap."""
    return Statement.objects.filter(retainer=retainer, version=1).count()


def due_on(cycle: Cycle) -> date | None:
    """Return the date on which a cycle closes by itself: its last day, a day, and the grace; None
    where it never ends.
    """
    return (
        None
        if cycle.ends_before == FOR_EVER
        else cycle.ends_before + timedelta(days=cycle.terms.grace_days)
    )


def is_history(retainer: Retainer, cycle: Cycle) -> bool:
    """Had this cycle ended before the retainer was opened here? Then it closes by hand alone."""
    return cycle.ends_on < retainer.today(retainer.opened_at)


def unclosed(retainer: Retainer, today: date, closed: int | None = None) -> Sequence[Cycle]:
    """Return the cycles through today's that are not closed; `closed` says how many are, where that
    is known already.
    """
    return retainer.calendar().through(today)[
        closed_count(retainer) if closed is None else closed :
    ]
