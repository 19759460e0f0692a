"""What a balance page shows: an allow-list, built field by field from what the link may show.
Nothing else reaches it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Hold, Statement
from hourtab.ledger.reading import cycles, statements
from hourtab.ledger.saying.bar import Bar, bar_of, pace_of, whole_of
from hourtab.ledger.saying.words import (
    beyond,
    headline_parts,
    in_days,
    level,
    over,
    source_in_words,
)
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.links import takes_subscribers
from hourtab.sharing.models import ShareLink
from hourtab.showing.balance.asked import Asked
from hourtab.showing.balance.burnup import BurnUp, burn_up_of
from hourtab.showing.balance.requests import PageRequest
from hourtab.showing.balance.whatif import what_if
from hourtab.showing.document import balance_document, fingerprint
from hourtab.showing.log import Day, corrections_shown, days_of
from hourtab.showing.look import Look, look_of
from hourtab.showing.parts import Part
from hourtab.showing.search import Found, search
from hourtab.showing.split import Split, split_of

LINES_A_PAGE = 50
STALE_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PastCycle:
    """A cycle that is over, in one line."""

    name: str
    used: str
    of: str
    carried_on: str
    lapsed: str
    over: str
    path: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """Work that is planned without an entry."""

    text: str
    hours: str
    stretch: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The balance of one retainer: what one reads in five seconds. `query` asks for its log."""

    name: str
    stretch: str
    figure: Sequence[tuple[str, str]]
    label: str
    headline: str
    level: str
    bar: Bar | None
    bar_text: str
    scale_end: str
    pace: str
    facts: Sequence[tuple[str, str]]
    as_of: str
    stale: str
    query: str
    is_chosen: bool
    waiting: Sequence[PageRequest] = ()


@dataclass(frozen=True, slots=True)
class Detail:
    """What stands behind the balance of the retainer that was chosen. `more` begins the query of
    its further pages.
    """

    name: str
    more: str
    split: Split | None
    planned: Sequence[Day]
    holds: Sequence[Planned]
    days: Sequence[Day]
    page: int
    pages: int
    total_lines: int
    found: Found | None
    burn_up: BurnUp | None
    agreement: str
    decided: Sequence[PageRequest]
    since: str
    coming: Sequence[tuple[str, str]]
    past: Sequence[PastCycle]
    to_date: str
    years: Sequence[int]
    has_log: bool
    asks_hours: bool
    asked: Asked
    answer: str


@dataclass(frozen=True, slots=True)
class BalancePage:
    """Everything a public page shows."""

    provider: str
    client: str
    title: str
    language: str
    sheets: Sequence[Sheet]
    detail: Detail
    fingerprint: str
    has_documents: bool
    has_feeds: bool
    takes_subscribers: bool
    preview: tuple[str, str]
    look: Look
    tag: str = ""


def balance_page(
    link: ShareLink,
    retainers: Sequence[Retainer],
    now: datetime,
    *,
    asked: Asked | None = None,
    tag: str = "",
) -> BalancePage:
    """Build the page of a link in the language that is active. A page of the log beyond the last
    shows no lines.
    """
    asked = asked or Asked()
    chosen = min(max(asked.retainer, 1), len(retainers)) - 1
    parts = [Part(retainer, link, now) for retainer in retainers]
    sheets = [_sheet(part, i, chosen, several=len(parts) > 1) for i, part in enumerate(parts)]
    # Making the document reads every line: only for the page that is stored, and for none of a
    # long log.
    reads_all = link.shows_documents and asked == Asked() and not any(p.is_long for p in parts)
    title = f"{sheets[0].headline} · {link.client.name}, {sheets[0].name}"
    if len(parts) > 1:
        title = f"{link.client.name} · {link.workspace.name}"
    return BalancePage(
        provider=visible(link.workspace.name),
        client=visible(link.client.name),
        title=visible(title),
        language=parts[0].words.language,
        sheets=sheets,
        detail=_detail(
            parts[chosen],
            link,
            asked,
            now,
            more=f"?retainer={chosen + 1}&" if len(parts) > 1 else "?",
            reads_all=reads_all,
        ),
        fingerprint=fingerprint(balance_document(link, parts)) if reads_all else "",
        has_documents=link.shows_documents,
        has_feeds=link.has_feeds,
        takes_subscribers=takes_subscribers(link),
        preview=_preview(link, sheets),
        look=look_of(link.workspace),
        tag=tag,
    )


def _preview(link: ShareLink, sheets: Sequence[Sheet]) -> tuple[str, str]:
    """Return title and text for whoever unfurls the link: no figure, unless the link says so."""
    if link.unfurls:
        return f"{link.client.name}, {sheets[0].name}", " / ".join(
            sheet.headline for sheet in sheets
        )
    return _("Hours and work log"), _("A page by %(provider)s, always current.") % {
        "provider": link.workspace.name
    }


def _sheet(part: Part, place: int, chosen: int, *, several: bool) -> Sheet:
    retainer, cycle, words, today = part.retainer, part.cycle, part.words, part.today
    query = f"?retainer={place + 1}" if several else ""
    if cycle is None:
        return _not_begun(part, query, is_chosen=place == chosen)
    first, *rest = headline_parts(cycle, words)
    headline = " · ".join((first, *rest))
    return Sheet(
        name=visible(retainer.name),
        stretch=words.stretch(cycle.starts_on, cycle.ends_on),
        figure=words.parts(_figure(cycle)),
        label=_label(cycle, first, rest),
        headline=headline,
        level=level(cycle),
        bar=bar_of(cycle, today),
        bar_text=_bar_text(cycle, headline, words),
        scale_end=words.amount(whole_of(cycle)),
        pace=pace_of(cycle, today, words),
        facts=part.facts,
        as_of=_as_of(retainer, today, words),
        stale=_stale(retainer, part.now) if cycle.state in ("open", "paused") else "",
        query=query,
        is_chosen=place == chosen,
        waiting=[item for item in part.requests if item.is_pending],
    )


def _not_begun(part: Part, query: str, *, is_chosen: bool) -> Sheet:
    begins = part.words.full_day(part.retainer.starts_on)
    return Sheet(
        name=visible(part.retainer.name),
        stretch=_("from %(day)s") % {"day": begins},
        figure=part.words.parts(part.terms.cap),
        label=_("from %(day)s on.") % {"day": begins},
        headline=_("Starts on %(day)s") % {"day": begins},
        level="enough",
        bar=None,
        bar_text="",
        scale_end="",
        pace="",
        facts=[(_("Starts"), in_days(part.retainer.starts_on, part.today, part.words))],
        as_of="",
        stale="",
        query=query,
        is_chosen=is_chosen,
        waiting=[item for item in part.requests if item.is_pending],
    )


def _detail(
    part: Part, link: ShareLink, asked: Asked, now: datetime, *, more: str, reads_all: bool
) -> Detail:
    retainer, cycle, words, today = part.retainer, part.cycle, part.words, part.today
    days, planned, found = [], [], None
    if cycle is not None and asked.search:
        since = retainer.starts_on if link.shows_past else cycle.starts_on
        found = search(retainer, link, asked.search, since, today, words)
    elif cycle is not None:
        offset = (asked.page - 1) * LINES_A_PAGE
        if reads_all:
            # The document behind the page reads them all anyway.
            days = days_of(
                part.lines[offset : offset + LINES_A_PAGE],
                link,
                words,
                part.corrections,
                part.coverage,
            )
        else:
            lines = part.some_lines(offset, LINES_A_PAGE)
            days = days_of(
                lines, link, words, corrections_shown(retainer, lines, link), part.coverage
            )
        planned = days_of(part.planned, link, words, {}) if asked.page == 1 else []
    is_first = asked.page == 1 and not asked.search
    return Detail(
        name=visible(retainer.name),
        more=more,
        split=split_of(part.breakdown, link, words),
        planned=planned,
        holds=[_planned(hold, link, words) for hold in part.holds] if is_first else [],
        days=days,
        page=asked.page,
        pages=max(1, -(-part.count // LINES_A_PAGE)),
        total_lines=part.count,
        found=found,
        burn_up=burn_up_of(cycle, part.breakdown, today, words) if cycle else None,
        agreement=" ".join(part.agreement),
        decided=[item for item in part.requests if not item.is_pending],
        since=words.full_day(part.terms.effective_on),
        coming=part.coming,
        past=_past_cycles(part, link) if link.shows_past else [],
        to_date=_to_date(part) if link.shows_past else "",
        years=_years(retainer, today) if link.shows_past else [],
        has_log=cycle is not None,
        asks_hours=cycle is not None and cycle.state in ("open", "paused"),
        asked=asked,
        answer=what_if(retainer, asked.hours, today, words) if asked.hours else "",
    )


def _planned(hold: Hold, link: ShareLink, words: Words) -> Planned:
    text = visible(hold.text) if link.shows_descriptions else ""
    stretch = words.day(hold.starts_on)
    if hold.ends_on != hold.starts_on:
        stretch = words.stretch(hold.starts_on, hold.ends_on)
    return Planned(text or _("Planned work"), words.amount(hold.amount), stretch)


def _years(retainer: Retainer, today: date) -> Sequence[int]:
    """Return the calendar years of the engagement, the latest first."""
    return range(max(retainer.starts_on.year, today.year), retainer.starts_on.year - 1, -1)[:12]


def _past_cycles(part: Part, link: ShareLink) -> list[PastCycle]:
    standing = (
        {row.starts_on: row for row in statements.statements_of(part.retainer)}
        if link.shows_documents
        else {}
    )
    return [
        _past(cycle, part.words, link, part.retainer, standing.get(cycle.starts_on))
        for cycle in reversed(part.cycles[:-1])
    ]


def _to_date(part: Part) -> str:
    """Say what was used since the beginning, where that is more than the present cycle."""
    if len(part.cycles) < 2:
        return ""
    said = {
        "time": part.words.amount(sum(cycle.used for cycle in part.cycles)),
        "day": part.words.full_day(part.retainer.starts_on),
    }
    return _("%(time)s used since %(day)s.") % said


def _bar_text(cycle: CycleTotals, headline: str, words: Words) -> str:
    """Say what the bar draws, to whoever does not see it."""
    parts = [headline]
    if cycle.planned:
        parts.append(_("%(time)s planned") % {"time": words.amount(cycle.planned)})
    if cycle.carried_in:
        parts.append(_("%(time)s carried over") % {"time": words.amount(cycle.carried_in)})
    if cycle.topped_up:
        parts.append(_("%(time)s added") % {"time": words.amount(cycle.topped_up)})
    return " · ".join(parts)


def _figure(cycle: CycleTotals) -> int:
    """Return the one number: what remains, also of approved extra hours in use, or how far beyond
    it things are.
    """
    if cycle.authorised:
        return max(0, beyond(cycle)) or cycle.ceiling - cycle.authorised
    return over(cycle) or cycle.remaining


def _label(cycle: CycleTotals, first: str, rest: Sequence[str]) -> str:
    if cycle.authorised:
        said = {"balance": " · ".join((first, *rest))}
        if beyond(cycle) > 0:
            return _("beyond what was approved. %(balance)s.") % said
        return _("of the approved extra remain. %(balance)s.") % said
    return (
        _("over. %(used)s.") % {"used": first}
        if over(cycle)
        else _("remain. %(used)s.") % {"used": first}
    )


def _as_of(retainer: Retainer, today: date, words: Words) -> str:
    at = cycles.as_of_instant(retainer)
    if at is None:
        return _("Nothing has been logged yet.")
    days = (today - at.date()).days
    when = _("today") if days == 0 else _("yesterday") if days == 1 else words.full_day(at.date())
    line = _("As of %(when)s, %(time)s") % {"when": when, "time": words.clock(at)}
    source = source_in_words(retainer.as_of_source)
    return f"{line} · {source}" if source else line


def _stale(retainer: Retainer, now: datetime) -> str:
    if retainer.as_of is None or now - retainer.as_of < STALE_AFTER:
        return ""
    days = (now - retainer.as_of).days
    return ngettext("Nothing new for %(n)s day.", "Nothing new for %(n)s days.", days) % {"n": days}


def _past(
    cycle: CycleTotals, words: Words, link: ShareLink, retainer: Retainer, closed: Statement | None
) -> PastCycle:
    def or_dash(amount: int) -> str:
        return words.amount(amount) if amount else "–"

    return PastCycle(
        name=words.month_or_stretch(cycle.starts_on, cycle.ends_on),
        used=words.amount(cycle.used),
        of=words.amount(max(0, cycle.available)),
        carried_on=or_dash(cycle.carried_out),
        lapsed=or_dash(cycle.expired + cycle.trimmed),
        over=or_dash(over(cycle)),
        path=statement_path(link, retainer.ref, closed.number) if closed else "",
        number=closed.number if closed else 0,
    )
