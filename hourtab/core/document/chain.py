"""The provider's chain: one link per write, over the digests of everything that was ever written
(ledger §5).

Texts enter as salted digests of their own, so that a text can be erased and the chain still
verifies.
"""

import json
from collections.abc import Iterable
from datetime import date, time
from functools import lru_cache
from hashlib import sha256
from typing import Any


@lru_cache(maxsize=8192)
def iso(value: date | time | None) -> str:
    """Return a date or time as ISO text, as fast as a log repeats few of them."""
    return "" if value is None else value.isoformat()


def texts_digest(salt: str, project: str, person: str, description: str) -> str:
    """Return the salted digest of the texts of a revision that may have to be erased one day."""
    return sha256(f"{salt}\0{project}\0{person}\0{description}".encode()).hexdigest()


def revision_digest(
    key: str,
    number: int,
    corrects: str,
    on: str,
    started: str,
    amount: int,
    weight: int,
    scope: str,
    outcome: str,
    is_withdrawn: bool,
    posted: str,
    category: str,
    texts: str,
    weighted_by: str = "",
) -> str:
    """Return the digest of revision `number` of the entry `key`; dates and times as ISO text,
    `texts` as `texts_digest`.

    `weighted_by` names the rule that gave it its weight; it holds no `|`.
    """
    counts = f"{weight} {weighted_by}" if weighted_by else weight
    said = f"{key}|{number}|{corrects}|{on}|{started}|{amount}|{counts}|{scope}|{outcome}|{is_withdrawn:d}|{posted}|"
    return sha256(f"{said}{category}|{texts}".encode()).hexdigest()


def record_digest(record: dict[str, Any]) -> str:
    """Return the digest of what is written beside entries: of its canonical JSON."""
    return sha256(canonical(record)).hexdigest()


def link(previous: str, digests: Iterable[str]) -> str:
    """Return the hash of a write: SHA-256 of the hash before it and the digests of what it wrote,
    in order.
    """
    return sha256((previous + "".join(digests)).encode()).hexdigest()


def canonical(value: Any) -> bytes:
    """Return JSON in the one form that is digested: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
