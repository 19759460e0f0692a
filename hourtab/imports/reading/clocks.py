"""The time between two clocks of a zone. Where clocks change meanwhile it is another one than the
hands say: 01:30 to 03:30 is one hour in the night they go forward (ledger §1).
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR, clock

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class Clock(NamedTuple):
    """A time of day on a day. `ahead` is how far it is ahead of UTC, where that was said."""

    on: date
    at: time
    ahead: timedelta | None = None


class Span(NamedTuple):
    """The seconds between two clocks. `others` are what they could be as well, in the hour that
    comes twice; `doubt` says what a reader should know before relying on them.
    """

    seconds: int
    others: tuple[int, ...] = ()
    doubt: str = ""


class Zone:
    """What is known of a zone's days while a file is read."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._steady: dict[date, bool] = {}

    def between(self, begun: Clock, ended: Clock) -> Span | None:
        """Return the time from one clock to another, over midnight where the second is earlier on
        the same day; None where it ended on a day before it began.
        """
        is_plain = begun.ahead is None and ended.ahead is None
        if is_plain and 0 <= _days(begun, ended) <= 1 and self._is_steady(begun.on):
            return _by_the_hands(begun, ended)
        return self._between(begun, ended)

    def seconds_of(self, on: date) -> int:
        """Return the seconds a day has."""
        following = _utc(Clock(on + _DAY, time()), self.zone)
        return (following - _utc(Clock(on, time()), self.zone)) // _SECOND

    def _is_steady(self, on: date) -> bool:
        """Do all clocks of this day and the next one tell the same time?"""
        if on not in self._steady:
            last = datetime.combine(on + 2 * _DAY, time())
            first = datetime.combine(on, time())
            self._steady[on] = self._ahead(first, 0) == self._ahead(last, 0)
        return self._steady[on]

    def _between(self, begun: Clock, ended: Clock) -> Span | None:
        if missing := next((it for it in (begun, ended) if not self._exists(it)), None):
            # Written in another zone, or by hand: what the hands say is all there is to go by.
            span = _by_the_hands(begun, ended)
            doubt = _("there is no %(at)s on %(on)s, the clocks go forward; counted as it stands")
            return span and span._replace(
                doubt=doubt % {"at": f"{missing.at:%H:%M}", "on": missing.on}
            )
        found = self._possible(begun, ended)
        if not found and ended.on == begun.on:
            found = self._possible(begun, ended._replace(on=ended.on + _DAY))
        if not found:
            return None
        first, *others = found
        doubt = ""
        if others:
            text = _(
                "a time that comes twice that night: %(first)s is taken, it could be %(other)s"
            )
            doubt = text % {"first": clock(first), "other": clock(others[0])}
        return Span(first, tuple(others), doubt)

    def _possible(self, begun: Clock, ended: Clock) -> list[int]:
        """Return the times that can lie between, that of the earlier clocks first."""
        found = [
            (_utc(ended, self.zone, last) - _utc(begun, self.zone, first)) // _SECOND
            for first in (0, 1)
            for last in (0, 1)
        ]
        return [seconds for seconds in dict.fromkeys(found) if seconds >= 0]

    def _exists(self, it: Clock) -> bool:
        """Is it no clock of the hour that is left out?"""
        if it.ahead is not None:
            return True
        here = datetime.combine(it.on, it.at)
        back = _utc(it, self.zone).replace(tzinfo=UTC).astimezone(self.zone)
        return back.replace(tzinfo=None, fold=0) == here

    def _ahead(self, at: datetime, fold: int) -> timedelta:
        return at.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta()


def _utc(it: Clock, zone: tzinfo, fold: int = 0) -> datetime:
    at = datetime.combine(it.on, it.at)
    if it.ahead is not None:
        return at - it.ahead
    return at - (at.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta())


def _by_the_hands(begun: Clock, ended: Clock) -> Span | None:
    days = _days(begun, ended)
    seconds = days * 24 * HOUR + _of_day(ended.at) - _of_day(begun.at)
    if seconds < 0 and not days:
        seconds += 24 * HOUR
    return Span(seconds) if seconds >= 0 else None


def _days(begun: Clock, ended: Clock) -> int:
    return ended.on.toordinal() - begun.on.toordinal()


def _of_day(at: time) -> int:
    return at.hour * HOUR + at.minute * 60 + at.second
