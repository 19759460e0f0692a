"""The work log as CSV: what HourTab writes, it reads back."""

from hourtab.core.amounts import clock
from hourtab.ledger.models import Revision
from hourtab.ledger.reading.entries import latest
from hourtab.ledger.reading.log import IN_ORDER
from hourtab.lib.csv import Cell, Exact, table
from hourtab.retainers.models import Retainer

COLUMNS = (
    "Date",
    "Start",
    "Duration",
    "Seconds",
    "Client",
    "Retainer",
    "Scope",
    "Category",
    "Project",
    "Person",
    "Description",
    "Entry",
)


def log_as_csv(retainer: Retainer) -> str:
    """Return every line of the log that stands, oldest first."""
    rows = latest(retainer).select_related("entry").order_by(*IN_ORDER)
    return table(COLUMNS, (_row(retainer, row) for row in rows.iterator(chunk_size=2000)))


def _row(retainer: Retainer, row: Revision) -> list[Cell]:
    started = row.started.isoformat() if row.started else ""
    return [
        row.on,
        Exact(started),
        Exact(clock(row.amount)),
        row.amount,
        retainer.client.name,
        retainer.name,
        row.scope,
        row.category,
        row.project,
        row.person,
        row.description,
        row.entry.key,
    ]
