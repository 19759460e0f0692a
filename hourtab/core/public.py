"""Checking a public document: do its lines give its figures? What a link shows, and nothing else,
is enough for that.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from hourtab.core.chain import canonical
from hourtab.core.fields import DocumentError

PUBLIC_FORMAT = "hourtab-public/1"
CYCLE_KEYS = (
    "cap",
    "carried_in",
    "topped_up",
    "transferred",
    "reinstated",
    "debt_in",
    "available",
    "used",
    "planned",
    "overage",
    "authorised",
    "billed",
    "absorbed",
    "awaiting",
    "settled",
    "expired",
    "trimmed",
    "carried_out",
    "debt_out",
    "remaining",
    "state",
)


def check(document: Any) -> tuple[str, int]:
    """Check a public document line by line; return its fingerprint and how many lines it has.

    Raises `DocumentError` with the path of the first figure that the others do not give.
    """
    sheets = document.get("sheets") if isinstance(document, dict) else None
    if not isinstance(sheets, list):
        raise DocumentError("sheets", "must be a list")
    count = 0
    for i, sheet in enumerate(sheets):
        try:
            count += _check_sheet(sheet, f"sheets[{i}]")
        except (KeyError, TypeError, AttributeError) as error:
            raise DocumentError(f"sheets[{i}]", f"is not complete ({error})") from None
    return hashlib.sha256(canonical(document)).hexdigest(), count


def _check_sheet(sheet: Mapping[str, Any], path: str) -> int:
    cycle, lines = sheet["cycle"], sheet["lines"]
    if cycle is None:
        return len(lines)
    _figures(cycle, f"{path}.cycle")
    for i, past in enumerate(sheet.get("past", [])):
        _figures(past, f"{path}.past[{i}]")
    balance = cycle["available"]
    for i, line in enumerate(lines):
        here = f"{path}.lines[{i}]"
        if line["scope"] != "retainer" and line["charged"]:
            raise DocumentError(
                f"{here}.charged", "only work that counts against the hours is charged"
            )
        balance -= max(0, line["charged"])
        if line["balance"] != balance:
            raise DocumentError(f"{here}.balance", f"the lines before it give {balance}")
    if sum(max(0, line["charged"]) for line in lines) != cycle["used"]:
        raise DocumentError(f"{path}.cycle.used", "is not the sum of its lines")
    return len(lines)


def _figures(cycle: Mapping[str, Any], path: str) -> None:
    came_in = (
        sum(cycle[key] for key in ("cap", "carried_in", "topped_up", "transferred", "reinstated"))
        - cycle["debt_in"]
    )
    if cycle["available"] != came_in:
        raise DocumentError(f"{path}.available", f"what came in is {came_in}")
    if cycle["remaining"] != max(0, cycle["available"] - cycle["used"]):
        raise DocumentError(f"{path}.remaining", "is not what was available less what was used")
