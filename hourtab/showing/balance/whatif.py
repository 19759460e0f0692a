"""What if somebody asked for so many hours? An answer in words; nothing is stored."""

from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hourtab.core import scenario
from hourtab.core.amounts import LONGEST, AmountError, parse, parse_count
from hourtab.core.cycles import FOR_EVER
from hourtab.ledger.reading import cycles, entries
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer


def what_if(retainer: Retainer, asked: str, today: date, words: Words) -> str:
    """Say what a request would leave, what it would go over by, and when it would fit; or what is
    wrong with the question.
    """
    try:
        amount = parse(asked, bare_most=LONGEST) if words.unit == "hour" else parse_count(asked)
    except AmountError:
        return (
            _("Write how many hours, for example 15h or 2:30.")
            if words.unit == "hour"
            else _("Write a number, for example 3.")
        )
    cycle = cycles.current_cycle(retainer, today)
    if cycle is None or cycle.state not in ("open", "paused") or amount <= 0:
        return (
            _("Write how many hours, for example 15h or 2:30.")
            if amount <= 0
            else _("There are no hours to ask for now.")
        )
    left = cycle.available - cycle.used
    request = words.amount(amount)
    if amount <= left - cycle.planned:
        rest = words.amount(left - cycle.planned - amount)
        if cycle.planned:
            text = _(
                "A request for %(request)s would leave %(rest)s, with what is planned taken off."
            )
        else:
            text = _("A request for %(request)s would leave %(rest)s.")
        return text % {"request": request, "rest": rest}
    text = _("A request for %(request)s would go %(over)s over.")
    if cycle.planned:
        text = _("A request for %(request)s would go %(over)s over, with what is planned.")
    text = text % {"request": request, "over": words.amount(amount - left + cycle.planned)}
    return f"{text} {_after_reset(retainer, amount, today, cycle.ends_on, words)}".strip()


def _after_reset(retainer: Retainer, amount: int, today: date, ends_on: date, words: Words) -> str:
    """Say whether it fits the next cycle as that would begin if nothing more were used in this
    one.
    """
    reset = ends_on + timedelta(days=1) if ends_on != FOR_EVER else None
    if reset is None or retainer.calendar().cycle_of(reset) is None:
        return ""
    opening = cycles.opening_before(retainer, today, today)
    calendar = retainer.calendar().through(reset)[opening.index :]
    book = entries.ledger_of(retainer, calendar[0].starts_on)
    known = scenario.known_on(book, today)
    coming = cycles.resume(retainer, known, reset, opening).cycles[-1]
    days = (reset - today).days
    when = ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
    if amount <= coming.available - coming.planned:
        return _("It fits after the reset on %(day)s, %(when)s.") % {
            "day": words.day(reset),
            "when": when,
        }
    has = words.amount(max(0, coming.available - coming.planned))
    return _("After the reset on %(day)s, %(when)s, there are %(hours)s.") % {
        "day": words.day(reset),
        "when": when,
        "hours": has,
    }
