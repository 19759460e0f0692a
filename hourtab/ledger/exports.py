"""The work log as CSV: what HourTab writes, it reads back."""

import csv
import io

from hourtab.core.amounts import clock
from hourtab.ledger.models import Revision
from hourtab.ledger.queries import IN_ORDER, latest
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
    """Return every line of the log that stands, oldest first, guarded against formulas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    rows = latest(retainer).select_related("entry").order_by(*IN_ORDER)
    writer.writerows(_row(retainer, row) for row in rows.iterator(chunk_size=2000))
    return out.getvalue()


def _row(retainer: Retainer, row: Revision) -> list[str]:
    texts = map(
        guarded,
        (
            retainer.client.name,
            retainer.name,
            row.scope,
            row.category,
            row.project,
            row.person,
            row.description,
        ),
    )
    started = row.started.isoformat() if row.started else ""
    return [row.on.isoformat(), started, clock(row.amount), str(row.amount), *texts, row.entry.key]


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, with an apostrophe before it where it
    could be one.

    A text that begins with an apostrophe gets one more, so that `unguarded` gives back every text
    as it was.
    """
    return f"'{text}" if text and text[0] in "=+-@\t\r'" else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@\t\r'" else text
