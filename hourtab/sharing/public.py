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
from hourtab.ledger.breakdown import breakdown_at
from hourtab.ledger.holds import standing_holds
from hourtab.ledger.models import Hold, Statement
from hourtab.ledger.queries import LogLine
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import agreement, coming_changes
from hourtab.sharing.log import corrections_shown, marks_shown, scopes_of, texts_of
from hourtab.sharing.models import ShareLink
from hourtab.sharing.split import amounts_of

LONG = 20_000
"""A cycle of more lines shows its fingerprint on a page of its own: making it would hold up the first reader."""


SHOWN_LINES = 2_000
"""A statement or a year lists no more on its page and in its PDF; its CSV and document have all of them."""


def words_of(link: ShareLink, retainer: Retainer) -> Words:
    """Return how the readers of this link read."""
    workspace = link.workspace
    return Words(link.locale or workspace.locale, link.hour_format or workspace.hour_format, retainer.unit)


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
        "provider": visible(link.workspace.name),
        "client": visible(link.client.name),
        "sheets": sheets,
    }


def _sheet(retainer: Retainer, link: ShareLink, today: date, words: Words) -> dict[str, Any]:
    cycles = queries.cycles(retainer, today)
    shown = {
        "retainer": {"name": visible(retainer.name), "unit": retainer.unit, "zone": retainer.zone},
        "as_of": today.isoformat(),
    }
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
        "holds": [_hold(hold, link) for hold in standing_holds(retainer, today) if hold.starts_on <= cycle.ends_on],
        "split": [list(item) for item in amounts_of(breakdown_at(retainer, cycle, today), link)],
        "past": [cycle_part(past) for past in cycles[:-1]] if link.shows_past else [],
    }


def _hold(hold: Hold, link: ShareLink) -> dict[str, Any]:
    text = {"description": visible(hold.text)} if link.shows_descriptions else {}
    return {"from": hold.starts_on.isoformat(), "until": hold.ends_on.isoformat(), "time": hold.amount} | text


def statement_document(
    row: Statement, lines: Sequence[LogLine], link: ShareLink, words: Words, text: Sequence[str]
) -> dict[str, Any]:
    """Return what the page of a statement shows, `text` being its agreement in words."""
    retainer = row.retainer
    return {
        "format": PUBLIC_FORMAT,
        "of": "statement",
        "provider": visible(link.workspace.name),
        "client": visible(link.client.name),
        "number": row.number,
        "version": row.version,
        "closed_on": row.closed_on.isoformat(),
        "reason": visible(row.reason),
        "sheets": [
            {
                "retainer": {"name": visible(retainer.name), "unit": retainer.unit, "zone": retainer.zone},
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
    corrections = corrections_shown(retainer, lines, link)
    return [_line(line, link, (f"{m.word}: {m.why}" for m in marks_shown(line, link, words, corrections))) for line in lines]


def _line(line: LogLine, link: ShareLink, marks: Iterable[str]) -> dict[str, Any]:
    work = line.work
    said: dict[str, Any] = {
        "on": work.on.isoformat(),
        "scope": work.scope,
        "charged": line.charged,
        "marks": list(marks),
    } | texts_of(work, link)
    if link.shows_worked or work.scope != "retainer":
        said["time"] = work.amount
    if line.balance is not None:
        said["balance"] = line.balance
    return said
