"""What a ledger document must hold beyond the form of its fields: that its parts fit each other."""

from datetime import date

from hourtab.core import entries
from hourtab.core.cycle import CorrectionError
from hourtab.core.cycles import Calendar, CycleError
from hourtab.core.document.fields import DocumentError, Fields
from hourtab.core.entries import Ledger
from hourtab.core.statement import carrying_cycle, statement


def check_closes(ledger: Ledger, calendar: Calendar) -> None:
    """Refuse a close that is not the next one in time, or came before the last day of its cycle was
    over.
    """
    known = {close.cycle: (i, close) for i, close in enumerate(ledger.closes)}
    before: entries.Close | None = None
    for day, (i, close) in sorted(known.items()):
        cycle = calendar.cycle_of(day)
        if cycle is None or cycle.starts_on != day:
            raise DocumentError(f"closes[{i}].cycle", f"{day} does not start a cycle")
        if cycle.index and (
            before is None or before.cycle != calendar.through(day)[cycle.index - 1].starts_on
        ):
            earlier = calendar.through(day)[cycle.index - 1].starts_on
            raise DocumentError(
                f"closes[{i}].cycle", f"cycles close in their order, and {earlier} is not closed"
            )
        if close.on < cycle.ends_before:
            raise DocumentError(
                f"closes[{i}].on", f"{close.on} is before the cycle is over ({cycle.ends_on})"
            )
        if before and close.on < before.on:
            raise DocumentError(
                f"closes[{i}].on", f"{close.on} is before {before.cycle} was closed ({before.on})"
            )
        before = close


def check_posting(ledger: Ledger, calendar: Calendar) -> None:
    """Refuse entries that post before their own cycle, and corrections of what is not there or not
    before them.
    """
    named = {entry.id: entry for entry in ledger.entries}
    for i, entry in enumerate(ledger.entries):
        if entry.posted is not None:
            cycle = calendar.cycle_of(entry.posted)
            if cycle is None or cycle.starts_on != entry.posted:
                raise DocumentError(
                    f"entries[{i}].posted", f"{entry.posted} does not start a cycle"
                )
            if entry.on >= cycle.ends_before:
                raise DocumentError(
                    f"entries[{i}].posted",
                    f"an entry of {entry.on} cannot post before its own cycle",
                )
        if entry.corrects is None:
            continue
        original = named.get(entry.corrects)
        if original is None or original.corrects is not None:
            raise DocumentError(
                f"entries[{i}].corrects",
                f"“{entry.corrects}” is not an entry that can be corrected",
            )
        own, corrected = (calendar.cycle_of(item.posted or item.on) for item in (entry, original))
        if own and corrected and own.index <= corrected.index:
            raise DocumentError(
                f"entries[{i}].corrects",
                f"“{entry.corrects}” does not post in an earlier cycle; change that entry itself",
            )


def check_settling(ledger: Ledger, as_of: date, calendar: Calendar) -> None:
    """Refuse decisions on more than awaits one, and corrections that give back more than was
    charged.
    """
    for i, decision in enumerate(ledger.decisions):
        if not calendar.starts_cycle(decision.cycle):
            raise DocumentError(f"decisions[{i}].cycle", f"{decision.cycle} does not start a cycle")
        if decision.on < decision.cycle:
            raise DocumentError(f"decisions[{i}].on", "is before the cycle it is about")
        carrying = carrying_cycle(ledger, calendar, decision)
        if carrying is None:
            raise DocumentError(
                f"decisions[{i}].on", "every cycle is closed; none is left to carry this decision"
            )
        if decision.posted is not None and (
            carrying.starts_on != decision.posted or carrying.starts_on < decision.cycle
        ):
            raise DocumentError(
                f"decisions[{i}].posted",
                f"{decision.posted} does not start a cycle that could carry it",
            )
    if not ledger.decisions and all(entry.corrects is None for entry in ledger.entries):
        return
    try:
        taken: dict[str, int] = {}
        for cycle in statement(ledger, as_of).cycles:
            taken |= cycle.decided
    except CorrectionError as error:
        place = next(i for i, entry in enumerate(ledger.entries) if entry.id == error.entry)
        raise DocumentError(f"entries[{place}].amount", str(error)) from None
    for i, decision in enumerate(ledger.decisions):
        if taken.get(decision.id, decision.amount) < decision.amount:
            left = taken[decision.id]
            raise DocumentError(
                f"decisions[{i}].amount", f"is more than what awaits a decision then ({left})"
            )


def check_cycles(ledger: Ledger, top: Fields) -> Calendar:
    """Refuse terms, pauses and transfers that do not fit the cycles they name."""
    try:
        calendar = Calendar(ledger.retainer, ledger.terms, ledger.pauses)
    except CycleError as error:
        days = [item.get("effective_on") for item in top.raw["terms"]]
        place = days.index(ledger.terms[error.index or 0].effective_on.isoformat())
        raise DocumentError(f"terms[{place}].effective_on", str(error)) from None
    for i, item in enumerate(top.raw.get("pauses", [])):
        day = date.fromisoformat(item["cycle"])
        if not calendar.starts_cycle(day):
            raise DocumentError(f"pauses[{i}].cycle", f"{day} does not start a cycle")
    for i, transfer in enumerate(ledger.transfers):
        cycle = calendar.cycle_of(transfer.on)
        if cycle and cycle.is_paused:
            raise DocumentError(f"transfers[{i}].on", "a paused cycle has no hours to change")
    return calendar
