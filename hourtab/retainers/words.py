"""The agreement in plain words, generated from the terms."""

from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hourtab.core.cycles import index_of, start
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
    "two_weeks": lambda n: ngettext(
        "%(n)s period of two weeks longer", "%(n)s periods of two weeks longer", n
    ),
    "month": lambda n: ngettext("one month longer", "%(n)s months longer", n),
    "quarter": lambda n: ngettext("one quarter longer", "%(n)s quarters longer", n),
    "year": lambda n: ngettext("one year longer", "%(n)s years longer", n),
}


def words_for(retainer: Retainer) -> Words:
    """Return how the provider of a retainer reads it."""
    return Words(retainer.workspace.locale, retainer.workspace.hour_format, retainer.unit)


def agreement(
    terms: Terms,
    words: Words,
    currency: str,
    notice: int | None = None,
    *,
    for_provider: bool = False,
) -> list[str]:
    """Return what was agreed, a sentence each, in the reader's words. `notice` is how many hours
    before a session it may be called off for free.

    The provider reads the fee, too: a page of a link names no prices that were not agreed for hours.
    """
    parts = (
        _hours(terms, words),
        _fee(terms, words, currency) if for_provider else "",
        _stub(terms, words) if for_provider else "",
        _rollover(terms, words),
        _rounding(terms, words),
        _notice(words, notice),
        _overage(terms, words, currency),
        _debt(terms, words),
        _closing(terms) if for_provider else "",
    )
    return [part for part in parts if part]


def coming_changes(
    retainer: Retainer, today: date, words: Words, within: int = 400
) -> list[tuple[str, str]]:
    """Return what is agreed for later, in order: other terms, pauses within so many days, the
    end.
    """
    found: list[tuple[date, str, str]] = []
    for version in retainer.versions():
        if version.effective_on > today:
            found.append(
                (
                    version.effective_on,
                    _("From %(day)s"),
                    " ".join(agreement(version, words, retainer.currency, retainer.notice_hours)),
                )
            )
    for day in retainer.paused_cycles():
        if today < day <= today + timedelta(days=within):
            found.append((day, _("From %(day)s"), _("A pause: no new hours in that stretch.")))
    if retainer.ends_on and retainer.ends_on >= today:
        found.append(
            (retainer.ends_on, _("On %(day)s"), _("The agreement ends; hours left then expire."))
        )
    return [(when % {"day": words.full_day(day)}, what) for day, when, what in sorted(found)]


def _hours(terms: Terms, words: Words) -> str:
    if terms.cadence == "once":
        return _("A block of %(hours)s, paid in advance.") % {"hours": words.amount(terms.cap)}
    hours, every, anchor = words.amount(terms.cap), str(_EVERY[terms.cadence]), terms.anchor_on
    if terms.cadence == "month":
        return _("%(hours)s %(every)s, from the %(day)s.") % {
            "hours": hours,
            "every": every,
            "day": words.ordinal(anchor.day),
        }
    if terms.cadence in ("week", "two_weeks"):
        return _("%(hours)s %(every)s, from %(day)s.") % {
            "hours": hours,
            "every": every,
            "day": words.weekday_name(anchor),
        }
    return _("%(hours)s %(every)s, counted from %(day)s.") % {
        "hours": hours,
        "every": every,
        "day": words.day(anchor),
    }


def _fee(terms: Terms, words: Words, currency: str) -> str:
    if terms.fee is None:
        return ""
    fee = words.money(terms.fee, currency)
    if terms.cadence == "once":
        return _("The fee is %(fee)s.") % {"fee": fee}
    return _("The fee is %(fee)s %(every)s.") % {"fee": fee, "every": _EVERY[terms.cadence]}


def _stub(terms: Terms, words: Words) -> str:
    """Say what the stretch up to the first reset has, where it is shorter than a cycle."""
    if terms.cadence == "once":
        return ""
    anchor, cadence, first = terms.anchor_on, terms.cadence, terms.effective_on
    k = index_of(anchor, cadence, first)
    if start(anchor, cadence, k) == first:
        return ""
    texts = {
        "full": _("Up to the first reset, on %(day)s, all of it can be used."),
        "prorated": _("Up to the first reset, on %(day)s, it is in proportion to the days."),
        "none": _("Up to the first reset, on %(day)s, there is nothing to use."),
    }
    return texts[terms.stub] % {"day": words.full_day(start(anchor, cadence, k + 1))}


def _closing(terms: Terms) -> str:
    if terms.cadence == "once":
        return ""
    days = terms.grace_days
    return ngettext(
        "A cycle closes %(n)s day after its last one.",
        "A cycle closes %(n)s days after its last one.",
        days,
    ) % {"n": days}


def _rollover(terms: Terms, words: Words) -> str:
    if terms.cadence == "once":
        return ""
    cycles, limit = terms.rollover.cycles, terms.rollover.max
    what = _("Hours not used") if words.unit == "hour" else _("Those not used")
    if cycles == 0:
        return _("%(what)s by the reset expire.") % {"what": what}
    if cycles is None:
        text = _("%(what)s do not expire") % {"what": what}
    else:
        longer = _LONGER[terms.cadence](cycles) % {"n": cycles}
        text = _("%(what)s can be used %(longer)s") % {"what": what, "longer": longer}
    if isinstance(limit, Percent):
        text += _(", up to %(percent)s %% of the hours granted") % {"percent": limit.percent}
    elif limit is not None:
        text += _(", up to %(hours)s") % {"hours": words.amount(limit)}
    return text + _("; the oldest are used first.")


def _notice(words: Words, notice: int | None) -> str:
    if words.unit == "deliverable":
        return _("What is rejected does not count.")
    if words.unit != "session" or notice is None:
        return ""
    free = _(
        "A session called off at least %(hours)s hours before does not count; called off later, or missed, it does."
    )
    return f"{free % {'hours': notice}} {_('One that we call off never counts.')}"


def _rounding(terms: Terms, words: Words) -> str:
    rule = terms.rounding
    if words.unit != "hour":
        return ""
    sentences = []
    if rule.step:
        step = words.amount(rule.step)
        texts = {
            "up": _("Time is rounded up to %(step)s per entry."),
            "down": _("Time is rounded down to %(step)s per entry."),
            "nearest": _("Time is rounded to the nearest %(step)s per entry."),
        }
        sentences.append(texts[rule.mode] % {"step": step})
    if rule.minimum:
        sentences.append(
            _("An entry counts at least %(minimum)s.") % {"minimum": words.amount(rule.minimum)}
        )
    return " ".join(sentences) or _("Time counts as worked, without rounding.")


def _overage(terms: Terms, words: Words, currency: str) -> str:
    rate, policy = terms.overage.rate, terms.overage.policy
    if words.unit != "hour":
        return _counted_overage(terms, words, currency)
    if policy == "bill":
        if rate is None:
            return _("Time beyond the hours is billed.")
        return _("Time beyond the hours is billed at %(rate)s an hour.") % {
            "rate": words.money(rate, currency)
        }
    if policy == "deduct":
        return _("Time beyond the hours is taken from the next hours.")
    if policy == "absorb":
        return _("Time beyond the hours is not charged.")
    return _("Time beyond the hours is agreed on with you before it is charged.")


def _debt(terms: Terms, words: Words) -> str:
    """Say how much may be owed, where anything may be."""
    most = terms.overage.debt_max
    if most is None or terms.overage.policy not in ("deduct", "ask"):
        return ""
    if terms.overage.policy == "deduct":
        return _("At most %(hours)s are taken so; what is owed beyond that is billed.") % {
            "hours": words.amount(most)
        }
    return _("Where it is taken from the next hours: at most %(hours)s, the rest is billed.") % {
        "hours": words.amount(most)
    }


def _counted_overage(terms: Terms, words: Words, currency: str) -> str:
    rate, policy = terms.overage.rate, terms.overage.policy
    if policy == "bill" and rate is not None:
        return _("More than that is billed at %(rate)s each.") % {
            "rate": words.money(rate, currency)
        }
    texts = {
        "bill": _("More than that is billed."),
        "deduct": _("More than that is taken from the next ones."),
        "absorb": _("More than that is not charged."),
        "ask": _("More than that is agreed on with you before it is charged."),
    }
    return texts[policy]
