"""The public document: exactly what a link shows, as JSON in one canonical form. Its SHA-256 is the
page's fingerprint.

It is an allow-list like the page itself. `hourtab replay` checks that its lines give its figures.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hourtab.core.cycles import FOR_EVER
from hourtab.core.document.chain import canonical
from hourtab.core.document.public import CYCLE_KEYS, PUBLIC_FORMAT
from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Hold, Statement
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.log import LogLine
from hourtab.ledger.saying.coverage import Coverage
from hourtab.ledger.saying.words import Correction
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.showing.balance.requests import PageRequest
from hourtab.showing.log import corrections_shown, marks_shown, texts_of
from hourtab.showing.parts import Part
from hourtab.showing.split import amounts_of

SHOWN_LINES = 2_000
"""A statement or a year lists no more on its page and in its PDF; its CSV and document have all of
them.
"""


def fingerprint(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a public document, as `sha256sum` gives it for the file."""
    return hashlib.sha256(canonical(document)).hexdigest()


def balance_document(link: ShareLink, parts: Sequence[Part]) -> dict[str, Any]:
    """Return what the balance page of a link shows: each retainer's present cycle with every line,
    and the past ones.
    """
    return {
        "format": PUBLIC_FORMAT,
        "of": "balance",
        "provider": visible(link.workspace.name),
        "client": visible(link.client.name),
        "sheets": [_sheet(part, link) for part in parts],
    }


def _sheet(part: Part, link: ShareLink) -> dict[str, Any]:
    retainer = part.retainer
    shown = {
        "retainer": {"name": visible(retainer.name), "unit": retainer.unit, "zone": retainer.zone},
        "as_of": part.today.isoformat(),
        "requests": [item.as_json() for item in part.requests],
    }
    if part.cycle is None:
        return shown | {"cycle": None, "lines": [], "planned": [], "past": []}
    return shown | {
        "agreement": list(part.agreement),
        "coming": [list(item) for item in part.coming],
        "cycle": cycle_part(part.cycle),
        "lines": _lines(
            list(reversed(part.lines)), link, part.words, part.corrections, part.coverage
        ),
        "planned": _lines(part.planned, link, part.words, {}),
        "holds": [_hold(hold, link) for hold in part.holds],
        "split": [list(item) for item in amounts_of(part.breakdown, link)],
        "past": [cycle_part(past) for past in part.cycles[:-1]] if link.shows_past else [],
    }


def _hold(hold: Hold, link: ShareLink) -> dict[str, Any]:
    text = {"description": visible(hold.text)} if link.shows_descriptions else {}
    return {
        "from": hold.starts_on.isoformat(),
        "until": hold.ends_on.isoformat(),
        "time": hold.amount,
    } | text


def statement_document(
    row: Statement,
    lines: Sequence[LogLine],
    link: ShareLink,
    words: Words,
    text: Sequence[str],
    coverage: Coverage,
    decided: Sequence[PageRequest] = (),
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
        "reason": reason_of(row, link),
        "sheets": [
            {
                "retainer": {
                    "name": visible(retainer.name),
                    "unit": retainer.unit,
                    "zone": retainer.zone,
                },
                "agreement": list(text),
                "requests": [item.as_json() for item in decided],
                "cycle": cycle_part(cycles.totals_from_json(row.totals)),
                "lines": lines_part(retainer, lines, link, words, coverage),
            }
        ],
    }


def reason_of(row: Statement, link: ShareLink) -> str:
    """Return why a statement was made anew: a text, as those of lines, edits and requests are."""
    return visible(row.reason) if link.shows_descriptions else ""


def cycle_part(cycle: CycleTotals) -> dict[str, Any]:
    """Return what is shown of a cycle."""
    plain: dict[str, Any] = {key: getattr(cycle, key) for key in CYCLE_KEYS}
    ends_on = None if cycle.ends_on == FOR_EVER else cycle.ends_on.isoformat()
    return plain | {"starts_on": cycle.starts_on.isoformat(), "ends_on": ends_on}


def lines_part(
    retainer: Retainer,
    lines: Sequence[LogLine],
    link: ShareLink,
    words: Words,
    coverage: Coverage | None = None,
) -> list[dict[str, Any]]:
    """Return what is shown of lines, oldest first."""
    return _lines(lines, link, words, corrections_shown(retainer, lines, link), coverage)


def _lines(
    lines: Sequence[LogLine],
    link: ShareLink,
    words: Words,
    corrections: Mapping[int, Sequence[Correction]],
    coverage: Coverage | None = None,
) -> list[dict[str, Any]]:
    def said(line: LogLine) -> dict[str, Any]:
        marks = [f"{mark.word}: {mark.why}" for mark in marks_shown(line, link, words, corrections)]
        why = coverage.of(line, shows_worked=link.shows_worked) if coverage else ""
        return _line(line, link, marks) | ({"why": why} if why else {})

    return [said(line) for line in lines]


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
