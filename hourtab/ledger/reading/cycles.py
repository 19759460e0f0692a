"""The cycles of a retainer as of a day.

Cached cycles are used where they were computed for the day asked, and computed anew otherwise;
both say the same.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from hourtab.core.amounts import half_up
from hourtab.core.coverage import Cover
from hourtab.core.document import states, write
from hourtab.core.entries import (
    Ledger,
)
from hourtab.core.results import ClosingState, CycleTotals, Statement
from hourtab.core.statement import statement
from hourtab.ledger.models import Cycle
from hourtab.ledger.reading.entries import ledger_of
from hourtab.retainers.models import Retainer


def compute(retainer: Retainer, as_of: date) -> Statement:
    """Compute the whole statement from scratch, using no cache."""
    return statement(ledger_of(retainer), as_of)


def cycles_of(retainer: Retainer, as_of: date) -> Sequence[CycleTotals]:
    """Return all cycles through the one that holds `as_of`."""
    cached = Cycle.objects.filter(retainer=retainer)
    if retainer.balanced_on == as_of:
        rows = list(cached.values_list("totals", flat=True))
        if rows:
            return [totals_from_json(row) for row in rows]
    opening = opening_before(retainer, as_of, as_of)
    earlier = cached.filter(index__lt=opening.index).values_list("totals", flat=True)
    return [*map(totals_from_json, earlier), *_fresh(retainer, as_of, opening).cycles]


def current_cycle(retainer: Retainer, as_of: date) -> CycleTotals | None:
    """Return the open cycle, or the last one of a retainer that ended; None before the start."""
    cached = Cycle.objects.filter(retainer=retainer).order_by("-index")
    if retainer.balanced_on == as_of:
        row = cached.values_list("totals", flat=True).first()
        if row:
            return totals_from_json(row)
    opening = opening_before(retainer, as_of, as_of)
    if found := _fresh(retainer, as_of, opening).cycles:
        return found[-1]
    row = cached.filter(index__lt=opening.index).values_list("totals", flat=True).first()
    return totals_from_json(row) if row else None


def _fresh(retainer: Retainer, as_of: date, opening: ClosingState) -> Statement:
    since = retainer.calendar().through(as_of)[opening.index :]
    if not since:
        return Statement((), ())
    return resume(retainer, ledger_of(retainer, since[0].starts_on), as_of, opening)


def opening_before(retainer: Retainer, on: date, as_of: date) -> ClosingState:
    """Return the latest cached closing state before `on`: the only one that is read.

    Only cycles that are cached without a gap and have ended by `as_of` count.
    """
    cached = Cycle.objects.filter(retainer=retainer)
    settled = cached.filter(ends_on__lt=min(on, as_of), closing__isnull=False)
    last = (
        settled.annotate(known=known_up_to())
        .order_by("-index")
        .values_list("index", "known", "closing")
    )
    found = last.first()
    if found and found[1] != found[0] + 1:
        places = settled.order_by("index").values_list("index", flat=True)
        gapless = sum(1 for expected, index in enumerate(places) if expected == index)
        found = last.filter(index__lt=gapless).first()
    return states.closing_from_json(found[2] or {}) if found else ClosingState()


def known_up_to() -> Subquery:
    """Return how many cycles of a retainer are cached up to a row."""
    upto = Cycle.objects.filter(retainer=OuterRef("retainer"), index__lte=OuterRef("index"))
    return Subquery(upto.order_by().values("retainer").annotate(n=Count("pk")).values("n"))


def resume(retainer: Retainer, book: Ledger, as_of: date, opening: ClosingState) -> Statement:
    """Compute a ledger from an opening on. Where late work asks for what lapsed before, the closing
    states since its own cycle are read.
    """

    def past(index: int) -> list[ClosingState]:
        rows = Cycle.objects.filter(retainer=retainer, index__range=(index, opening.index - 1))
        return [
            states.closing_from_json(row or {})
            for row in rows.order_by("index").values_list("closing", flat=True)
        ]

    return statement(book, as_of, opening, past)


def totals_json(totals: CycleTotals) -> dict[str, Any]:
    """Write a cycle as the cache keeps it: the document's keys and what pages need beside them."""
    billed_at = [[rate, amount] for rate, amount in totals.billed_at.items()]
    more = {"ceiling": totals.ceiling, "lapsing": totals.lapsing, "billed_at": billed_at}
    return (
        write.cycle_json(totals)
        | more
        | {
            "decided": dict(totals.decided),
            "pending": dict(totals.pending),
            "revived": dict(totals.revived),
            "coverage": [list(part) for part in totals.coverage],
        }
    )


def totals_from_json(raw: dict[str, Any]) -> CycleTotals:
    """Read what `totals_json` wrote, without the closing state."""
    ends_on = date.max if raw["ends_on"] is None else date.fromisoformat(raw["ends_on"])
    billed_at = dict(raw["billed_at"])
    more = {
        "ends_on": ends_on,
        "billed_at": billed_at,
        "coverage": [Cover(*part) for part in raw.get("coverage", ())],
    }
    return CycleTotals(**raw | {"starts_on": date.fromisoformat(raw["starts_on"])} | more)


def used_percent(cycle: CycleTotals) -> int:
    """Return how much of what was available is used, in percent, half up; 100 where nothing is
    available.
    """
    return half_up(cycle.used * 100, cycle.available) if cycle.available > 0 else 100


def as_of_instant(retainer: Retainer) -> datetime | None:
    """Return when the balance last changed, in the retainer's zone."""
    return retainer.as_of.astimezone(retainer.tzinfo) if retainer.as_of else None


def used_after_lapsing(retainer: Retainer, index: int, as_of: date) -> int:
    """Return how much of what lapsed at the end of the cycle with that index late work has used
    since.
    """
    return sum(cycle.revived.get(str(index), 0) for cycle in cycles_of(retainer, as_of))
