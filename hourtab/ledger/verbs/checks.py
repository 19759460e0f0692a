"""What a line, a rate and a day must be to be written. Whatever a ledger document refuses is refused
here first (ledger §10).
"""

from datetime import date, datetime

from hourtab.accounts.plans import PlanError, check_day
from hourtab.core.amounts import HOUR, LONGEST
from hourtab.core.cycles import LAST_DAY
from hourtab.ledger.errors import (
    AfterTheEnd,
    BeforeTheStart,
    CountsLikeNothing,
    NotAWholeSecond,
    PlanRefuses,
    RateOutOfBounds,
    TextTooLong,
    TimeOutOfBounds,
)
from hourtab.ledger.line import Work
from hourtab.ledger.models import Scope
from hourtab.retainers.models import Retainer

LONGEST_ENTRY = 1000 * HOUR
OUTCOMES = {
    "hour": ("",),
    "session": (
        "",
        "held",
        "cancelled_in_time",
        "cancelled_late",
        "no_show",
        "cancelled_by_provider",
    ),
    "deliverable": ("", "accepted", "rejected"),
}
"""What may become of a line of each unit; a ledger document holds nothing else (ledger §10)."""
LENGTHS = {"category": 60, "project": 200, "person": 120, "description": 100_000}


def check_line(retainer: Retainer, work: Work, *, is_correction: bool = False) -> None:
    """Raise `LedgerError` for a line that the retainer, or a ledger document, cannot hold."""
    for name, most in LENGTHS.items():
        if len(getattr(work, name)) > most:
            raise TextTooLong(name=name, most=f"{most:,}")
    if work.scope not in Scope.values or work.outcome not in OUTCOMES[retainer.unit]:
        raise CountsLikeNothing()
    if work.started is not None and work.started.microsecond:
        raise NotAWholeSecond()
    if abs(work.amount) > LONGEST_ENTRY or (work.amount < 0 and not is_correction):
        raise TimeOutOfBounds()
    if retainer.calendar().cycle_of(work.on) is None:
        if work.on < retainer.starts_on:
            raise BeforeTheStart(on=work.on, starts_on=retainer.starts_on)
        raise AfterTheEnd(on=work.on, last_day=retainer.ends_on or LAST_DAY)


def check_rate(rate: int | None) -> None:
    """Raise `LedgerError` for a rate that no ledger document may hold."""
    if rate is not None and not 0 <= rate <= LONGEST:
        raise RateOutOfBounds()


def check_plan(retainer: Retainer, on: date, now: datetime) -> None:
    """Raise `LedgerError` where the plan of the workspace does not reach back to that day."""
    try:
        check_day(retainer.workspace, on, retainer.today(now))
    except PlanError as error:
        raise PlanRefuses(str(error)) from None
