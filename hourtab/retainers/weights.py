"""How much an entry counts: decided by its kind of work and its start, when it is stored; the
largest rule wins (ledger §2).
"""

from collections.abc import Sequence
from datetime import date, time
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from hourtab.lib.words import Words
from hourtab.retainers.models import OfficeHours, Retainer, WeightRule

_PLAIN = (100, "")


class Weigher:
    """The rules of a retainer, ready to decide about many entries."""

    def __init__(self, retainer: Retainer) -> None:
        self.rules = list(retainer.weight_rules.all())
        self.hours = OfficeHours.objects.filter(retainer=retainer).first() if self.rules else None
        self.days: dict[date, str | None] = {}

    def weigh(self, on: date, started: time | None, category: str) -> tuple[int, str]:
        """Return the weight in percent of work of that day, start and kind, and what decided it;
        100 where no rule matches.
        """
        if not self.rules:
            return _PLAIN
        matching = []
        for rule in self.rules:
            if rule.category and rule.category.casefold() != category.casefold():
                continue
            why = self._why_after(on, started) if rule.is_after_hours else ""
            if why is not None:
                matching.append((rule.percent, f"{rule.name}, {why}" if why else rule.name))
        return max(matching, key=lambda match: match[0], default=_PLAIN)

    def _why_after(self, on: date, started: time | None) -> str | None:
        """Say why work lies outside the office hours, where there is more to say than its start;
        None where it does not.
        """
        if self.hours is None:
            return None
        if on not in self.days:
            self.days[on] = _day_off(self.hours, on)
        if (day := self.days[on]) is not None:
            return day
        return (
            ""
            if started is not None and not self.hours.opens <= started < self.hours.closes
            else None
        )


def _day_off(hours: OfficeHours, on: date) -> str | None:
    """Return the name of the holiday, nothing for another day without office hours, None for a day
    that has them.
    """
    if hours.holidays and (name := _calendar(hours.holidays).get(on)):
        return str(name).replace("|", "/")[:50]
    return None if str(on.weekday()) in hours.days else ""


@cache
def _calendar(place: str) -> Any:
    """Return the public holidays of a place like `DE` or `DE-BY`. Raises `NotImplementedError` for
    one that is not known.
    """
    import holidays

    country, _dash, part = place.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def is_place(place: str) -> bool:
    """Are the public holidays of this place known?"""
    try:
        _calendar(place)
    except (NotImplementedError, KeyError):
        return False
    return True


def weights_in_words(
    rules: Sequence[WeightRule], hours: OfficeHours | None, words: Words
) -> list[str]:
    """Return what was agreed about weights, a sentence each, the largest first."""
    said = []
    for rule in sorted(rules, key=lambda rule: (-rule.percent, rule.name)):
        times = {200: _("double"), 300: _("three times")}.get(
            rule.percent, _("at %(percent)s %%") % {"percent": rule.percent}
        )
        if rule.is_after_hours and hours is None:
            continue
        name = rule.name
        if rule.is_after_hours and hours is not None:
            name = f"{name} ({_outside(hours, words)})"
        said.append(_("%(what)s counts %(times)s.") % {"what": name, "times": times})
    return said


def _outside(hours: OfficeHours, words: Words) -> str:
    """Say what lies outside the office hours."""
    open_days = [day for day in range(7) if str(day) in hours.days]
    names = [words.weekday_name(date(2024, 1, 1 + day)) for day in open_days]
    runs = open_days == list(range(open_days[0], open_days[-1] + 1)) if open_days else False
    days = (
        _("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
        if runs and len(names) > 2
        else ", ".join(names)
    )
    said = {"days": days, "opens": words.clock(hours.opens), "closes": words.clock(hours.closes)}
    if hours.holidays:
        return _("outside %(days)s, %(opens)s to %(closes)s, and on public holidays") % said
    return _("outside %(days)s, %(opens)s to %(closes)s") % said
