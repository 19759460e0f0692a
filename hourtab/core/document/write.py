"""Writing the open formats: the ledger document, and what is computed from it (ledger §10)."""

from dataclasses import asdict
from datetime import date, time
from typing import Any

from hourtab.core import cycles, terms
from hourtab.core.entries import Ledger
from hourtab.core.results import FIGURES, CycleTotals, Statement

LEDGER_FORMAT = "hourtab-ledger/1"
STATEMENT_FORMAT = "hourtab-statement/1"


def to_json(ledger: Ledger, as_of: date) -> dict[str, Any]:
    """Write a ledger as the document `read` takes, with every key that has a value."""
    return {
        "format": LEDGER_FORMAT,
        "retainer": retainer_json(ledger.retainer),
        "terms": [terms_json(version) for version in ledger.terms],
        "entries": [plain(entry._asdict()) for entry in ledger.entries],
        "topups": [plain(asdict(topup)) for topup in ledger.topups],
        "transfers": [plain(asdict(transfer)) for transfer in ledger.transfers],
        "authorisations": [plain(asdict(authorisation)) for authorisation in ledger.authorisations],
        "pauses": [{"cycle": day.isoformat()} for day in sorted(ledger.pauses)],
        "holds": [plain(asdict(hold)) for hold in ledger.holds],
        "decisions": [plain(asdict(decision)) for decision in ledger.decisions],
        "closes": [plain(asdict(close)) for close in ledger.closes],
        "as_of": as_of.isoformat(),
    }


def cycle_json(cycle: CycleTotals) -> dict[str, Any]:
    """Write one cycle as the statement document lists it. A cycle without end has `ends_on`
    null.
    """
    figures = {key: getattr(cycle, key) for key in FIGURES}
    return figures | {
        "starts_on": cycle.starts_on.isoformat(),
        "ends_on": None if cycle.ends_on == cycles.FOR_EVER else cycle.ends_on.isoformat(),
        "drawn": dict(cycle.drawn),
    }


def statement_json(result: Statement) -> dict[str, Any]:
    """Write a statement as its document."""
    return {
        "format": STATEMENT_FORMAT,
        "cycles": [cycle_json(cycle) for cycle in result.cycles],
        "lines": [line._asdict() for line in result.lines],
    }


def terms_json(version: terms.Terms) -> dict[str, Any]:
    """Write a version of the terms as the document lists it."""
    written: dict[str, Any] = plain(asdict(version))
    return written


def retainer_json(retainer: terms.Retainer) -> dict[str, Any]:
    """Write a retainer as the document has it."""
    written: dict[str, Any] = plain(asdict(retainer))
    return written


def plain(value: Any) -> Any:
    """Turn dates and times into text, and Python's `from_` into the format's `from`."""
    if isinstance(value, dict):
        return {key.rstrip("_"): plain(item) for key, item in value.items()}
    if isinstance(value, date | time):
        return value.isoformat()
    return value
