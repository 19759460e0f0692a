"""Lines of which something awaits a decision."""

from datetime import date

from hourtab.core.results import CycleTotals, Line, paid_by
from hourtab.ledger.reading import cycles, log
from hourtab.ledger.reading.terms import terms_at
from hourtab.retainers.models import Retainer


def beyond_hours(retainer: Retainer, cycle_on: date, today: date) -> list[log.LogLine]:
    """Return the lines of a cycle of which something awaits a decision, the latest first."""
    cycle = next(
        (item for item in cycles.cycles_of(retainer, today) if item.starts_on == cycle_on), None
    )
    if cycle is None:
        return []
    terms = terms_at(retainer, cycle_on)
    lines = log.log_lines(
        log.lines_of(retainer, cycle, ("retainer",)), cycle, terms, today, limit=None
    )
    return [line for line in lines if _awaits(cycle, line)]


def _awaits(cycle: CycleTotals, line: log.LogLine) -> bool:
    if line.balance is None or line.charged <= 0 or line.corrects:
        return False
    return any(
        part.source == "awaiting"
        for part in paid_by(cycle, Line("", line.charged, 0, 0, line.balance))
    )
