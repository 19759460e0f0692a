"""What an import means for a retainer's balance: before, and after."""

from datetime import date, datetime

from django.db.models import QuerySet, Sum

from hourtab.core import scenario
from hourtab.core.entries import Entry as CoreEntry
from hourtab.core.results import Statement
from hourtab.imports.matching.plans import Part
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.cycles import current_cycle, opening_before, resume
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs.bring_in import SourceRow
from hourtab.ledger.writing.late import Late
from hourtab.lib.database import in_chunks
from hourtab.retainers.models import Retainer


def stored_seconds(retainer: Retainer, source: Source | None) -> int:
    """Return the raw time a retainer holds from a source."""
    if source is None:
        return 0
    return _sum_of(entries.latest(retainer).filter(entry__source=source))


def _sum_of(rows: QuerySet[Revision]) -> int:
    return rows.order_by().aggregate(sum=Sum("amount"))["sum"] or 0


def balance(retainer: Retainer, now: datetime) -> int:
    """Return what is left of the cycle of a locked retainer at `now`, below 0 where more was used; 0
    before it starts.
    """
    return _on(retainer, retainer.today(now))


def _on(retainer: Retainer, today: date) -> int:
    cycle = current_cycle(retainer, today)
    return cycle.available - cycle.used if cycle else 0


def balances(part: Part, today: date) -> tuple[int, int]:
    """Return the balance on `today` and what it would be, computed on values from the first cycle
    the file touches.
    """
    retainer, moved = part.retainer, dict(part.change)
    keys: dict[str, int] = {}
    late = Late(retainer)
    add = [late.posted(row.work) for row in part.add]
    touched = [work.posts_on for work in add]
    corrected: list[CoreEntry] = []
    for some in in_chunks([*moved, *part.withdraw]):
        for entry in Entry.objects.filter(pk__in=some).select_related("retainer"):
            touched.append(entry.posts_on)
            if late.is_closed(entry.posts_on) and not entry.is_withdrawn:
                corrected.append(_correction(entry, moved.get(entry.pk), late))
                continue
            keys[entry.key] = entry.pk
            if entry.pk in moved:
                moved[entry.pk] = moved[entry.pk]._replace(
                    work=late.posted(moved[entry.pk].work, entry)
                )
                touched.append(moved[entry.pk].work.posts_on)
    before = _on(retainer, today)
    if not touched:
        return before, before
    since = max(min(touched), retainer.starts_on)
    opening = opening_before(retainer, since, today)
    calendar = retainer.calendar().through(today)[opening.index :]
    if not calendar:
        return before, before
    book = entries.ledger_of(retainer, calendar[0].starts_on)
    come = [moved[pk].work.as_core(key) for key, pk in keys.items() if pk in moved]
    come += [work.as_core(f"new-{i}") for i, work in enumerate(add)]
    after = scenario.with_entries(book, [*come, *corrected], keys)
    return before, _left(resume(retainer, after, today, opening))


def _correction(entry: Entry, row: SourceRow | None, late: Late) -> CoreEntry:
    """Return the difference that a changed or gone row of a closed cycle would post."""
    standing = corrections.standing_work(entry)
    work = row.work if row else standing.withdrawn()
    cycle = late.calendar.cycle_of(entry.posts_on)
    terms = terms_at(late.retainer, cycle.starts_on if cycle else entry.posts_on)
    difference = corrections.charged_in(work, terms) - corrections.charged_in(standing, terms)
    return CoreEntry(
        f"{entry.key}>",
        entry.on,
        difference,
        posted=late.posting(entry.posts_on),
        corrects=entry.key,
    )


def _left(result: Statement) -> int:
    cycles = result.cycles
    return cycles[-1].available - cycles[-1].used if cycles else 0


def stored_after(part: Part, source: Source | None) -> int:
    """Return what the retainer would hold from this source."""
    held = stored_seconds(part.retainer, source)
    for some in in_chunks([*(pk for pk, _row in part.change), *part.withdraw]):
        held -= _sum_of(entries.latest(part.retainer).filter(entry__in=some))
    return (
        held
        + sum(row.work.amount for row in part.add)
        + sum(row.work.amount for _pk, row in part.change)
    )
