"""When the hours of a cycle run out, or what is left at its end (ledger §7)."""

from dataclasses import dataclass
from datetime import date, timedelta

from hourtab.core.cycles import FOR_EVER
from hourtab.core.results import CycleTotals

FEWEST = 3
"""A forecast is silent before so many working days have passed and so many entries were charged."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What comes of the present pace: the day the hours run out, or what is left when the cycle
    ends.

    Exactly one of them is set. `has_plans` says whether planned work was added.
    """

    runs_out_on: date | None
    left: int | None
    has_plans: bool


def forecast(cycle: CycleTotals, charged_entries: int, as_of: date) -> Forecast | None:
    """Return the forecast of an open cycle at `as_of`; None on thin data, or where the hours have
    run out already.

    The rate is what was charged for each working day (Monday to Friday) that has begun, the day of
    `as_of` included; planned work is added after the rate. The hours run out on the working day
    that takes the last of them.
    """
    elapsed = working_days(cycle.starts_on, as_of)
    left = cycle.available - cycle.used
    if (
        cycle.state != "open"
        or elapsed < FEWEST
        or charged_entries < FEWEST
        or left <= 0
        or cycle.used <= 0
    ):
        return None
    left -= cycle.planned
    days = max(0, -(-left * elapsed // cycle.used))
    has_plans = cycle.planned > 0
    if cycle.ends_on != FOR_EVER:
        coming = working_days(as_of + timedelta(days=1), cycle.ends_on)
        at_end = left - cycle.used * coming // elapsed
        if days > coming or at_end >= 0:
            return Forecast(None, max(0, at_end), has_plans)
    out_on = nth_working_day(as_of, days)
    return None if out_on is None else Forecast(out_on, None, has_plans)


def working_days(first: date, last: date) -> int:
    """Count Mondays to Fridays from `first` to `last`, both included; 0 where `last` is earlier."""
    days = (last - first).days + 1
    if days <= 0:
        return 0
    weeks, rest = divmod(days, 7)
    return weeks * 5 + sum(1 for i in range(rest) if (first.weekday() + i) % 7 < 5)


def nth_working_day(after: date, count: int) -> date | None:
    """Return the `count`-th working day after a day, the day itself for 0; None where that lies
    beyond ten years.
    """
    if count > 2_600:
        return None
    if count == 0:
        return after
    weeks, rest = divmod(count, 5)
    # A weekend counts from its Friday, so that whole weeks end on a working day.
    day = after - timedelta(days=max(0, after.weekday() - 4)) + timedelta(weeks=weeks)
    while rest:
        day += timedelta(days=1)
        rest -= day.weekday() < 5
    return day
