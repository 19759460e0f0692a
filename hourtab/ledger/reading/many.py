"""The present cycles of many retainers at once, in a number of questions that does not grow with
them: also on a morning when nothing was computed for the new day yet.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, prefetch_related_objects

from hourtab.core.document import states
from hourtab.core.entries import Close, Entry
from hourtab.core.results import ClosingState, CycleTotals
from hourtab.ledger.models import Cycle, Hold, Revision, Statement
from hourtab.ledger.reading.cycles import resume, totals_from_json
from hourtab.ledger.reading.entries import by_retainer, facts_of, nothing_of
from hourtab.lib.database import in_chunks
from hourtab.retainers.models import Retainer

AT_ONCE = 500
_FACTS = ("terms", "pauses", "topups", "transfers", "authorisations", "decisions")


def current_cycles(
    retainers: Sequence[Retainer], now: datetime
) -> Mapping[int, CycleTotals | None]:
    """Return by key what `current_cycle` says of each of these retainers at `now`.

    Late work of an unclosed cycle that may use what lapsed before it costs one question more.
    """
    found: dict[int, CycleTotals | None] = {}
    for some in in_chunks(retainers, AT_ONCE):
        balanced = [row.pk for row in some if row.balanced_on == row.today(now)]
        found |= _cached(balanced)
        found |= _computed([row for row in some if row.pk not in found], now)
    return found


def _cached(keys: Sequence[int]) -> dict[int, CycleTotals]:
    later = Cycle.objects.filter(retainer=OuterRef("retainer"), index__gt=OuterRef("index"))
    rows = Cycle.objects.filter(~Exists(later), retainer__in=keys)
    return {
        key: totals_from_json(totals)
        for key, totals in rows.order_by().values_list("retainer", "totals")
    }


def _computed(retainers: Sequence[Retainer], now: datetime) -> dict[int, CycleTotals | None]:
    if not retainers:
        return {}
    prefetch_related_objects(retainers, *_FACTS)
    keys = [row.pk for row in retainers]
    openings = _openings({row.pk: row.today(now) for row in retainers})
    holds: dict[int, list[Hold]] = defaultdict(list)
    for hold in Hold.objects.filter(retainer__in=keys, cleared_at=None):
        holds[hold.retainer_id].append(hold)
    closes: dict[int, list[Close]] = defaultdict(list)
    closed = Statement.objects.filter(retainer__in=keys, version=1).order_by("number")
    for key, starts_on, closed_on in closed.values_list("retainer", "starts_on", "closed_on"):
        closes[key].append(Close(starts_on, closed_on))
    since = {row.pk: _since(row, openings[row.pk], now) for row in retainers}
    entries = _entries(since)
    found: dict[int, CycleTotals | None] = {}
    for row in retainers:
        if since[row.pk] is None:
            found[row.pk] = _last(row, openings[row.pk])
            continue
        ledger = replace(
            nothing_of(row),
            entries=entries.get(row.pk, ()),
            closes=closes[row.pk],
            **facts_of(row, holds[row.pk]),
        )
        cycles = resume(row, ledger, row.today(now), openings[row.pk]).cycles
        found[row.pk] = cycles[-1] if cycles else None
    return found


def _openings(todays: Mapping[int, date]) -> dict[int, ClosingState]:
    """Return the state to go on from: the latest that is cached without a gap and has ended."""
    reached: dict[int, int] = dict.fromkeys(todays, -1)
    rows = Cycle.objects.filter(retainer__in=todays, closing__isnull=False).order_by("index")
    for key, index, ends_on in rows.values_list("retainer", "index", "ends_on"):
        if index == reached[key] + 1 and ends_on is not None and ends_on < todays[key]:
            reached[key] = index
    latest = Cycle.objects.filter(
        retainer__in=todays, index__in={index for index in reached.values() if index >= 0}
    )
    known: dict[int, Any] = {
        key: closing
        for key, index, closing in latest.order_by().values_list("retainer", "index", "closing")
        if reached[key] == index
    }
    return {
        key: states.closing_from_json(known[key]) if key in known else ClosingState()
        for key in todays
    }


def _since(retainer: Retainer, opening: ClosingState, now: datetime) -> date | None:
    """Return the first day of what is to be computed; None where nothing is."""
    cycles = retainer.calendar().through(retainer.today(now))[opening.index :]
    return cycles[0].starts_on if cycles else None


def _entries(since: Mapping[int, date | None]) -> Mapping[int, Sequence[Entry]]:
    days = [day for day in since.values() if day is not None]
    if not days:
        return {}
    rows = Revision.objects.filter(
        entry__retainer__in=since,
        entry__posts_on__gte=min(days),
        entry__is_withdrawn=False,
        number=F("entry__number"),
    )
    return {
        key: [entry for entry in some if (entry.posted or entry.on) >= (since[key] or date.max)]
        for key, some in by_retainer(rows).items()
    }


def _last(retainer: Retainer, opening: ClosingState) -> CycleTotals | None:
    row = Cycle.objects.filter(retainer=retainer, index__lt=opening.index).order_by("-index")
    totals = row.values_list("totals", flat=True).first()
    return totals_from_json(totals) if totals else None
