"""The agreement in plain words, generated from the terms."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hourtab.core.terms import Percent, Terms
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer

_EVERY = {
    "week": gettext_lazy("a week"),
    "two_weeks": gettext_lazy("every two weeks"),
    "month": gettext_lazy("a month"),
    "quarter": gettext_lazy("a quarter"),
    "year": gettext_lazy("a year"),
}
_LONGER = {
    "week": lambda n: ngettext("%(n)s week longer", "%(n)s weeks longer", n),
    "two_weeks": lambda n: ngettext("%(n)s period of two weeks longer", "%(n)s periods of two weeks longer", n),
    "month": lambda n: ngettext("one month longer", "%(n)s months longer", n),
    "quarter": lambda n: ngettext("one quarter longer", "%(n)s quarters longer", n),
    "year": lambda n: ngettext("one year longer", "%(n)s years longer", n),
}


def words_for(retainer: Retainer) -> Words:
    """Return how the provider of a retainer reads it."""
    return Words(retainer.workspace.locale, retainer.workspace.hour_format, retainer.unit)


def agreement(terms: Terms, words: Words, currency: str) -> list[str]:
    """Return what was agreed, a sentence each, in the reader's words."""
    parts = (_hours(terms, words), _rollover(terms, words), _rounding(terms, words), _overage(terms, words, currency))
    return [part for part in parts if part]


def coming_changes(retainer: Retainer, today: date, words: Words) -> list[tuple[str, str]]:
    """Return what is agreed for later: other terms, pauses, the end."""
    found = [
        (
            _("From %(day)s") % {"day": words.full_day(version.effective_on)},
            " ".join(agreement(version, words, retainer.currency)),
        )
        for version in retainer.versions()
        if version.effective_on > today
    ]
    for day in sorted(day for day in retainer.paused_cycles() if day > today):
        found.append((_("From %(day)s") % {"day": words.full_day(day)}, _("A pause: no new hours in that stretch.")))
    if retainer.ends_on and retainer.ends_on >= today:
        found.append(
            (_("On %(day)s") % {"day": words.full_day(retainer.ends_on)}, _("The agreement ends; hours left then expire."))
        )
    return found


def _hours(terms: Terms, words: Words) -> str:
    if terms.cadence == "once":
        return _("A block of %(hours)s, paid in advance.") % {"hours": words.amount(terms.cap)}
    hours, every, anchor = words.amount(terms.cap), str(_EVERY[terms.cadence]), terms.anchor_on
    if terms.cadence == "month":
        return _("%(hours)s %(every)s, from the %(day)s.") % {"hours": hours, "every": every, "day": words.ordinal(anchor.day)}
    if terms.cadence in ("week", "two_weeks"):
        return _("%(hours)s %(every)s, from %(day)s.") % {
            "hours": hours,
            "every": every,
            "day": words.weekday(anchor).split()[0].rstrip(","),
        }
    return _("%(hours)s %(every)s, counted from %(day)s.") % {"hours": hours, "every": every, "day": words.day(anchor)}


def _rollover(terms: Terms, words: Words) -> str:
    if terms.cadence == "once":
        return ""
    cycles, limit = terms.rollover.cycles, terms.rollover.max
    if cycles == 0:
        return _("Hours not used by the reset expire.")
    if cycles is None:
        text = _("Hours not used do not expire")
    else:
        longer = _LONGER[terms.cadence](cycles) % {"n": cycles}
        text = _("Hours not used can be used %(longer)s") % {"longer": longer}
    if isinstance(limit, Percent):
        text += _(", up to %(percent)s %% of the hours granted") % {"percent": limit.percent}
    elif limit is not None:
        text += _(", up to %(hours)s") % {"hours": words.amount(limit)}
    return text + _("; the oldest are used first.")


def _rounding(terms: Terms, words: Words) -> str:
    rule = terms.rounding
    if words.unit != "hour":
        return ""
    sentences = []
    if rule.step:
        step = words.amount(rule.step)
        texts = {"up": _("Time is rounded up to %(step)s per entry."), "down": _("Time is rounded down to %(step)s per entry."),
                 "nearest": _("Time is rounded to the nearest %(step)s per entry.")}  # fmt: skip
        sentences.append(texts[rule.mode] % {"step": step})
    if rule.minimum:
        sentences.append(_("An entry counts at least %(minimum)s.") % {"minimum": words.amount(rule.minimum)})
    return " ".join(sentences) or _("Time counts as worked, without rounding.")


def _overage(terms: Terms, words: Words, currency: str) -> str:
    rate, policy = terms.overage.rate, terms.overage.policy
    if policy == "bill":
        if rate is None:
            return _("Time beyond the hours is billed.")
        return _("Time beyond the hours is billed at %(rate)s an hour.") % {"rate": words.money(rate, currency)}
    if policy == "deduct":
        text = _("Time beyond the hours is taken from the next hours")
        if terms.overage.debt_max is not None:
            text += _(", up to %(hours)s") % {"hours": words.amount(terms.overage.debt_max)}
        return text + "."
    if policy == "absorb":
        return _("Time beyond the hours is not charged.")
    return _("Time beyond the hours is agreed on with you before it is charged.")
