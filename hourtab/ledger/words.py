"""The balance in words (ledger §8): never a negative number, the form of §4 while approved extra hours are in use."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from hourtab.core.totals import CycleTotals
from hourtab.ledger.queries import LogLine
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class Mark:
    """A short word beside a line, and what it means."""

    word: str
    why: str


def over(cycle: CycleTotals) -> int:
    """Return how far use is beyond what was available."""
    return max(0, cycle.used - cycle.available)


def level(cycle: CycleTotals) -> str:
    """Return `over`, `near` (80 % or more used) or `enough`."""
    if over(cycle):
        return "over"
    return "near" if cycle.used * 100 >= 80 * cycle.available and cycle.used else "enough"


def headline(cycle: CycleTotals, words: Words) -> str:
    """Return the whole balance in one line: `14 of 20 h used · 6 h remain`."""
    return " · ".join(headline_parts(cycle, words))


def headline_parts(cycle: CycleTotals, words: Words) -> list[str]:
    """Return the parts of the headline, the one about use first."""
    whole = max(0, cycle.available)
    if not cycle.authorised:
        rest = (
            _("%(time)s over") % {"time": words.amount(over(cycle))}
            if over(cycle)
            else _("%(time)s remain") % {"time": words.amount(cycle.remaining)}
        )
        return [words.used_of(cycle.used, whole), rest]
    parts = [
        words.used_of(min(cycle.used, whole), whole),
        _("%(pair)s approved extra") % {"pair": words.pair(cycle.authorised, cycle.ceiling)},
    ]
    if cycle.awaiting:
        parts.append(_("%(time)s await approval") % {"time": words.amount(cycle.awaiting)})
    if beyond := over(cycle) - cycle.authorised - cycle.awaiting:
        parts.append(_("%(time)s over") % {"time": words.amount(beyond)})
    return parts


def facts_of(retainer: Retainer, cycle: CycleTotals, today: date, words: Words) -> list[tuple[str, str]]:
    """Return what stands under the bar: when it resets, what was carried, added, taken, what would expire."""
    facts = []
    if cycle.state == "ended":
        facts.append((_("Ended"), words.full_day(cycle.ends_on)))
    elif retainer.ends_on == cycle.ends_on:
        facts.append((_("Ends"), in_days(cycle.ends_on, today, words)))
    elif cycle.ends_on != date.max:
        facts.append((_("Resets"), in_days(cycle.ends_on + timedelta(days=1), today, words)))
    if cycle.state == "paused":
        facts.append((_("Paused"), _("no new hours in this stretch")))
    if cycle.planned:
        facts.append((_("Planned"), words.amount(cycle.planned)))
    if cycle.carried_in:
        facts.append((_("Carried over"), _("%(hours)s, used first") % {"hours": words.amount(cycle.carried_in)}))
    if cycle.topped_up:
        facts.append((_("Added"), words.amount(cycle.topped_up)))
    if cycle.transferred:
        facts.append((_("Changed in this cycle"), words.amount(cycle.transferred)))
    if cycle.debt_in:
        facts.append((_("Taken in advance"), words.amount(cycle.debt_in)))
    if cycle.state in ("open", "paused") and cycle.lapsing and cycle.ends_on != date.max:
        expiring = _("%(hours)s, if not used by %(day)s") % {
            "hours": words.amount(cycle.lapsing),
            "day": words.day(cycle.ends_on),
        }
        facts.append((_("Would expire"), expiring))
    return facts


def in_days(on: date, today: date, words: Words) -> str:
    """Write a day and how far off it is: `1 July, in 9 days`."""
    days = (on - today).days
    if days == 0:
        return _("%(day)s, today") % {"day": words.day(on)}
    if days == 1:
        return _("%(day)s, tomorrow") % {"day": words.day(on)}
    return _("%(day)s, in %(n)s days") % {"day": words.day(on), "n": days}


def marks_of(line: LogLine) -> list[Mark]:
    """Return the marks of a line with their explanations."""
    work, marks = line.work, []
    if line.was_edited:
        why = _("This line was changed after it was first written.")
        marks.append(Mark(_("edited"), f"{why} {_('Reason: %(reason)s') % {'reason': line.reason}}" if line.reason else why))
    if work.scope == "courtesy":
        marks.append(Mark(_("no charge"), _("Delivered without drawing on the hours.")))
    elif work.scope == "project":
        marks.append(Mark(_("billed as project"), _("Billed apart; it does not draw on the hours.")))
    elif work.scope == "internal":
        marks.append(Mark(_("internal"), _("Never shown to the client.")))
    elif line.is_weighted:
        marks.append(Mark(f"{work.weight} %", _("Counts at %(percent)s %% of the time worked.") % {"percent": work.weight}))
    return marks
