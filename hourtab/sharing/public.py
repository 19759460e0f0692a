"""The public document: exactly what a link shows, as JSON in one canonical form. Its SHA-256 is the page's fingerprint.

It is an allow-list like the page itself. `hourtab replay` checks that its lines give its figures.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from hourtab.core.chain import canonical
from hourtab.core.cycles import FOR_EVER
from hourtab.core.public import CYCLE_KEYS, PUBLIC_FORMAT
from hourtab.core.totals import CycleTotals
from hourtab.ledger import queries
from hourtab.ledger.models import Statement
from hourtab.ledger.queries import LogLine
from hourtab.ledger.words import corrections_of, marks_of
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import agreement, coming_changes
from hourtab.sharing.models import ShareLink

LONG = 20_000
"""A cycle of more lines shows its fingerprint on a page of its own: making it would hold up the first reader."""


SHOWN_LINES = 2_000
"""A statement or a year lists no more on its page and in its PDF; its CSV and document have all of them."""


def scopes_of(link: ShareLink) -> tuple[str, ...]:
    """Return the scopes a link shows."""
    return ("retainer", "courtesy", *(("project",) if link.shows_projects else ()))


def fingerprint(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a public document, as `sha256sum` gives it for the file."""
    return hashlib.sha256(canonical(document)).hexdigest()


def balance_document(
    link: ShareLink, retainers: Sequence[Retainer], today_of: dict[int, date], words: dict[int, Words]
) -> dict[str, Any]:
    """Return what the balance page of a link shows: each retainer's present cycle with every line, and the past ones."""
    sheets = [_sheet(retainer, link, today_of[retainer.pk], words[retainer.pk]) for retainer in retainers]
    return {
        "format": PUBLIC_FORMAT,
        "of": "balance",
        "provider": link.workspace.name,
        "client": link.client.name,
        "sheets": sheets,
    }


def _sheet(retainer: Retainer, link: ShareLink, today: date, words: Words) -> dict[str, Any]:
    cycles = queries.cycles(retainer, today)
    shown = {"retainer": {"name": retainer.name, "unit": retainer.unit, "zone": retainer.zone}, "as_of": today.isoformat()}
    if not cycles:
        return shown | {"cycle": None, "lines": [], "planned": [], "past": []}
    cycle, terms = cycles[-1], queries.terms_at(retainer, min(today, cycles[-1].ends_on))
    rows = queries.lines_of(retainer, cycle, scopes_of(link))
    lines = list(reversed(queries.log(rows, cycle, terms, today, limit=None)))
    return shown | {
        "agreement": agreement(terms, words, retainer.currency, retainer.notice_hours),
        "coming": [list(item) for item in coming_changes(retainer, today, words)],
        "cycle": cycle_part(cycle),
        "lines": lines_part(retainer, lines, link, words),
        "planned": lines_part(retainer, queries.planned(rows, terms, today), link, words),
        "past": [cycle_part(past) for past in cycles[:-1]],
    }


def statement_document(
    row: Statement, lines: Sequence[LogLine], link: ShareLink, words: Words, text: Sequence[str]
) -> dict[str, Any]:
    """Return what the page of a statement shows, `text` being its agreement in words."""
    retainer = row.retainer
    return {
        "format": PUBLIC_FORMAT,
        "of": "statement",
        "provider": link.workspace.name,
        "client": link.client.name,
        "number": row.number,
        "version": row.version,
        "closed_on": row.closed_on.isoformat(),
        "reason": row.reason,
        "sheets": [
            {
                "retainer": {"name": retainer.name, "unit": retainer.unit, "zone": retainer.zone},
                "agreement": list(text),
                "cycle": cycle_part(queries.totals_from_json(row.totals)),
                "lines": lines_part(retainer, lines, link, words),
            }
        ],
    }


def cycle_part(cycle: CycleTotals) -> dict[str, Any]:
    """Return what is shown of a cycle."""
    plain: dict[str, Any] = {key: getattr(cycle, key) for key in CYCLE_KEYS}
    ends_on = None if cycle.ends_on == FOR_EVER else cycle.ends_on.isoformat()
    return plain | {"starts_on": cycle.starts_on.isoformat(), "ends_on": ends_on}


def lines_part(retainer: Retainer, lines: Sequence[LogLine], link: ShareLink, words: Words) -> list[dict[str, Any]]:
    """Return what is shown of lines, oldest first."""
    corrections = corrections_of(retainer, lines)
    return [_line(line, link, (f"{m.word}: {m.why}" for m in marks_of(line, words, corrections))) for line in lines]


def _line(line: LogLine, link: ShareLink, marks: Iterable[str]) -> dict[str, Any]:
    work = line.work
    said: dict[str, Any] = {
        "on": work.on.isoformat(),
        "description": work.description,
        "scope": work.scope,
        "time": work.amount,
        "charged": line.charged,
        "marks": list(marks),
    }
    if line.balance is not None:
        said["balance"] = line.balance
    if link.shows_categories:
        said["category"] = work.category
    if link.shows_people:
        said["person"] = work.person
    return said
