"""The balance in words (ledger §8): never a negative number, the form of §4 while approved extra hours are in use."""

from django.utils.translation import gettext as _

from hourtab.core.statement import CycleTotals
from hourtab.lib.words import Words


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
