"""The bar: what is used, planned, left and over, as widths."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from hourtab.core.results import CycleTotals
from hourtab.ledger.saying.words import over
from hourtab.lib.words import Words


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar in thousandths of its width. `scale` is where what was available ends."""

    used: int
    planned: int
    over: int
    carried: int
    extra: int
    scale: int
    pace: int | None

    @property
    def planned_from(self) -> int:
        """Where planned work begins: after what is used, or after what is over."""
        return self.scale + self.over if self.over else self.used

    @property
    def extra_from(self) -> int:
        """Where the hours granted on top begin."""
        return self.scale - self.extra


def bar_of(cycle: CycleTotals, today: date) -> Bar | None:
    """Return the bar of a cycle; None where there is nothing to draw."""
    available = max(0, cycle.available)
    whole = whole_of(cycle)
    if not whole:
        return None

    def share(amount: int) -> int:
        return amount * 1000 // whole

    used = min(cycle.used, available)
    carried = min(cycle.carried_in, available)
    days = (cycle.ends_on - cycle.starts_on).days + 1
    pace = (
        None
        if cycle.ends_on == date.max
        else share(available * ((today - cycle.starts_on).days + 1) // days)
    )
    return Bar(
        used=share(used),
        planned=share(cycle.planned),
        over=share(over(cycle)),
        carried=share(carried),
        extra=share(min(cycle.topped_up, available - carried)),
        scale=share(available),
        pace=None if cycle.state != "open" else pace,
    )


def whole_of(cycle: CycleTotals) -> int:
    """Return what the whole width of the bar stands for: what was available, or more where more is
    used or planned.
    """
    return max(cycle.available, cycle.used + cycle.planned - min(0, cycle.available))


def pace_of(cycle: CycleTotals, today: date, words: Words) -> str:
    """Return what stands under the bar: where an even use would be today, or, beyond it, what was
    available.
    """
    if over(cycle):
        return _("available: %(hours)s") % {"hours": words.amount(max(0, cycle.available))}
    if cycle.ends_on == date.max or cycle.state != "open" or cycle.available <= 0:
        return ""
    days = (cycle.ends_on - cycle.starts_on).days + 1
    even = cycle.available * ((today - cycle.starts_on).days + 1) // days // 60 * 60
    return (
        _("even pace today: %(hours)s") % {"hours": words.amount(even)}
        if words.unit == "hour"
        else ""
    )
