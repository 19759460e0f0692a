"""Checking a public document: do its lines give its figures? What a link shows, and nothing else,
is enough for that.
"""

import hashlib
from typing import Any

from hourtab.core.document.chain import canonical
from hourtab.core.document.fields import DocumentError, Fields

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


_SUMMED = ("cap", "carried_in", "topped_up", "transferred", "reinstated")


def check(document: Any) -> tuple[str, int]:
    """Check a public document line by line; return its fingerprint and how many lines it has.

    Raises `DocumentError` with the path of the first figure that the others do not give.
    """
    sheets = document.get("sheets") if isinstance(document, dict) else None
    if not isinstance(sheets, list):
        raise DocumentError("sheets", "must be a list")
    count = sum(_check_sheet(Fields(sheet, f"sheets[{i}]")) for i, sheet in enumerate(sheets))
    try:
        return hashlib.sha256(canonical(document)).hexdigest(), count
    except RecursionError:
        raise DocumentError("", "nested too deeply for a document") from None


def _check_sheet(sheet: Fields) -> int:
    lines = sheet.every("lines")
    if sheet.take("cycle") is None:
        return len(lines)
    cycle = sheet.object("cycle")
    _figures(cycle)
    for past in sheet.every("past") if "past" in sheet.raw else ():
        _figures(past)
    balance, used = cycle.figure("available"), 0
    for line in lines:
        charged = line.figure("charged")
        if charged and line.take("scope") != "retainer":
            raise DocumentError(
                line.at("charged"), "only work that counts against the hours is charged"
            )
        used += max(0, charged)
        if line.figure("balance") != balance - used:
            raise DocumentError(line.at("balance"), f"the lines before it give {balance - used}")
    if used != cycle.figure("used"):
        raise DocumentError(cycle.at("used"), "is not the sum of its lines")
    return len(lines)


def _figures(cycle: Fields) -> None:
    came_in = sum(cycle.figure(key) for key in _SUMMED) - cycle.figure("debt_in")
    available, used = cycle.figure("available"), cycle.figure("used")
    if available != came_in:
        raise DocumentError(cycle.at("available"), f"what came in is {came_in}")
    if cycle.figure("remaining") != max(0, available - used):
        raise DocumentError(cycle.at("remaining"), "is not what was available less what was used")
