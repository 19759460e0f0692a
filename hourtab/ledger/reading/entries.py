"""The entries of a retainer and all that stands beside them, as the calculation takes them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from hourtab.core.entries import (
    Authorisation,
    Close,
    Decision,
    Hold,
    Ledger,
    TopUp,
    Transfer,
)
from hourtab.core.entries import Entry as CoreEntry
from hourtab.ledger.models import Revision
from hourtab.retainers.models import Retainer


def latest(retainer: Retainer) -> QuerySet[Revision]:
    """Return the latest revisions of the entries that stand."""
    return Revision.objects.filter(
        entry__retainer=retainer, number=F("entry__number"), entry__is_withdrawn=False
    )


def ledger_of(
    retainer: Retainer,
    since: date | None = None,
    texts: Sequence[str] = (),
    closes: Sequence[Close] | None = None,
) -> Ledger:
    """Return everything the calculation needs, with the entries that post from `since` on; `texts`
    (`NAMES` or `TEXTS`) of what they say; `closes` where they are known already.
    """
    rows = latest(retainer)
    if since is not None:
        rows = rows.filter(entry__posts_on__gte=since)
    return replace(
        nothing_of(retainer),
        entries=entries_of(rows, texts),
        closes=closes_of(retainer) if closes is None else closes,
        **facts_of(retainer, retainer.holds.filter(cleared_at=None)),
    )


def facts_of(retainer: Retainer, holds: Iterable[Any]) -> dict[str, Any]:
    """Return what was granted, approved, decided and planned, as the calculation takes it; `holds`
    are those that stand.
    """
    return {
        "topups": [_topup(row) for row in retainer.topups.all()],
        "transfers": [Transfer(row.key, row.on, row.amount) for row in retainer.transfers.all()],
        "authorisations": [
            Authorisation(row.key, row.amount, row.starts_on, row.ends_on, row.rate)
            for row in retainer.authorisations.all()
        ],
        "holds": [Hold(row.key, row.starts_on, row.ends_on, row.amount) for row in holds],
        "decisions": [_decision(row) for row in retainer.decisions.all()],
    }


def nothing_of(retainer: Retainer) -> Ledger:
    """Return a ledger with what was agreed alone."""
    return Ledger(retainer.as_core(), retainer.versions(), pauses=retainer.paused_cycles())


def closes_of(retainer: Retainer) -> list[Close]:
    """Return the closed cycles, in order, each with the date of its first statement."""
    rows = retainer.statements.filter(version=1).order_by("number")
    return [Close(*row) for row in rows.values_list("starts_on", "closed_on")]


def entries_of(rows: QuerySet[Revision], texts: Sequence[str] = ()) -> list[CoreEntry]:
    """Return revisions as the calculation takes them."""
    return [entry for _retainer, entry in _read(rows, texts)]


def by_retainer(rows: QuerySet[Revision]) -> dict[int, list[CoreEntry]]:
    """Return revisions as the calculation takes them, by the key of their retainer."""
    found: dict[int, list[CoreEntry]] = defaultdict(list)
    for retainer, entry in _read(rows, ()):
        found[retainer].append(entry)
    return found


def _read(rows: QuerySet[Revision], texts: Sequence[str]) -> Iterator[tuple[int, CoreEntry]]:
    """Yield revisions as entries, each with its retainer.

    A cycle may have tens of thousands: they are taken as the driver gives them, and each date and
    time is read once.
    """
    keys = ("entry__retainer", "entry__key", "entry__corrects__key")
    query, values = rows.values_list(*keys, *FIGURES, *texts).query.sql_with_params()
    days: dict[Any, Any] = {None: None}
    clocks: dict[Any, Any] = {None: None}
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found = cursor.fetchall()
    for row in found:
        retainer, key, corrects, on, amount, started, weight, scope, outcome, posted = row[:10]
        for day in (on, posted):
            if day not in days:
                days[day] = date.fromisoformat(day) if isinstance(day, str) else day
        if started not in clocks:
            clocks[started] = time.fromisoformat(started) if isinstance(started, str) else started
        said: tuple[str, ...] = tuple(row[10:])
        category, project, person, description = said + _NO_TEXTS[len(said) :]
        yield (
            retainer,
            CoreEntry(
                key,
                days[on],
                amount,
                clocks[started],
                weight,
                scope,
                category,
                project,
                person,
                description,
                outcome or None,
                days[posted],
                corrects,
            ),
        )


NAMES = ("category", "project", "person")
TEXTS = (*NAMES, "description")
FIGURES = ("on", "amount", "started", "weight", "scope", "outcome", "posted")
_NO_TEXTS = ("", "", "", "")


def _decision(row: Any) -> Decision:
    return Decision(row.key, row.cycle_on, row.amount, row.outcome, row.on, row.rate, row.posted_on)


def _topup(row: Any) -> TopUp:
    return TopUp(row.key, row.on, row.amount, row.kind, "never" if row.is_forever else row.until)
