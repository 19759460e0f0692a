"""The cached cycles: computed when something is written, so that reading need not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from hourtab.core.cycles import FOR_EVER
from hourtab.core.document.states import closing_json
from hourtab.core.entries import Entry
from hourtab.core.results import CycleTotals
from hourtab.ledger.book import Book
from hourtab.ledger.models import Cycle
from hourtab.ledger.reading.breakdown import breakdowns
from hourtab.ledger.reading.cycles import totals_json
from hourtab.ledger.reading.entries import NAMES
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class Fresh:
    """Cycles computed anew, from the one with `index` on."""

    index: int
    cycles: Sequence[CycleTotals]


def refresh(book: Book, since: date) -> Fresh:
    """Compute the cached cycles anew from the one that holds `since`, resuming from the closing
    state before it.
    """
    resumed = book.resume(since, texts=NAMES)
    fresh = Fresh(resumed.opening.index, resumed.result.cycles)
    keep(book, fresh, resumed.ledger.entries)
    return fresh


def keep(book: Book, fresh: Fresh, entries: Sequence[Entry]) -> None:
    """Replace the cached cycles from an index on; `entries` are those that post in them, with
    their names.
    """
    retainer, last = book.retainer, book.last
    parts = breakdowns(entries, fresh.cycles, retainer, book.today)
    rows = [
        Cycle(
            retainer=retainer,
            index=fresh.index + i,
            starts_on=cycle.starts_on,
            ends_on=None if cycle.ends_on == FOR_EVER else cycle.ends_on,
            totals=totals_json(cycle),
            breakdown=parts[i].as_json(),
            closing=closing_json(cycle.closing) if cycle.closing else None,
        )
        for i, cycle in enumerate(fresh.cycles)
    ]
    after = fresh.index + len(rows)
    if last is not None and last >= after:
        Cycle.objects.filter(retainer=retainer, index__gte=after).delete()
    Cycle.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["retainer", "index"], update_fields=_COMPUTED
    )
    if retainer.balanced_on != book.today:
        Retainer.objects.filter(pk=retainer.pk).update(balanced_on=book.today)
        retainer.balanced_on = book.today
    book.forget_cycles()


_COMPUTED = ["starts_on", "ends_on", "totals", "breakdown", "closing"]


def levels(book: Book, fresh: Fresh | None = None) -> dict[str, list[int]]:
    """Return what is used and what is available in every cycle that may be watched, as computed
    last, by its first day: those that are not closed, without the history that closes by hand
    alone.
    """
    retainer = book.retainer
    opened_on = retainer.today(retainer.opened_at)
    found: dict[str, list[int]] = {}
    if fresh is None or fresh.index > book.closed:
        rows = Cycle.objects.filter(retainer=retainer)
        rows = rows.filter(Q(ends_on=None) | Q(ends_on__gte=opened_on))
        rows = rows.exclude(totals__state="closed")
        if fresh is not None:
            rows = rows.filter(index__lt=fresh.index)
        figures = rows.values_list("starts_on", "totals__used", "totals__available")
        found = {starts_on.isoformat(): [used, left] for starts_on, used, left in figures}
    for cycle in fresh.cycles if fresh else ():
        if cycle.ends_on >= opened_on and cycle.state != "closed":
            found[cycle.starts_on.isoformat()] = [cycle.used, cycle.available]
    return found
