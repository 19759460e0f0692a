"""What the page of a statement shows: an allow-list, from the frozen statement and what the link
may show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from hourtab.core.amounts import money
from hourtab.core.document.states import terms_from_json
from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Statement
from hourtab.ledger.reading import cycles, statements
from hourtab.ledger.reading.log import LogLine
from hourtab.ledger.saying.coverage import Coverage
from hourtab.ledger.saying.words import beyond, headline, over
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import agreement
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.models import ShareLink
from hourtab.showing.balance.requests import PageRequest, requests_on_statement
from hourtab.showing.document import SHOWN_LINES, fingerprint, reason_of, statement_document
from hourtab.showing.log import Day, corrections_shown, days_of, scopes_of
from hourtab.showing.look import Look, look_of
from hourtab.showing.parts import words_of


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the account: a name, an amount, and whether it is a sum."""

    name: str
    amount: str
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Everything the page, the PDF and the files of a statement show."""

    provider: str
    client: str
    look: Look
    name: str
    title: str
    language: str
    stretch: str
    number: int
    version: int
    versions: Sequence[tuple[int, str, str]]
    closed: str
    reason: str
    headline: str
    level: str
    figure: Sequence[tuple[str, str]]
    label: str
    came_in: Sequence[Row]
    went_out: Sequence[Row]
    note: str
    days: Sequence[Day]
    total_lines: int
    more_lines: int
    agreement: str
    decided: Sequence[PageRequest]
    document: dict[str, Any]
    fingerprint: str
    path: str
    lines: Sequence[LogLine]
    words: Words


def statement_page(
    link: ShareLink, versions: Sequence[Statement], now: datetime, *, version: int | None = None
) -> StatementPage | None:
    """Build the page of a statement: its latest version, or an earlier one; None where there is no
    such version.
    """
    row = (
        next((item for item in versions if item.version == version), None)
        if version
        else versions[-1]
    )
    if row is None:
        return None
    retainer, words = row.retainer, words_of(link, row.retainer)
    cycle = cycles.totals_from_json(row.totals)
    lines = statements.frozen_lines(row, scopes_of(link))
    terms = terms_from_json(row.terms)
    text = agreement(terms, words, retainer.currency, retainer.notice_hours)
    coverage = Coverage(retainer, cycle, words, terms.rounding)
    decided = requests_on_statement(
        retainer, link, row.starts_on, row.ends_on or row.closed_on, row.made_at, words
    )
    document = statement_document(row, lines, link, words, text, coverage, decided)
    path = statement_path(link, retainer.ref, row.number)
    stretch = words.stretch(cycle.starts_on, cycle.ends_on)
    excess = over(cycle)
    return StatementPage(
        provider=visible(link.workspace.name),
        client=visible(link.client.name),
        look=look_of(link.workspace),
        name=visible(retainer.name),
        title=_("Statement %(number)s, %(stretch)s") % {"number": row.number, "stretch": stretch},
        language=words.language,
        stretch=stretch,
        number=row.number,
        version=row.version,
        versions=[
            (item.version, f"{path}?version={item.version}", reason_of(item, link))
            for item in versions
        ]
        if len(versions) > 1
        else (),
        closed=words.full_day(row.closed_on),
        reason=reason_of(row, link),
        headline=headline(cycle, words),
        level="over" if beyond(cycle) > 0 else "near" if excess else "enough",
        figure=words.parts(cycle.used),
        label=_("of %(whole)s used") % {"whole": words.amount(max(0, cycle.available))},
        came_in=came_in(cycle, words),
        went_out=went_out(cycle, words, retainer),
        note=_note(row, cycle, words, now) if row is versions[-1] else "",
        days=days_of(
            lines[:SHOWN_LINES],
            link,
            words,
            corrections_shown(retainer, lines[:SHOWN_LINES], link),
            coverage,
        ),
        more_lines=max(0, len(lines) - SHOWN_LINES),
        total_lines=len(lines),
        agreement=" ".join(text),
        decided=decided,
        document=document,
        fingerprint=fingerprint(document),
        path=path if row is versions[-1] else f"{path}?version={row.version}",
        lines=lines,
        words=words,
    )


def came_in(cycle: CycleTotals, words: Words) -> list[Row]:
    """Return what a cycle had, and where it came from."""
    parts = [
        (_("Granted"), cycle.cap),
        (_("Carried in"), cycle.carried_in),
        (_("Added"), cycle.topped_up),
        (_("Changed in this cycle"), cycle.transferred),
        (_("Used after they lapsed"), cycle.reinstated),
        (_("Taken in advance"), -cycle.debt_in),
    ]
    rows = [
        Row(name, words.signed(amount) if amount < 0 else words.amount(amount))
        for name, amount in parts
        if amount
    ]
    return [
        *rows,
        Row(
            _("Available"),
            words.signed(cycle.available) if cycle.available < 0 else words.amount(cycle.available),
            True,
        ),
    ]


def went_out(cycle: CycleTotals, words: Words, retainer: Retainer) -> list[Row]:
    """Return what was used, and what became of the rest when the cycle ended."""
    rows = [Row(_("Used"), words.amount(cycle.used), True)]
    parts = [
        (_("Carried on"), cycle.carried_out),
        (_("Expired"), cycle.expired),
        (_("Above the most that rolls on"), cycle.trimmed),
        (_("Taken from the next hours"), cycle.debt_out),
        (_("Not charged"), cycle.absorbed),
        (_("Awaits a decision"), cycle.awaiting),
        (_("Decided on from earlier cycles"), cycle.settled),
    ]
    rows += [Row(name, words.amount(amount)) for name, amount in parts if amount]
    for rate, amount in cycle.billed_at.items():
        name = _("Billed apart") if amount > 0 else _("Credited")
        rows.append(Row(name, _billed(rate, amount, words, retainer)))
    return rows


def _billed(rate: int | None, amount: int, words: Words, retainer: Retainer) -> str:
    if rate is None:
        return words.amount(abs(amount))
    price = words.money(
        abs(money(amount, rate, counted=retainer.unit != "hour")), retainer.currency
    )
    said = {
        "time": words.amount(abs(amount)),
        "rate": words.money(rate, retainer.currency),
        "price": price,
    }
    return _("%(time)s at %(rate)s: %(price)s") % said


def _note(row: Statement, cycle: CycleTotals, words: Words, now: datetime) -> str:
    """Say what happened since to hours that lapsed here (ledger §5)."""
    used = cycles.used_after_lapsing(row.retainer, row.number - 1, row.retainer.today(now))
    if not used:
        return ""
    lapsed = words.amount(cycle.expired + cycle.trimmed)
    return _(
        "%(used)s of the %(lapsed)s that lapsed were used later, for work that came in after this statement was closed."
    ) % {
        "used": words.amount(used),
        "lapsed": lapsed,
    }
