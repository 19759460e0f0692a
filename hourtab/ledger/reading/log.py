"""The log of a cycle: its lines, each with the balance after it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.db.models import F, QuerySet

from hourtab.core.entries import Entry as CoreEntry
from hourtab.core.entries import (
    charged_for,
)
from hourtab.core.results import CycleTotals
from hourtab.core.terms import Terms
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.reading.entries import FIGURES, TEXTS, latest
from hourtab.ledger.reading.terms import terms_at
from hourtab.retainers.models import Retainer

IN_ORDER = ("entry__on", "entry__began", "entry__key")
NEWEST_FIRST = ("-entry__on", "-entry__began", "-entry__key")
PUBLIC_SCOPES = ("retainer", "courtesy", "project")
ALL_SCOPES = (*PUBLIC_SCOPES, "internal")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry as a page lists it. `balance` is what was left after it (None while planned);
    `corrects` names another.
    """

    key: str
    entry_id: int
    work: Work
    charged: int
    balance: int | None
    revisions: int
    reason: str
    corrects: int | None = None

    @property
    def was_edited(self) -> bool:
        """Is this not what was first written?"""
        return self.revisions > 1

    @property
    def meta(self) -> list[str]:
        """What the provider sees under the text: kind of work, person, project."""
        return [text for text in (self.work.category, self.work.person, self.work.project) if text]

    @property
    def is_weighted(self) -> bool:
        """Does it count at another rate than the clock's?"""
        return self.work.weight != 100 and self.charged != 0


def _entry(
    key: str,
    on: date,
    amount: int,
    started: time | None,
    weight: int,
    scope: Any,
    outcome: Any,
    posted: date | None,
    *texts: str,
) -> CoreEntry:
    category, project, person, description = (*texts, *("" for _ in TEXTS[len(texts) :]))
    return CoreEntry(
        key,
        on,
        amount,
        started,
        weight,
        scope,
        category,
        project,
        person,
        description,
        outcome or None,
        posted,
    )


def lines_of(retainer: Retainer, cycle: CycleTotals, scopes: Collection[str]) -> QuerySet[Revision]:
    """Return the lines of a cycle in these scopes."""
    stretch = (cycle.starts_on, cycle.ends_on)
    return (
        latest(retainer)
        .filter(entry__posts_on__range=stretch, scope__in=scopes)
        .select_related("entry")
    )


def log_lines(
    rows: QuerySet[Revision],
    cycle: CycleTotals,
    terms: Terms,
    as_of: date,
    *,
    offset: int = 0,
    limit: int | None = 50,
) -> list[LogLine]:
    """Return `rows` of a cycle up to `as_of`, newest first, each with what was left after it.

    Costs the lines asked for, however long the log is: the balance is walked back from the cycle's
    total. Lines of scopes that are left out draw nothing, so the balance does not miss them.
    """
    rows = rows.filter(entry__on__lte=min(as_of, cycle.ends_on)).order_by(*NEWEST_FIRST)
    balance = cycle.available - cycle.used
    if offset:
        earlier = rows.values_list("entry__corrects", *FIGURES)[:offset]
        charges = (
            charged_for(_entry("", *values)._replace(corrects=corrects), terms)
            for corrects, *values in earlier
        )
        balance += sum(charge for charge in charges if charge > 0)
    lines = []
    for row in rows[offset : None if limit is None else offset + limit]:
        line = _line(row, terms, balance)
        lines.append(line)
        balance += max(0, line.charged)
    return lines


def corrections_at(
    retainer: Retainer, lines: Sequence[LogLine]
) -> dict[int, list[tuple[Revision, Revision]]]:
    """Return, by the key of the line they are shown at, standing corrections with the line they
    correct, as it says now.
    """
    shown = {line.entry_id for line in lines} | {line.corrects for line in lines if line.corrects}
    correcting = list(
        Entry.objects.filter(corrects__in=shown, is_withdrawn=False).values_list("pk", flat=True)
    )
    if not correcting:
        return {}
    rows = list(latest(retainer).filter(entry__in=correcting).select_related("entry"))
    corrected = Revision.objects.filter(
        entry__in=[row.entry.corrects_id for row in rows], number=F("entry__number")
    )
    originals = {row.entry_id: row for row in corrected} if rows else {}
    found: dict[int, list[tuple[Revision, Revision]]] = {}
    for row in rows:
        pair = (row, originals[row.entry.corrects_id or 0])
        found.setdefault(row.entry_id, []).append(pair)
        found.setdefault(row.entry.corrects_id or 0, []).append(pair)
    return found


def planned(rows: QuerySet[Revision], terms: Terms, as_of: date) -> list[LogLine]:
    """Return the lines dated after `as_of`, in order."""
    return [_line(row, terms, None) for row in rows.filter(entry__on__gt=as_of).order_by(*IN_ORDER)]


def line_apart(row: Revision, retainer: Retainer) -> LogLine:
    """Return a line by itself, charged as in the cycle it posts in, without a balance after it."""
    return _line(row, terms_at(retainer, row.entry.posts_on), None)


def _line(row: Revision, terms: Terms, balance: int | None) -> LogLine:
    work, corrects = Work.of(row), row.entry.corrects_id
    charged = charged_for(work.as_core("", "original" if corrects else None), terms)
    return LogLine(
        row.entry.key, row.entry_id, work, charged, balance, row.number, row.reason, corrects
    )
