"""A year's work, or the whole engagement: totals by kind of work and by month, and every line. What
a sponsor shows a board.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from hourtab.ledger.reading import entries, log
from hourtab.ledger.reading.log import IN_ORDER, LogLine
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.showing.document import SHOWN_LINES
from hourtab.showing.log import Day, days_of, scopes_of
from hourtab.showing.look import Look, look_of
from hourtab.showing.parts import words_of
from hourtab.showing.split import Share


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the page, the PDF and the file of a year or an engagement show."""

    provider: str
    client: str
    look: Look
    name: str
    title: str
    language: str
    stretch: str
    figure: Sequence[tuple[str, str]]
    label: str
    kinds: Sequence[Share]
    months: Sequence[Share]
    years: Sequence[int]
    year: int | None
    days: Sequence[Day]
    total_lines: int
    more_lines: int
    lines: Sequence[LogLine]
    words: Words


def story_of(retainer: Retainer, link: ShareLink, now: datetime, year: int | None) -> Story:
    """Build the story of a calendar year, or of the whole engagement (None), from the lines this
    link may show.
    """
    words, today = words_of(link, retainer), retainer.today(now)
    rows = (
        entries.latest(retainer)
        .filter(entry__on__lte=today, scope__in=scopes_of(link))
        .select_related("entry")
    )
    first = rows.order_by(*IN_ORDER).values_list("entry__on", flat=True).first() or min(
        today, retainer.starts_on
    )
    if year is not None:
        rows = rows.filter(entry__on__range=(date(year, 1, 1), date(year, 12, 31)))
    lines = [log.line_apart(row, retainer) for row in rows.order_by(*IN_ORDER)]
    kinds: dict[str, int] = defaultdict(int)
    months: dict[date, int] = defaultdict(int)
    for line in lines:
        time = _time(line, link)
        kinds[line.work.category if link.shows_categories else ""] += time
        months[line.work.on.replace(day=1)] += time
    total = sum(kinds.values())
    names = {kind: kind or _("Other work") for kind in kinds}
    largest = max([1, *kinds.values()])
    tallest = max([1, *months.values()])
    stretch = str(year) if year else words.stretch(first, max(first, today))
    return Story(
        provider=visible(link.workspace.name),
        client=visible(link.client.name),
        look=look_of(link.workspace),
        name=visible(retainer.name),
        title=_("The work of %(year)s") % {"year": year} if year else _("The engagement to date"),
        language=words.language,
        stretch=stretch,
        figure=words.parts(max(0, total)),
        label=_("of work for %(client)s.") % {"client": visible(link.client.name)},
        kinds=[
            Share(names[kind], words.amount(time), max(0, time) * 1000 // largest)
            for kind, time in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
        ]
        if link.shows_categories
        else (),
        months=[
            Share(
                words.month_or_stretch(month, _end_of(month)),
                words.amount(max(0, time)),
                max(0, time) * 1000 // tallest,
            )
            for month, time in sorted(months.items())
        ],
        years=range(first.year, today.year + 1),
        year=year,
        days=days_of(lines[:SHOWN_LINES], link, words, {}),
        more_lines=max(0, len(lines) - SHOWN_LINES),
        total_lines=len(lines),
        lines=lines,
        words=words,
    )


def _time(line: LogLine, link: ShareLink) -> int:
    """Return the time that was worked, or that which counts where the link hides the former; of a
    correction the difference it made.
    """
    is_counted = line.work.scope == "retainer" and not link.shows_worked
    return line.charged if line.corrects or is_counted else line.work.amount


def _end_of(month: date) -> date:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
