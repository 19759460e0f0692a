"""Why a line is covered: which hours paid for it, in the sponsor's words."""

from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from hourtab.core.amounts import Rounding
from hourtab.core.coverage import Cover
from hourtab.core.cycles import Calendar
from hourtab.core.entries import FREE_OUTCOMES
from hourtab.core.results import CycleTotals, Line, paid_by
from hourtab.ledger.models import Authorisation, TopUp
from hourtab.ledger.reading.log import LogLine
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer


class Coverage:
    """What paid for the lines of one cycle. Reading it costs the lines that are asked for, however
    long the log is.
    """

    def __init__(
        self, retainer: Retainer, cycle: CycleTotals, words: Words, rounding: Rounding
    ) -> None:
        self.retainer, self.cycle, self.words, self.rounding = retainer, cycle, words, rounding

    def of(self, line: LogLine, *, shows_worked: bool = True) -> str:
        """Return why a line counts as it does, in sentences; nothing for one that draws nothing, or
        is listed by itself.
        """
        if line.balance is None or line.charged <= 0 or line.work.scope != "retainer":
            return ""
        parts = paid_by(self.cycle, Line(line.key, line.charged, 0, 0, line.balance))
        said = [self._paid(part) for part in parts]
        counted = self._counted(line) if shows_worked else ""
        return " ".join(text for text in (counted, *said) if text)

    def _counted(self, line: LogLine) -> str:
        """Say how the time that counts follows from the time worked; nothing where it is the
        same.
        """
        work, words = line.work, self.words
        if line.corrects or line.charged == work.amount or work.outcome in FREE_OUTCOMES:
            return ""
        rounded = self.rounding.apply(work.amount)
        said = {
            "worked": words.amount(work.amount),
            "rounded": words.amount(rounded),
            "percent": work.weight,
        }
        said["time"] = words.amount(line.charged) + (
            f" ({visible(work.weighted_by)})" if work.weighted_by else ""
        )
        if work.weight == 100:
            return _("%(worked)s worked, rounded to %(time)s.") % said
        if rounded != work.amount:
            return (
                _("%(worked)s worked, rounded to %(rounded)s, at %(percent)s %% is %(time)s.")
                % said
            )
        return _("%(worked)s worked, at %(percent)s %% is %(time)s.") % said

    def _paid(self, part: Cover) -> str:
        """Say what paid for a part of a line."""
        kind, _colon, name = part.source.partition(":")
        said = {"time": self.words.amount(part.amount)} | self._details(kind, name, part)
        text = _PAID[kind]()
        if kind == "base" and name != self.cycle.starts_on.isoformat():
            text = _("%(time)s from hours carried over from %(cycle)s.")
        elif kind == "topup" and not said["day"]:
            text = _("%(time)s from extra hours.")
        elif kind == "authorisation" and said.get("is_emergency"):
            text = _("%(time)s in an emergency, approved on %(day)s, billed at %(rate)s.")
        elif kind == "billed" and part.rate is None:
            text = _("%(time)s beyond the hours, billed.")
        return text % said

    def _details(self, kind: str, name: str, part: Cover) -> dict[str, Any]:
        details: dict[str, Any] = {}
        if part.rate is not None:
            details["rate"] = rate_in_words(part.rate, self.retainer, self.words)
        if kind == "base":
            cycle = self._calendar.cycle_of(date.fromisoformat(name))
            details["cycle"] = (
                self.words.month_or_stretch(cycle.starts_on, cycle.ends_on) if cycle else name
            )
        elif kind in ("topup", "goodwill"):
            row = self._topups.get(name)
            details["day"] = self.words.day(row.on) if row else ""
        elif kind == "authorisation":
            approved = self._approved[name]
            details["day"] = self.words.day(approved.at.astimezone(self.retainer.tzinfo).date())
            details["is_emergency"] = approved.is_emergency
        return details

    @cached_property
    def _calendar(self) -> Calendar:
        return self.retainer.calendar()

    @cached_property
    def _topups(self) -> dict[str, TopUp]:
        return {row.key: row for row in self.retainer.topups.all()}

    @cached_property
    def _approved(self) -> dict[str, Authorisation]:
        return {row.key: row for row in self.retainer.authorisations.all()}


def rate_in_words(rate: int, retainer: Retainer, words: Words) -> str:
    """Write a rate: `€250.00 an hour`, or `€250.00 each` for what is counted."""
    money = words.money(rate, retainer.currency)
    return (
        _("%(money)s an hour") % {"money": money}
        if retainer.unit == "hour"
        else _("%(money)s each") % {"money": money}
    )


_PAID = {
    "base": lambda: _("%(time)s from this cycle's hours."),
    "topup": lambda: _("%(time)s from the extra hours added on %(day)s."),
    "goodwill": lambda: _("%(time)s from hours given as goodwill."),
    "reinstated": lambda: _(
        "%(time)s from hours that had lapsed, because the work was done before."
    ),
    "authorisation": lambda: _(
        "%(time)s beyond the hours, approved on %(day)s, billed at %(rate)s."
    ),
    "billed": lambda: _("%(time)s beyond the hours, billed at %(rate)s."),
    "debt": lambda: _("%(time)s beyond the hours, taken from the next ones."),
    "absorbed": lambda: _("%(time)s beyond the hours, not charged."),
    "awaiting": lambda: _(
        "%(time)s beyond the hours await a decision; nobody is charged for them."
    ),
}
"""By what paid, how that is said."""
