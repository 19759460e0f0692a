"""The lines of a log as a link may show them: an allow-list, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from django.utils.translation import gettext as _

from hourtab.core.entries import FREE_OUTCOMES
from hourtab.ledger.line import Work
from hourtab.ledger.reading.log import LogLine
from hourtab.ledger.saying.coverage import Coverage
from hourtab.ledger.saying.words import Correction, Mark, corrections_of, marks_of
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of the log as this link may show it; `why` says which hours paid for it."""

    what: str
    hours: str
    left: str
    then: str
    meta: Sequence[str]
    marks: Sequence[Mark]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the log; `short` is its name in a narrow column."""

    name: str
    short: str
    lines: Sequence[PageLine]


def scopes_of(link: ShareLink) -> tuple[str, ...]:
    """Return the scopes a link shows."""
    return (
        "retainer",
        *(("courtesy",) if link.shows_courtesy else ()),
        *(("project",) if link.shows_projects else ()),
    )


def texts_of(work: Work, link: ShareLink) -> dict[str, str]:
    """Return the texts of a line that a link shows, by their names in a document."""
    shown = {}
    if link.shows_descriptions:
        shown["description"] = visible(work.description)
    if link.shows_categories:
        shown["category"] = visible(work.category)
    if link.shows_people:
        shown["person"] = visible(work.person)
    return shown


def corrections_shown(
    retainer: Retainer, lines: Sequence[LogLine], link: ShareLink
) -> dict[int, list[Correction]]:
    """Return what was corrected of these lines, or by them; without the texts where the link shows
    none, or not the cycle they stand in.
    """
    found = corrections_of(retainer, lines)
    return {key: [_shown(item, link) for item in items] for key, items in found.items()}


def _shown(item: Correction, link: ShareLink) -> Correction:
    if not link.shows_descriptions:
        return replace(item, text="", reason="")
    text = visible(item.text) if link.shows_past else ""
    return replace(item, text=text, reason=visible(item.reason))


def marks_shown(
    line: LogLine, link: ShareLink, words: Words, corrections: Mapping[int, Sequence[Correction]]
) -> list[Mark]:
    """Return the marks of a line; without the reason of an edit where the link shows no texts.

    No option covers when work began. Where the time worked is hidden, so is the rate a line counts
    at: the one follows from the other.
    """
    work = line.work._replace(started=None, weighted_by=visible(line.work.weighted_by))
    if not link.shows_worked:
        work = work._replace(weight=100, weighted_by="")
    reason = visible(line.reason) if link.shows_descriptions else ""
    return marks_of(replace(line, work=work, reason=reason), words, corrections)


def days_of(
    lines: Sequence[LogLine],
    link: ShareLink,
    words: Words,
    corrections: Mapping[int, Sequence[Correction]],
    coverage: Coverage | None = None,
) -> list[Day]:
    """Return lines of one order, day by day, as this link may show them."""
    return [
        Day(
            words.weekday(on),
            words.short_day(on),
            [_page_line(line, link, words, corrections, coverage) for line in of_day],
        )
        for on, of_day in groupby(lines, key=lambda line: line.work.on)
    ]


def _page_line(
    line: LogLine,
    link: ShareLink,
    words: Words,
    corrections: Mapping[int, Sequence[Correction]],
    coverage: Coverage | None,
) -> PageLine:
    work, texts = line.work, texts_of(line.work, link)
    what, category = texts.get("description", ""), texts.get("category", "")
    meta = [text for text in (category if what else "", texts.get("person", "")) if text]
    draws = work.scope == "retainer"
    if (
        link.shows_worked
        and draws
        and line.charged != work.amount
        and work.outcome not in FREE_OUTCOMES
    ):
        meta.append(_("%(time)s worked") % {"time": words.amount(work.amount)})
    left = "" if line.balance is None else words.left(line.balance)
    return PageLine(
        what=what or category,
        hours=words.signed(line.charged)
        if line.corrects
        else words.amount(line.charged if draws else work.amount),
        left=left,
        then=left
        if line.balance is None or line.balance < 0
        else _("%(time)s left") % {"time": left},
        meta=meta,
        marks=marks_shown(line, link, words, corrections),
        why=coverage.of(line, shows_worked=link.shows_worked) if coverage else "",
    )
