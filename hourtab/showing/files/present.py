"""The present cycle as a file to keep, as PDF and CSV. It is no statement: it may change yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from hourtab.ledger.reading.log import LogLine
from hourtab.ledger.saying.words import headline, over
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.sharing.models import ShareLink
from hourtab.showing.document import SHOWN_LINES
from hourtab.showing.log import Day, corrections_shown, days_of
from hourtab.showing.parts import Part
from hourtab.showing.statement import Row, came_in, went_out


@dataclass(frozen=True, slots=True)
class Present:
    """Everything the files of a cycle that is not closed show."""

    provider: str
    client: str
    name: str
    language: str
    stretch: str
    as_of: str
    headline: str
    figure: Sequence[tuple[str, str]]
    label: str
    came_in: Sequence[Row]
    went_out: Sequence[Row]
    days: Sequence[Day]
    more_lines: int
    lines: Sequence[LogLine]
    agreement: str
    words: Words


def present_of(part: Part, link: ShareLink) -> Present | None:
    """Return the present cycle of a retainer; None before its start."""
    cycle, words, retainer = part.cycle, part.words, part.retainer
    if cycle is None:
        return None
    lines = list(reversed(part.lines))
    some = lines[:SHOWN_LINES]
    day = words.full_day(part.today)
    return Present(
        provider=visible(link.workspace.name),
        client=visible(link.client.name),
        name=visible(retainer.name),
        language=words.language,
        stretch=words.stretch(cycle.starts_on, cycle.ends_on),
        as_of=_("As of %(day)s. The cycle is not closed yet; its figures may change.")
        % {"day": day},
        headline=headline(cycle, words),
        figure=words.parts(over(cycle) or cycle.remaining),
        label=headline(cycle, words),
        came_in=came_in(cycle, words),
        went_out=went_out(cycle, words, retainer)[:1]
        if cycle.state in ("open", "paused")
        else went_out(cycle, words, retainer),
        days=days_of(some, link, words, corrections_shown(retainer, some, link)),
        more_lines=max(0, len(lines) - SHOWN_LINES),
        lines=lines,
        agreement=" ".join(part.agreement),
        words=words,
    )
