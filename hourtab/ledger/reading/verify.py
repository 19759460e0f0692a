"""Does what is stored fit the record? Everything is computed from scratch and compared."""

from datetime import datetime
from itertools import groupby

from django.db.models import F

from hourtab.core.document import chain
from hourtab.core.document.states import closing_json
from hourtab.core.statement import statement
from hourtab.ledger.line import Work
from hourtab.ledger.models import Clock, Entry, Revision, Statement, Write
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.breakdown import breakdowns
from hourtab.ledger.reading.entries import NAMES, latest, ledger_of
from hourtab.lib.database import snapshot
from hourtab.retainers.models import Retainer


def findings(retainer: Retainer, now: datetime) -> list[str]:
    """Return a sentence for everything that does not fit; an empty list is what one hopes for."""
    return [*_clock(retainer, now), *contradictions(retainer, now)]


def contradictions(retainer: Retainer, now: datetime) -> list[str]:
    """Return what does not fit in the rows themselves, whatever this machine's clock says."""
    with snapshot():
        retainer = Retainer.objects.select_related("workspace", "client").get(pk=retainer.pk)
        return [
            *_cycles(retainer, now),
            *_statements(retainer, now),
            *_chain(retainer),
            *_pointers(retainer),
        ]


def _clock(retainer: Retainer, now: datetime) -> list[str]:
    """Name what was written or closed by a clock that ran ahead."""
    ahead = Write.objects.filter(retainer=retainer, at__gt=now + Clock.LEAP)
    closed = Statement.objects.filter(retainer=retainer, version=1, made_at__gt=now + Clock.LEAP)
    return [
        *(
            f"write {row.number} ({row.kind}) was made on {row.at:%Y-%m-%d}, which is to come: "
            "the clock ran ahead"
            for row in ahead
        ),
        *(f"statement {row.number} was closed while the clock ran ahead" for row in closed),
    ]


def _cycles(retainer: Retainer, now: datetime) -> list[str]:
    as_of = retainer.balanced_on or retainer.today(now)
    book = ledger_of(retainer, None, NAMES)
    fresh = statement(book, as_of).cycles
    cached = list(retainer.cycles.all())
    if not cached:
        return []
    if len(cached) != len(fresh):
        return [f"{len(cached)} cycles are cached, {len(fresh)} computed"]
    found = []
    parts = breakdowns(book.entries, fresh, retainer, as_of)
    for row, cycle, part in zip(cached, fresh, parts, strict=True):
        if row.breakdown != part.as_json():
            found.append(f"cycle {row.starts_on}: the cached breakdown is not the computed one")
        totals = cycles.totals_json(cycle)
        found += [
            f"cycle {row.starts_on}: {key} is cached as {row.totals.get(key)}, computed as {value}"
            for key, value in totals.items()
            if row.totals.get(key) != value
        ]
        closing = closing_json(cycle.closing) if cycle.closing else None
        if row.closing != closing:
            found.append(f"cycle {row.starts_on}: the cached closing state is not the computed one")
    return found


def _statements(retainer: Retainer, now: datetime) -> list[str]:
    """Compare every standing statement with what the record gives."""
    as_of = retainer.balanced_on or retainer.today(now)
    result = statement(ledger_of(retainer), as_of)
    revisions = dict(latest(retainer).values_list("entry__key", "entry"))
    standing = {row.starts_on: row for row in Statement.objects.filter(retainer=retainer)}
    found = []
    for cycle, lines in result.by_cycle():
        row = standing.pop(cycle.starts_on, None)
        if row is None:
            continue
        if row.totals != cycles.totals_json(cycle):
            found.append(
                f"statement {row.number}.{row.version}: its totals are not the computed ones"
            )
        if cycle.closing and row.closing != closing_json(cycle.closing) | {"paid": {}}:
            found.append(
                f"statement {row.number}.{row.version}: its closing state is not the computed one"
            )
        entries = dict(
            Revision.objects.filter(pk__in=[line[0] for line in row.lines]).values_list(
                "pk", "entry"
            )
        )
        if [[entries.get(line[0]), *line[1:]] for line in row.lines] != [
            [revisions[line.entry], *line[1:]] for line in lines
        ]:
            found.append(
                f"statement {row.number}.{row.version}: its lines are not the computed ones"
            )
    found += [f"statement {row.number} is of no cycle" for row in standing.values()]
    return found


def _chain(retainer: Retainer) -> list[str]:
    """Walk along the chain: every revision gives its digest, every write its hash."""
    rows = (
        Revision.objects.filter(entry__retainer=retainer)
        .select_related("entry__corrects")
        .order_by("write__number", "pk")
    )
    by_write = groupby(rows.iterator(5000), key=lambda row: row.write_id)
    written: dict[int, list[str]] = {}
    found = []
    for write, revisions in by_write:
        for row in revisions:
            if not row.erased or (row.project, row.person, row.description) != ("", "", ""):
                texts = Work.of(row).texts_digest(row.salt)
            else:
                texts = row.erased
            corrects = row.entry.corrects.key if row.entry.corrects else ""
            if Work.of(row).digest(row.entry.key, row.number, texts, corrects) != row.digest:
                found.append(f"revision {row} does not match its digest")
            written.setdefault(write, []).append(row.digest)
    before = ""
    for link in Write.objects.filter(retainer=retainer):
        digests = [*map(chain.record_digest, link.records), *written.pop(link.pk, [])]
        if link.hash != chain.link(before, digests):
            found.append(
                f"write {link.number} ({link.kind}, {link.at:%Y-%m-%d}) does not give its hash"
            )
        before = link.hash
    return found


def _pointers(retainer: Retainer) -> list[str]:
    rows = Revision.objects.filter(
        entry__retainer=retainer, number=F("entry__number")
    ).select_related("entry")
    wrong = [
        f"entry {row.entry.key} points elsewhere than its latest revision"
        for row in rows.iterator(5000)
        if (row.on, Work.of(row).began, row.is_withdrawn, row.posted or row.on)
        != (row.entry.on, row.entry.began, row.entry.is_withdrawn, row.entry.posts_on)
    ]
    stand = rows.count()
    every = Entry.objects.filter(retainer=retainer).count()
    beyond = Revision.objects.filter(
        entry__retainer=retainer, number__gt=F("entry__number")
    ).count()
    if stand != every or beyond:
        wrong.append(
            f"{every - stand} entries have no latest revision, {beyond} revisions lie beyond the latest"
        )
    return wrong
