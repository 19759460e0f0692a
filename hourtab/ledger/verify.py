"""Does what is stored fit the record? Everything is computed from scratch and compared."""

from datetime import datetime

from django.db.models import F

from hourtab.core.documents import closing_json
from hourtab.core.statement import statement
from hourtab.ledger import queries
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.work import Work
from hourtab.lib.database import snapshot
from hourtab.retainers.models import Retainer


def findings(retainer: Retainer, now: datetime) -> list[str]:
    """Return a sentence for everything that does not fit; an empty list is what one hopes for."""
    with snapshot():
        retainer = Retainer.objects.select_related("workspace", "client").get(pk=retainer.pk)
        return [*_cycles(retainer, now), *_revisions(retainer), *_pointers(retainer)]


def _cycles(retainer: Retainer, now: datetime) -> list[str]:
    as_of = retainer.balanced_on or retainer.today(now)
    fresh = statement(queries.ledger_of(retainer), as_of).cycles
    cached = list(retainer.cycles.all())
    if not cached:
        return []
    if len(cached) != len(fresh):
        return [f"{len(cached)} cycles are cached, {len(fresh)} computed"]
    found = []
    for row, cycle in zip(cached, fresh, strict=True):
        totals = queries.totals_json(cycle)
        found += [
            f"cycle {row.starts_on}: {key} is cached as {row.totals.get(key)}, computed as {value}"
            for key, value in totals.items()
            if row.totals.get(key) != value
        ]
        closing = closing_json(cycle.closing) if cycle.closing else None
        if row.closing != closing:
            found.append(f"cycle {row.starts_on}: the cached closing state is not the computed one")
    return found


def _revisions(retainer: Retainer) -> list[str]:
    rows = Revision.objects.filter(entry__retainer=retainer)
    return [
        f"revision {row} does not match its digest" for row in rows.iterator(5000) if Work.of(row).digest(row.salt) != row.digest
    ]


def _pointers(retainer: Retainer) -> list[str]:
    rows = Revision.objects.filter(entry__retainer=retainer, number=F("entry__number")).select_related("entry")
    wrong = [
        f"entry {row.entry.key} points elsewhere than its latest revision"
        for row in rows.iterator(5000)
        if (row.on, row.started, row.is_withdrawn) != (row.entry.on, row.entry.started, row.entry.is_withdrawn)
    ]
    latest = rows.count()
    every = Entry.objects.filter(retainer=retainer).count()
    beyond = Revision.objects.filter(entry__retainer=retainer, number__gt=F("entry__number")).count()
    if latest != every or beyond:
        wrong.append(f"{every - latest} entries have no latest revision, {beyond} revisions lie beyond the latest")
    return wrong
