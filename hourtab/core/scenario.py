"""The same ledger with something else in it: other entries, another end.

What a page asks with “what if” is the one calculation on another value; nothing here computes.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from hourtab.core.entries import Entry, Ledger


def with_entries(
    ledger: Ledger, come: Iterable[Entry] = (), go: Collection[str] = frozenset()
) -> Ledger:
    """Return the ledger without the entries whose ids `go`, and with those that `come`."""
    stay = [entry for entry in ledger.entries if entry.id not in go]
    return replace(ledger, entries=[*stay, *come])


def known_on(ledger: Ledger, on: date) -> Ledger:
    """Return the ledger with the work up to that day, as if nothing more were used."""
    return replace(ledger, entries=[entry for entry in ledger.entries if entry.on <= on])


def ending(ledger: Ledger, ends_on: date | None) -> Ledger:
    """Return the ledger as if the retainer ended with that day; None where it goes on."""
    return replace(ledger, retainer=replace(ledger.retainer, ends_on=ends_on))
