"""What a balance page shows: an allow-list, built field by field from what the link may show. Nothing else reaches it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hourtab.core.entries import FREE_OUTCOMES
from hourtab.core.totals import CycleTotals
from hourtab.ledger import queries
from hourtab.ledger.bar import Bar, bar_of, pace_of, whole_of
from hourtab.ledger.models import Statement
from hourtab.ledger.queries import LogLine
from hourtab.ledger.words import (
    Correction,
    Mark,
    before_of,
    corrections_of,
    facts_of,
    headline_parts,
    in_days,
    level,
    marks_of,
    over,
)  # fmt: skip
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import agreement, coming_changes
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.models import ShareLink
from hourtab.sharing.public import LONG, balance_document, fingerprint, scopes_of

LINES_A_PAGE = 50
STALE_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of the log as this link may show it."""

    what: str
    hours: str
    left: str
    then: str
    meta: Sequence[str]
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the log; `short` is its name in a narrow column."""

    name: str
    short: str
    lines: Sequence[PageLine]


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
class Sheet:
    """One retainer on the page."""

    name: str
    stretch: str
    figure: Sequence[tuple[str, str]]
    label: str
    headline: str
    level: str
    bar: Bar | None
    scale_end: str
    pace: str
    facts: Sequence[tuple[str, str]]
    as_of: str
    stale: str
    planned: Sequence[Day]
    days: Sequence[Day]
    page: int
    pages: int
    total_lines: int
    agreement: str
    coming: Sequence[tuple[str, str]]
    past: Sequence[PastCycle]
    shows_balance: bool


@dataclass(frozen=True, slots=True)
class BalancePage:
    """Everything a public page shows."""

    provider: str
    client: str
    title: str
    language: str
    sheets: Sequence[Sheet]
    fingerprint: str
    years: Sequence[int]
    tag: str = ""


def balance_page(link: ShareLink, retainers: Sequence[Retainer], now: datetime, *, page: int = 1, tag: str = "") -> BalancePage:
    """Build the page of a link. `page` counts from 1; one beyond the last shows no lines."""
    sheets = [build_sheet(retainer, link, now, page) for retainer in retainers]
    first = sheets[0]
    return BalancePage(
        provider=link.workspace.name,
        client=link.client.name,
        title=f"{first.headline} · {link.client.name}, {first.name}",
        language=words_of(link, retainers[0]).language,
        sheets=sheets,
        fingerprint=fingerprint(document_of(link, retainers, now)) if max(sheet.total_lines for sheet in sheets) <= LONG else "",
        years=_years(retainers, now),
        tag=tag,
    )


def document_of(link: ShareLink, retainers: Sequence[Retainer], now: datetime) -> dict[str, Any]:
    """Return the public document of a link: exactly what its page shows."""
    days = {retainer.pk: retainer.today(now) for retainer in retainers}
    return balance_document(link, retainers, days, {retainer.pk: words_of(link, retainer) for retainer in retainers})


def _years(retainers: Sequence[Retainer], now: datetime) -> Sequence[int]:
    """Return the calendar years of the engagement, the latest first."""
    first = min(retainer.starts_on.year for retainer in retainers)
    return range(max(first, max(retainer.today(now).year for retainer in retainers)), first - 1, -1)[:12]


def words_of(link: ShareLink, retainer: Retainer) -> Words:
    """Return how the readers of this link read."""
    workspace = link.workspace
    return Words(link.locale or workspace.locale, link.hour_format or workspace.hour_format, retainer.unit)


def build_sheet(retainer: Retainer, link: ShareLink, now: datetime, page: int) -> Sheet:
    """Build one retainer's part of the page."""
    words, today = words_of(link, retainer), retainer.today(now)
    cycles = queries.cycles(retainer, today)
    if not cycles:
        return _not_begun(retainer, words, today)
    cycle, terms = cycles[-1], queries.terms_at(retainer, min(today, cycles[-1].ends_on))
    scopes = scopes_of(link)
    rows = queries.lines_of(retainer, cycle, scopes)
    count = rows.filter(entry__on__lte=today).count()
    lines = queries.log(rows, cycle, terms, today, offset=(page - 1) * LINES_A_PAGE, limit=LINES_A_PAGE)
    standing = {row.starts_on: row for row in queries.statements(retainer)}
    first, *rest = headline_parts(cycle, words)
    excess = over(cycle)
    return Sheet(
        name=retainer.name,
        stretch=words.stretch(cycle.starts_on, cycle.ends_on),
        figure=words.parts(excess or cycle.remaining),
        label=_label(cycle, first, rest),
        headline=" · ".join((first, *rest)),
        level=level(cycle),
        bar=bar_of(cycle, today),
        scale_end=words.amount(whole_of(cycle)),
        pace=pace_of(cycle, today, words),
        facts=facts_of(retainer, cycle, today, words, before_of(retainer, cycles, today, words)),
        as_of=_as_of(retainer, today, words),
        stale=_stale(retainer, now),
        planned=days_of(queries.planned(rows, terms, today), link, words, {}) if page == 1 else (),
        days=days_of(lines, link, words, corrections_of(retainer, lines)),
        page=page,
        pages=max(1, -(-count // LINES_A_PAGE)),
        total_lines=count,
        agreement=" ".join(agreement(terms, words, retainer.currency, retainer.notice_hours)),
        coming=coming_changes(retainer, today, words),
        past=[_past(past, words, link, retainer, standing.get(past.starts_on)) for past in reversed(cycles[:-1])],
        shows_balance=True,
    )


def _not_begun(retainer: Retainer, words: Words, today: date) -> Sheet:
    terms = queries.terms_at(retainer, retainer.starts_on)
    begins = words.full_day(retainer.starts_on)
    return Sheet(
        name=retainer.name,
        stretch=_("from %(day)s") % {"day": begins},
        figure=words.parts(terms.cap),
        label=_("from %(day)s on.") % {"day": begins},
        headline=_("Starts on %(day)s") % {"day": begins},
        level="enough",
        bar=None,
        scale_end="",
        pace="",
        facts=[(_("Starts"), in_days(retainer.starts_on, today, words))],
        as_of="",
        stale="",
        planned=(),
        days=(),
        page=1,
        pages=1,
        total_lines=0,
        agreement=" ".join(agreement(terms, words, retainer.currency, retainer.notice_hours)),
        coming=coming_changes(retainer, retainer.starts_on, words),
        past=(),
        shows_balance=False,
    )


def _label(cycle: CycleTotals, first: str, rest: Sequence[str]) -> str:
    if cycle.authorised:
        return " · ".join((first, *rest)) + "."
    return _("over. %(used)s.") % {"used": first} if over(cycle) else _("remain. %(used)s.") % {"used": first}


def _as_of(retainer: Retainer, today: date, words: Words) -> str:
    at = queries.as_of_instant(retainer)
    if at is None:
        return _("Nothing has been logged yet.")
    days = (today - at.date()).days
    when = _("today") if days == 0 else _("yesterday") if days == 1 else words.full_day(at.date())
    line = _("As of %(when)s, %(time)s") % {"when": when, "time": words.clock(at)}
    return f"{line} · {retainer.as_of_source}" if retainer.as_of_source else line


def _stale(retainer: Retainer, now: datetime) -> str:
    if retainer.as_of is None or now - retainer.as_of < STALE_AFTER:
        return ""
    days = (now - retainer.as_of).days
    return ngettext("Nothing new for %(n)s day.", "Nothing new for %(n)s days.", days) % {"n": days}


def days_of(
    lines: Sequence[LogLine], link: ShareLink, words: Words, corrections: Mapping[int, Sequence[Correction]]
) -> list[Day]:
    """Return lines of one order, day by day, as this link may show them."""
    return [
        Day(words.weekday(on), words.short_day(on), [_page_line(line, link, words, corrections) for line in of_day])
        for on, of_day in groupby(lines, key=lambda line: line.work.on)
    ]


def _page_line(line: LogLine, link: ShareLink, words: Words, corrections: Mapping[int, Sequence[Correction]]) -> PageLine:
    work = line.work
    meta = [
        *([work.category] if link.shows_categories and work.category else ()),
        *([work.person] if link.shows_people and work.person else ()),
    ]
    draws = work.scope == "retainer"
    if draws and line.charged != work.amount and work.outcome not in FREE_OUTCOMES:
        meta.append(_("%(time)s worked") % {"time": words.amount(work.amount)})
    left = "" if line.balance is None else words.left(line.balance)
    return PageLine(
        what=work.description or work.category if link.shows_categories else work.description,
        hours=words.signed(line.charged) if line.corrects else words.amount(line.charged if draws else work.amount),
        left=left,
        then=left if line.balance is None or line.balance < 0 else _("%(time)s left") % {"time": left},
        meta=meta,
        marks=marks_of(line, words, corrections),
    )


def _past(cycle: CycleTotals, words: Words, link: ShareLink, retainer: Retainer, closed: Statement | None) -> PastCycle:
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
