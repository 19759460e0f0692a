"""The cached cycles: computed when something is written, so that reading need not."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Q

from hourtab.core.cycles import FOR_EVER
from hourtab.core.document.states import closing_json
from hourtab.core.entries import Entry
from hourtab.core.results import CycleTotals
from hourtab.ledger import queries
from hourtab.ledger.breakdown import breakdowns
from hourtab.ledger.models import Cycle
from hourtab.retainers.models import Retainer


def refresh(retainer: Retainer, since: date, today: date) -> None:
    """Compute the cached cycles anew from the one that holds `since`, resuming from the closing
    state before it.
    """
    opening = queries.opening_before(retainer, max(since, retainer.starts_on), today)
    calendar = retainer.calendar().through(today)[opening.index :]
    book = queries.ledger_of(retainer, calendar[0].starts_on, queries.NAMES) if calendar else None
    fresh = queries.resume(retainer, book, today, opening).cycles if book else ()
    keep(retainer, opening.index, fresh, book.entries if book else (), today)


def keep(
    retainer: Retainer,
    index: int,
    fresh: Sequence[CycleTotals],
    entries: Sequence[Entry],
    today: date,
) -> None:
    """Replace the cached cycles from `index` on; `entries` are those that post in them, with their
    names.
    """
    parts = breakdowns(entries, fresh, retainer, today)
    Cycle.objects.filter(retainer=retainer, index__gte=index).delete()
    Cycle.objects.bulk_create(
        Cycle(
            retainer=retainer,
            index=index + i,
            starts_on=cycle.starts_on,
            ends_on=None if cycle.ends_on == FOR_EVER else cycle.ends_on,
            totals=queries.totals_json(cycle),
            breakdown=parts[i].as_json(),
            closing=closing_json(cycle.closing) if cycle.closing else None,
        )
        for i, cycle in enumerate(fresh)
    )
    Retainer.objects.filter(pk=retainer.pk).update(balanced_on=today)
    retainer.balanced_on = today


def levels(retainer: Retainer) -> dict[str, list[int]]:
    """Return what is used and what is available in every cycle that may be watched, as computed last,
    by its first day: those that are not closed, without the history that closes by hand alone.
    """
    opened_on = retainer.today(retainer.opened_at)
    rows = (
        Cycle.objects.filter(retainer=retainer)
        .filter(Q(ends_on=None) | Q(ends_on__gte=opened_on))
        .exclude(totals__state="closed")
        .values_list("starts_on", "totals__used", "totals__available")
    )
    return {starts_on.isoformat(): [used, available] for starts_on, used, available in rows}


def balance(retainer: Retainer) -> int | None:
    """Return what is left as it was computed last, below 0 where more was used; None before the
    start.
    """
    totals = (
        Cycle.objects.filter(retainer=retainer)
        .order_by("-index")
        .values_list("totals__available", "totals__used")
        .first()
    )
    return None if totals is None else totals[0] - totals[1]
