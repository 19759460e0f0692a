"""Reading the ledger: the balance at a date, the log with the balance after every line.

Cached cycles are used where they were computed for the date asked, and computed anew otherwise;
both say the same.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from django.db import connection
from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from hourtab.core.amounts import half_up
from hourtab.core.coverage import Cover
from hourtab.core.document import states, write
from hourtab.core.entries import (
    Authorisation,
    Close,
    Decision,
    Hold,
    Ledger,
    TopUp,
    Transfer,
    charged_for,
)
from hourtab.core.entries import Entry as CoreEntry
from hourtab.core.results import ClosingState, CycleTotals, Statement
from hourtab.core.statement import statement
from hourtab.core.terms import Terms
from hourtab.ledger.line import Work
from hourtab.ledger.models import Cycle, Entry, Revision
from hourtab.ledger.models import Statement as Frozen
from hourtab.lib.database import in_chunks
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
        topups=[_topup(row) for row in retainer.topups.all()],
        transfers=[Transfer(row.key, row.on, row.amount) for row in retainer.transfers.all()],
        authorisations=[
            Authorisation(row.key, row.amount, row.starts_on, row.ends_on, row.rate)
            for row in retainer.authorisations.all()
        ],
        holds=[
            Hold(row.key, row.starts_on, row.ends_on, row.amount)
            for row in retainer.holds.filter(cleared_at=None)
        ],
        decisions=[_decision(row) for row in retainer.decisions.all()],
        closes=closes_of(retainer) if closes is None else closes,
    )


def nothing_of(retainer: Retainer) -> Ledger:
    """Return a ledger with what was agreed alone."""
    return Ledger(retainer.as_core(), retainer.versions(), pauses=retainer.paused_cycles())


def closes_of(retainer: Retainer) -> list[Close]:
    """Return the closed cycles, in order, each with the date of its first statement."""
    rows = retainer.statements.filter(version=1).order_by("number")
    return [Close(*row) for row in rows.values_list("starts_on", "closed_on")]


def entries_of(rows: QuerySet[Revision], texts: Sequence[str] = ()) -> list[CoreEntry]:
    """Return revisions as the calculation takes them.

    A cycle may have tens of thousands: they are taken as the driver gives them, and each date and
    time is read once.
    """
    wanted = rows.values_list("entry__key", "entry__corrects__key", *_FIGURES, *texts)
    query, values = wanted.query.sql_with_params()
    days: dict[Any, Any] = {None: None}
    clocks: dict[Any, Any] = {None: None}
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found = cursor.fetchall()
    entries = []
    for row in found:
        key, corrects, on, amount, started, weight, scope, outcome, posted = row[:9]
        for day in (on, posted):
            if day not in days:
                days[day] = date.fromisoformat(day) if isinstance(day, str) else day
        if started not in clocks:
            clocks[started] = time.fromisoformat(started) if isinstance(started, str) else started
        said: tuple[str, ...] = tuple(row[9:])
        category, project, person, description = said + _NO_TEXTS[len(said) :]
        entries.append(
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
            )
        )
    return entries


NAMES = ("category", "project", "person")
TEXTS = (*NAMES, "description")
_FIGURES = ("on", "amount", "started", "weight", "scope", "outcome", "posted")
_NO_TEXTS = ("", "", "", "")


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


def _decision(row: Any) -> Decision:
    return Decision(row.key, row.cycle_on, row.amount, row.outcome, row.on, row.rate, row.posted_on)


def statements(retainer: Retainer) -> list[Frozen]:
    """Return the latest version of every statement, the first cycle's first, without their lines
    and states.
    """
    latest_of: dict[int, Frozen] = {}
    for row in retainer.statements.defer("lines", "opening", "closing", "terms"):
        latest_of[row.number] = row
    return list(latest_of.values())


def _topup(row: Any) -> TopUp:
    return TopUp(row.key, row.on, row.amount, row.kind, "never" if row.is_forever else row.until)


def compute(retainer: Retainer, as_of: date) -> Statement:
    """Compute the whole statement from scratch, using no cache."""
    return statement(ledger_of(retainer), as_of)


def cycles(retainer: Retainer, as_of: date) -> Sequence[CycleTotals]:
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


def lines_of(retainer: Retainer, cycle: CycleTotals, scopes: Collection[str]) -> QuerySet[Revision]:
    """Return the lines of a cycle in these scopes."""
    stretch = (cycle.starts_on, cycle.ends_on)
    return (
        latest(retainer)
        .filter(entry__posts_on__range=stretch, scope__in=scopes)
        .select_related("entry")
    )


def log(
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
        earlier = rows.values_list("entry__corrects", *_FIGURES)[:offset]
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


def terms_at(retainer: Retainer, on: date) -> Terms:
    """Return the terms valid at `on`: the latest version effective by then."""
    return version_at(retainer.versions(), on)


def version_at(versions: Sequence[Terms], on: date) -> Terms:
    """Return the one of these versions that is valid at `on`."""
    return next(
        (version for version in reversed(versions) if version.effective_on <= on), versions[0]
    )


def used_percent(cycle: CycleTotals) -> int:
    """Return how much of what was available is used, in percent, half up; 100 where nothing is
    available.
    """
    return half_up(cycle.used * 100, cycle.available) if cycle.available > 0 else 100


def as_of_instant(retainer: Retainer) -> datetime | None:
    """Return when the balance last changed, in the retainer's zone."""
    return retainer.as_of.astimezone(retainer.tzinfo) if retainer.as_of else None


def frozen_lines(row: Frozen, scopes: Collection[str]) -> list[LogLine]:
    """Return the lines of a statement in these scopes, as they were when it was closed, in their
    order.
    """
    revisions: dict[int, Revision] = {}
    for some in in_chunks([line[0] for line in row.lines]):
        revisions |= {
            found.pk: found
            for found in Revision.objects.filter(pk__in=some).select_related("entry")
        }
    return [
        LogLine(
            revision.entry.key,
            revision.entry_id,
            Work.of(revision),
            charged,
            balance,
            revision.number,
            revision.reason,
            revision.entry.corrects_id,
        )
        for pk, charged, _covered, _overage, balance in row.lines
        if (revision := revisions[pk]).scope in scopes
    ]


def used_after_lapsing(retainer: Retainer, index: int, as_of: date) -> int:
    """Return how much of what lapsed at the end of the cycle with that index late work has used
    since.
    """
    return sum(cycle.revived.get(str(index), 0) for cycle in cycles(retainer, as_of))
