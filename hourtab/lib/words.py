"""Durations, dates and numbers as one reader's locale writes them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton, format_time
from django.conf import settings
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from hourtab.core import amounts
from hourtab.money.words import written

_NBSP = "\u00a0"


@lru_cache(maxsize=64)
def _locale(code: str) -> Locale:
    try:
        return Locale.parse(code, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en", "GB")


@lru_cache(maxsize=4096)
def _skeleton(pattern: str, on: date, code: str) -> str:
    return format_skeleton(pattern, on, locale=_locale(code)).replace(" ", _NBSP)


@dataclass(frozen=True, slots=True)
class Words:
    """How one reader reads. `style` is `hm` or `decimal`; `unit` what is counted."""

    locale: str = "en-GB"
    style: Any = "hm"
    unit: str = "hour"

    @property
    def language(self) -> str:
        """The language of the texts: that of the locale where there is a catalogue for it, else
        English.
        """
        language = self.locale.partition("-")[0]
        return language if language in dict(settings.LANGUAGES) else "en"

    @property
    def _mark(self) -> str:
        return str(_locale(self.locale).number_symbols.get("latn", {}).get("decimal", "."))

    def amount(self, amount: int) -> str:
        """Write an amount with its unit: `6 h 30 m`, `6.5 h`, `3 sessions`."""
        if self.unit == "hour":
            text = amounts.render(amount, self.style, mark=self._mark)
            return text.replace(f"{_NBSP}m", f"{_NBSP}min") if self.language == "de" else text
        number, many = self._count(amount), 1 if amount == 100 else 2
        if self.unit == "session":
            return ngettext("%(n)s session", "%(n)s sessions", many) % {"n": number}
        return ngettext("%(n)s deliverable", "%(n)s deliverables", many) % {"n": number}

    def left(self, amount: int) -> str:
        """Write what is left, or how far beyond it things are; never a negative number."""
        return (
            self.amount(amount)
            if amount >= 0
            else _("%(time)s over") % {"time": self.amount(-amount)}
        )

    def signed(self, amount: int) -> str:
        """Write a difference: `+2 h` or `−2 h`."""
        return f"{'+' if amount > 0 else '−' if amount else ''}{self.amount(abs(amount))}"

    def used_of(self, used: int, available: int) -> str:
        """Write `14 of 20 h used`, or `16 h 30 m of 23 h used` where one of them is no whole
        hour.
        """
        return _("%(pair)s used") % {"pair": self.pair(used, available)}

    def pair(self, part: int, whole: int) -> str:
        """Write `14 of 20 h`."""
        bare = (
            self._count(part)
            if self.unit != "hour"
            else amounts.render_bare(part, self.style, mark=self._mark)
        )
        plain = self.unit != "hour" or self.style == "decimal" or whole % amounts.HOUR == 0
        return _("%(part)s of %(whole)s") % {
            "part": bare if bare and plain else self.amount(part),
            "whole": self.amount(whole),
        }

    def _count(self, amount: int) -> str:
        return ("−" if amount < 0 else "") + amounts.count(abs(amount), mark=self._mark)

    def parts(self, amount: int) -> list[tuple[str, str]]:
        """Split an amount into numbers and units, for setting them in different sizes."""
        words = self.amount(amount).split(_NBSP if self.unit == "hour" else " ")
        return list(zip(words[::2], words[1::2], strict=True))

    def day(self, on: date) -> str:
        """Write `1 July`."""
        return _skeleton("MMMMd", on, self.locale)

    def ordinal(self, number: int) -> str:
        """Write `1st`, in the language that is spoken now."""
        if (get_language() or "en").startswith("de"):
            return f"{number}."
        ending = (
            "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        )
        return f"{number}{ending}"

    def full_day(self, on: date) -> str:
        """Write `1 July 2027`."""
        return format_date(on, "long", locale=_locale(self.locale)).replace(" ", _NBSP)

    def weekday(self, on: date) -> str:
        """Write `Tuesday 22 June`, or `Dienstag, 22. Juni`."""
        comma = (
            ","
            if self.language != "en"
            and "EEEE," in _locale(self.locale).date_formats["full"].pattern
            else ""
        )
        return f"{self.weekday_name(on)}{comma} {self.day(on)}"

    def weekday_name(self, on: date) -> str:
        """Write `Tuesday`."""
        return str(format_date(on, "EEEE", locale=_locale(self.locale)))

    @property
    def first_weekday(self) -> int:
        """The day a week begins with here, 0 being Monday."""
        return int(_locale(self.locale).first_week_day)

    def short_day(self, on: date) -> str:
        """Write `1 Jul`, with the year where days of several years stand together."""
        return _skeleton("yMMMd", on, self.locale)

    def stretch(self, first: date, last: date) -> str:
        """Write `1–30 June 2027`; the year alone for a cycle without end."""
        if last == date.max:
            return _("from %(day)s") % {"day": self.full_day(first)}
        return str(format_interval(first, last, "yMMMd", locale=_locale(self.locale)))

    def month_or_stretch(self, first: date, last: date) -> str:
        """Write `June 2027` for a calendar month, else the stretch."""
        if (
            first.day == 1
            and (last.year, last.month) == (first.year, first.month)
            and last.day >= 28
        ):
            return _skeleton("yMMMM", first, self.locale).replace(_NBSP, " ")
        return self.stretch(first, last)

    def clock(self, at: datetime | time) -> str:
        """Write `14:05`."""
        return format_time(at, "short", locale=_locale(self.locale)).replace("\u202f", _NBSP)

    def money(self, minor: int, currency: str) -> str:
        """Write minor units with their currency."""
        return written(minor, currency, _locale(self.locale))
