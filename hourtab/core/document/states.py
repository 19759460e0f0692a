"""What is kept between calculations, as plain JSON values: closing states, and the terms of a
statement.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from hourtab.core import lots, terms
from hourtab.core.amounts import Rounding
from hourtab.core.document.write import plain
from hourtab.core.payments import Part
from hourtab.core.results import ClosingState


def closing_json(state: ClosingState) -> dict[str, Any]:
    """Write a closing state as plain JSON values."""
    return {
        "index": state.index,
        "lots": [plain(asdict(lot)) for lot in state.lots],
        "lapsed": [plain(lapsed._asdict()) for lapsed in state.lapsed],
        "taken": [list(taken) for taken in state.taken],
        "debt": state.debt,
        "authorised": dict(state.authorised),
        "awaiting": dict(state.awaiting),
        "paid": {entry: [list(part) for part in parts] for entry, parts in state.paid.items()},
    }


def closing_from_json(raw: Mapping[str, Any]) -> ClosingState:
    """Read what `closing_json` wrote."""
    return ClosingState(
        index=raw["index"],
        lots=tuple(
            lots.Lot(
                **lot
                | {
                    "born_on": date.fromisoformat(lot["born_on"]),
                    "until": lot["until"] and date.fromisoformat(lot["until"]),
                }
            )
            for lot in raw["lots"]
        ),
        lapsed=tuple(
            lots.Lapsed(**lapsed | {"born_on": date.fromisoformat(lapsed["born_on"])})
            for lapsed in raw["lapsed"]
        ),
        taken=tuple(lots.Taken(*taken) for taken in raw["taken"]),
        debt=raw["debt"],
        authorised=raw["authorised"],
        awaiting=raw["awaiting"],
        paid={entry: [Part(*part) for part in parts] for entry, parts in raw["paid"].items()},
    )


def terms_from_json(raw: dict[str, Any]) -> terms.Terms:
    """Read what `terms_json` wrote."""
    limit = raw["rollover"]["max"]
    return terms.Terms(
        **raw
        | {
            "effective_on": date.fromisoformat(raw["effective_on"]),
            "anchor_on": date.fromisoformat(raw["anchor_on"]),
            "rollover": terms.Rollover(
                raw["rollover"]["cycles"],
                terms.Percent(**limit) if isinstance(limit, dict) else limit,
            ),
            "overage": terms.Overage(**raw["overage"]),
            "rounding": Rounding(**raw["rounding"]),
        }
    )
