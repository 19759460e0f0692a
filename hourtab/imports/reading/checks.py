"""What can only be seen when all rows are read: totals among them, days of more than 24 hours, days
to come.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR, clock
from hourtab.imports.reading.clocks import Zone
from hourtab.imports.reading.lines import Note, WorkLine
from hourtab.imports.reading.vocabulary import TOTALS
from hourtab.lib.text import folded

_SHORTEST_DAY = 22 * HOUR
_LONGEST_TOTAL = max(map(len, TOTALS)) + 2


def without_totals(
    lines: list[WorkLine], no_entries: list[Note], flags: list[Note]
) -> list[WorkLine]:
    """Take out rows that are the total of the rows above them, and note them among `no_entries`."""
    suspects = {
        line.line
        for line in lines
        if len(line.description) <= _LONGEST_TOTAL
        and len(
            named := [
                text
                for text in (line.client, line.project, line.task, line.description, line.person)
                if text
            ]
        )
        == 1
        and folded(named[0]).rstrip(": ") in TOTALS
    }
    if not suspects:
        return lines
    kept: list[WorkLine] = []
    of_day: dict[date, int] = defaultdict(int)
    since = 0
    for line in lines:
        if line.line in suspects and line.seconds and line.seconds in (of_day[line.on], since):
            no_entries.append(Note(line.line, _("a total, not an entry")))
            since = 0
            continue
        if line.line in suspects:
            flags.append(
                Note(
                    line.line,
                    _("reads like a total, but is not the sum of the rows above; it is counted"),
                )
            )
        kept.append(line)
        of_day[line.on] += line.seconds
        since += line.seconds
    return kept


def flag_days(
    lines: Sequence[WorkLine], horizon: date | None, clocks: Zone, flags: list[Note]
) -> None:
    """Flag days of more hours than they have (23 to 25), and days that are still to come."""
    sums: dict[tuple[date, str], int] = defaultdict(int)
    for line in lines:
        sums[line.on, line.person] += line.seconds
    long = {
        key: seconds
        for key, seconds in sums.items()
        if seconds > _SHORTEST_DAY and seconds > clocks.seconds_of(key[0])
    }
    late = {on for on, _person in sums if horizon and on > horizon}
    for line in lines:
        if not long and not late:
            return
        if seconds := long.pop((line.on, line.person), 0):
            why = _("%(hours)s on %(on)s for one person: more than a day has") % {
                "hours": clock(seconds),
                "on": line.on,
            }
            flags.append(Note(line.line, why))
        if line.on in late and horizon:
            late.remove(line.on)
            far = line.on.year > horizon.year + 1
            why = (
                _("%(on)s is far in the future: is the year right?")
                if far
                else _("%(on)s is still to come: planned until then, not used")
            )
            flags.append(Note(line.line, why % {"on": line.on}))
