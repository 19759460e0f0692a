"""Changes of the agreement: other terms, a pause, the end. None alters a cycle that is closed
(ledger §1).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from hourtab.accounts.models import Member
from hourtab.accounts.plans import PlanError, check_retainers
from hourtab.core import scenario
from hourtab.core.amounts import LONGEST
from hourtab.core.cycles import LAST_DAY, Calendar, Cycle, CycleError, prorate
from hourtab.core.document import read
from hourtab.core.document.fields import DocumentError
from hourtab.core.document.write import retainer_json, terms_json, to_json
from hourtab.core.entries import Ledger
from hourtab.core.results import CycleTotals
from hourtab.core.statement import statement
from hourtab.core.terms import Terms as CoreTerms
from hourtab.ledger.errors import (
    CapOutOfBounds,
    ChangedByHand,
    CycleClosed,
    EndsBeforeItStarts,
    EndStays,
    EndsTooLate,
    HoursAfterTheEnd,
    HoursAlready,
    LinesAfterTheEnd,
    MovesAPause,
    MovesLateWork,
    NoCycleToPause,
    NoLaterTerms,
    PlanRefuses,
    TermsChanged,
    TermsDoNotFit,
    WorkPlannedAfterTheEnd,
)
from hourtab.ledger.models import Write
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.closed import closed_count
from hourtab.ledger.verbs.log import add_transfer, open_cycle
from hourtab.ledger.verbs.plan import clear, standing_holds
from hourtab.ledger.writing.record import writing
from hourtab.lib.locking import whole
from hourtab.retainers.models import Pause, Retainer, Terms
from hourtab.retainers.services import active_retainers

SHOWN_STARTS = 7


def coming_starts(retainer: Retainer, today: date, count: int = SHOWN_STARTS) -> Sequence[Cycle]:
    """Return the unclosed cycles from today's on, and the earlier ones whose terms may still
    change, at most `count`.
    """
    calendar, closed = retainer.calendar(), closed_count(retainer)
    found: list[Cycle] = []
    day = max(today, retainer.starts_on)
    cycle = calendar.cycle_of(day)
    earlier = [
        item for item in calendar.through(day)[closed:] if cycle and item.index < cycle.index
    ]
    while cycle is not None and len(found) < count:
        if cycle.index >= closed:
            found.append(cycle)
        cycle = calendar.cycle_of(cycle.ends_before) if cycle.ends_before < LAST_DAY else None
    return [*earlier[-2:], *found]


def mark(retainer: Retainer) -> int:
    """Return what grows with every change of the terms: who saw another mark saw other terms."""
    return retainer.terms.count()


@whole
def change_terms(
    retainer: Retainer,
    terms: CoreTerms,
    *,
    by: Member | None,
    now: datetime,
    reason: str = "",
    seen: int | None = None,
) -> Terms:
    """Agree on other terms from the start of an unclosed cycle on. A version for the same day is
    replaced.

    Raises `LedgerError` where they do not start a cycle, or change one that is closed. With `seen`,
    the `mark` the editor saw, terms that were changed in between are not replaced unseen.
    """
    with writing(
        retainer,
        Write.Kind.TERMS,
        by=by,
        now=now,
        reason=reason,
        label=terms.effective_on.isoformat(),
    ) as this:
        retainer = this.retainer
        if seen is not None and seen != mark(retainer):
            raise TermsChanged()
        if not 0 <= terms.cap <= LONGEST:
            raise CapOutOfBounds()
        open_cycle(retainer, terms.effective_on)
        others = [
            version for version in retainer.versions() if version.effective_on != terms.effective_on
        ]
        _check_calendar(
            retainer, sorted([*others, terms], key=lambda version: version.effective_on)
        )
        row = Terms.from_core(retainer, terms, str(by or ""))
        row.save()
        this.book.renew()
        this.record("terms", **terms_json(terms))
        this.touches(terms.effective_on)
        return row


@whole
def withdraw_terms(
    retainer: Retainer, effective_on: date, *, by: Member | None, now: datetime
) -> None:
    """Take back a version of the terms that no closed cycle has followed; the first one stays."""
    with writing(
        retainer, Write.Kind.TERMS, by=by, now=now, label=effective_on.isoformat()
    ) as this:
        retainer = this.retainer
        standing = retainer.versions()
        version = next((item for item in standing[1:] if item.effective_on == effective_on), None)
        if version is None:
            raise NoLaterTerms(day=effective_on)
        open_cycle(retainer, effective_on)
        _check_calendar(retainer, [item for item in standing if item is not version])
        row = Terms.from_core(retainer, version, str(by or ""))
        row.is_withdrawn = True
        row.save()
        this.book.renew()
        this.record("terms_withdrawn", effective_on=effective_on.isoformat())
        this.touches(effective_on)


@whole
def change_cap_now(
    retainer: Retainer,
    cap: int,
    *,
    on: date,
    is_prorated: bool,
    by: Member | None,
    now: datetime,
    reason: str = "",
) -> int:
    """Bring the hours of the cycle of `on` to `cap` now: a transfer of the difference to what it
    has, or of its share for the days left.

    Returns the transfer in seconds (or hundredths). Later cycles keep their terms.
    """
    with writing(retainer, Write.Kind.TRANSFER, by=by, now=now, reason=reason) as this:
        cycle = open_cycle(this.retainer, on)
        full = cap - cycle.cap - _transferred(this.retainer, cycle)
        days, quantum = (cycle.ends_before - on).days, this.retainer.as_core().quantum
        amount = prorate(full, days, cycle.grid_days, quantum) if is_prorated else full
        if not amount:
            raise HoursAlready()
        return add_transfer(this, amount, on).amount


def _transferred(retainer: Retainer, cycle: Cycle) -> int:
    """Return what earlier changes made of the cycle's own hours, more or less."""
    rows = retainer.transfers.filter(on__range=(cycle.starts_on, cycle.ends_on))
    return sum(rows.values_list("amount", flat=True))


@whole
def pause(
    retainer: Retainer,
    cycle_on: date,
    *,
    by: Member | None,
    now: datetime,
    reason: str = "",
    lift: bool = False,
) -> None:
    """Pause the whole cycle that starts on `cycle_on`, or let it be as agreed again (`lift`)."""
    with writing(
        retainer, Write.Kind.PAUSE, by=by, now=now, reason=reason, label=cycle_on.isoformat()
    ) as this:
        retainer = this.retainer
        cycle = open_cycle(retainer, cycle_on)
        if cycle.starts_on != cycle_on or cycle.is_paused != lift:
            raise NoCycleToPause(day=cycle_on)
        changed = retainer.transfers.filter(on__range=(cycle.starts_on, cycle.ends_on))
        if not lift and changed.exists():
            raise ChangedByHand()
        Pause(retainer=retainer, cycle_on=cycle_on, is_lifted=lift).save()
        this.book.renew()
        this.record("pause_withdrawn" if lift else "pause", cycle=cycle_on.isoformat())
        this.touches(cycle_on)


@whole
def end_retainer(
    retainer: Retainer, ends_on: date | None, *, by: Member | None, now: datetime, reason: str = ""
) -> None:
    """Let the retainer end with `ends_on`, its last day, or go on without an end (None).

    Raises `LedgerError` where closed cycles, entries, hours or terms lie after that day.
    """
    with writing(
        retainer, Write.Kind.END, by=by, now=now, reason=reason, label=str(ends_on or "")
    ) as this:
        retainer = this.retainer
        before, today = retainer.ends_on, retainer.today(now)
        _check_end(retainer, ends_on, today)
        _check_room(retainer, before, ends_on, now)
        Retainer.objects.filter(pk=retainer.pk).update(ends_on=ends_on)
        retainer.ends_on = ends_on
        this.book.renew()
        this.record("retainer", **retainer_json(retainer.as_core()))
        if ends_on is not None:
            for hold in retainer.holds.filter(cleared_at=None, starts_on__gt=ends_on):
                clear(this, hold)
        this.touches(min(day for day in (before, ends_on, today) if day))


def _check_room(
    retainer: Retainer, before: date | None, ends_on: date | None, now: datetime
) -> None:
    """Raise `LedgerError` where a retainer that has ended would go on and the plan has no room for
    it.
    """
    today = retainer.today(now)
    if before is not None and before < today and (ends_on is None or ends_on >= today):
        try:
            check_retainers(
                retainer.workspace,
                active_retainers(retainer.workspace, today).exclude(pk=retainer.pk).count(),
            )
        except PlanError as error:
            raise PlanRefuses(str(error)) from None


def ending(retainer: Retainer, ends_on: date, today: date) -> CycleTotals:
    """Return the last cycle as it would be settled if the retainer ended on `ends_on`: what lapses,
    what is owed.
    """
    _check_end(retainer, ends_on, today)
    ended = scenario.ending(entries.ledger_of(retainer), ends_on)
    return statement(ended, ends_on + timedelta(days=1)).cycles[-1]


def _check_end(retainer: Retainer, ends_on: date | None, today: date) -> None:
    closed = closed_count(retainer)
    if retainer.ends_on is not None and closed == len(retainer.calendar().through(LAST_DAY)):
        raise EndStays()
    if ends_on is None:
        return
    if ends_on < retainer.starts_on:
        raise EndsBeforeItStarts(day=retainer.starts_on)
    cycle = retainer.calendar().cycle_of(ends_on)
    if cycle is not None and cycle.index < closed:
        raise CycleClosed(on=ends_on)
    if ends_on > LAST_DAY:
        raise EndsTooLate()
    if late := entries.latest(retainer).filter(on__gt=ends_on).count():
        raise LinesAfterTheEnd(n=late, day=ends_on)
    if (
        retainer.topups.filter(on__gt=ends_on).exists()
        or retainer.transfers.filter(on__gt=ends_on).exists()
    ):
        raise HoursAfterTheEnd(day=ends_on)
    if any(hold.ends_on > ends_on for hold in standing_holds(retainer, today)):
        raise WorkPlannedAfterTheEnd(day=ends_on)
    _check_calendar(retainer, retainer.versions(), ends_on=ends_on)


def _check_calendar(
    retainer: Retainer, versions: Sequence[CoreTerms], *, ends_on: date | None = None
) -> None:
    """Raise `LedgerError` where terms are none a ledger document may hold, do not fit each other,
    or move a cycle that something names by its first day.
    """
    agreed = replace(retainer.as_core(), ends_on=ends_on or retainer.ends_on)
    try:
        calendar = Calendar(agreed, versions, retainer.paused_cycles())
        read.from_json(to_json(Ledger(agreed, versions), agreed.starts_on))
    except CycleError as error:
        raise TermsDoNotFit(str(error)) from None
    except DocumentError as error:
        raise TermsDoNotFit(f"{error.path.rpartition('].')[2]}: {error.reason}") from None
    for transfer in retainer.transfers.all():
        cycle = calendar.cycle_of(transfer.on)
        if cycle is not None and cycle.is_paused:
            raise ChangedByHand()
    for day in retainer.paused_cycles():
        if not calendar.starts_cycle(day):
            raise MovesAPause(day=day)
    posted = entries.latest(retainer).exclude(posted=None).values_list("posted", flat=True)
    decided = [day for row in retainer.decisions.all() for day in (row.cycle_on, row.posted_on)]
    for named in {day for day in (*posted, *decided) if day}:
        if not calendar.starts_cycle(named):
            raise MovesLateWork(day=named)
