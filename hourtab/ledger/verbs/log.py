"""Writing the log and granting hours. Every function is one write: locked, closed up to today,
whole, or not there.

Nothing is overwritten: an edit adds a revision, a withdrawal leaves a tombstone, and what stands in
a closed cycle is corrected by its difference. Instants are arguments.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from hourtab.accounts.models import Member
from hourtab.core.amounts import LONGEST
from hourtab.core.cycles import LAST_DAY, Cycle
from hourtab.ledger.errors import (
    ChangeOutOfBounds,
    CorrectsAnother,
    CycleClosed,
    ExpiresBeforeItBegins,
    ExpiresTooLate,
    ExtraHoursOutOfBounds,
    LessAwaits,
    LineChanged,
    NoKindOfHours,
    NoOutcome,
    NothingWorked,
    OutsideTheRetainer,
    PausedHasNoHours,
    StandsAlready,
    TakenOutAlready,
)
from hourtab.ledger.line import Work
from hourtab.ledger.models import Decision, Entry, TopUp, Transfer, Write
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.closed import closed_count
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs.checks import check_line, check_plan, check_rate
from hourtab.ledger.writing.chain import Kind, Writing
from hourtab.ledger.writing.record import add_entry, latest_work, lock_all, revise, writing
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer
from hourtab.retainers.weights import Weigher
from hourtab.retainers.words import words_for

type Change = Callable[[Work], Work]
"""What a line is to say, made of what it says now."""


@whole
def log_time(
    retainer: Retainer, work: Work, *, by: Member | None, now: datetime, source: str = ""
) -> Entry:
    """Store one line of work. `work.amount` must be positive and its date inside the retainer; else
    `LedgerError`.

    Work of a closed cycle is late: it posts in the earliest unclosed one. Its weight is decided
    here, by the rules of the retainer, unless `work` brings one.
    """
    with writing(retainer, Write.Kind.LOG, by=by, now=now, source=source) as this:
        check_line(this.retainer, work)
        check_plan(this.retainer, work.on, now)
        if work.amount == 0:
            raise NothingWorked()
        work = _weighed(this.retainer, work)
        entry = Entry(key=corrections.new_key(this.retainer, work.content))
        return add_entry(this, entry, work._replace(posted=this.book.posting(work.on)))


def edit_entry(
    entry: Entry,
    work: Work,
    *,
    by: Member | None,
    now: datetime,
    reason: str = "",
    seen: int | None = None,
) -> Entry:
    """Make a line say `work`, whatever it says now; see `change_entry`."""
    return change_entry(entry, lambda _now: work, by=by, now=now, reason=reason, seen=seen)


@whole
def change_entry(
    entry: Entry,
    change: Change,
    *,
    by: Member | None,
    now: datetime,
    reason: str = "",
    seen: int | None = None,
    kind: Kind = Write.Kind.EDIT,
) -> Entry:
    """Make a line say what `change` makes of what it says now: by a revision, or, in a closed
    cycle, by a correction of what it charged.

    `change` is asked under the lock, so nothing that was written in between is lost. With `seen`,
    the `corrections.mark` the editor saw, a change made in between is refused.
    """
    with writing(entry.retainer, kind, by=by, now=now, reason=reason) as this:
        retainer = this.retainer
        entry = Entry.objects.select_related("corrects", "retainer").get(pk=entry.pk)
        if seen is not None and seen != corrections.mark(entry):
            raise LineChanged()
        work = change(corrections.standing_work(entry))
        check_line(retainer, work, is_correction=entry.corrects is not None)
        if work.on != entry.on:
            check_plan(retainer, work.on, now)
        closed = corrections.is_closed(entry, retainer)
        if entry.corrects is not None:
            _refuse_to_correct_a_correction(entry, work, closed=closed)
        if closed:
            corrections.correct(this, entry, work, reason)
        else:
            _revise(this, entry, work, reason)
        return entry


def _revise(this: Writing, entry: Entry, work: Work, reason: str) -> None:
    before = latest_work(entry)
    stays = work.on == before.on and not before.is_withdrawn
    posted = before.posted if stays else this.book.posting(work.on)
    if work.weight == before.weight and work.weighed_by != before.weighed_by:
        work = _weighed(this.retainer, work._replace(weight=100, weighted_by=""))
    revise(this, entry, work._replace(posted=posted), number=entry.number + 1, reason=reason)
    if entry.corrects is not None:
        this.touches(entry.corrects.posts_on)


def _weighed(retainer: Retainer, work: Work) -> Work:
    """Return the work with the weight its rules give it; one that has a weight of its own keeps
    that.
    """
    if work.weight != 100 or work.weighted_by:
        return work
    weight, why = Weigher(retainer).weigh(work.on, work.started, work.category)
    return work._replace(weight=weight, weighted_by=why)


def _refuse_to_correct_a_correction(entry: Entry, work: Work, *, closed: bool) -> None:
    before = latest_work(entry)
    if closed or work._replace(is_withdrawn=before.is_withdrawn) != before:
        raise CorrectsAnother()


def withdraw_entry(entry: Entry, *, by: Member | None, now: datetime, reason: str = "") -> Entry:
    """Take a line out of the log, leaving a tombstone with the reason."""
    return change_entry(entry, _take_out, by=by, now=now, reason=reason, kind=Write.Kind.WITHDRAW)


def _take_out(work: Work) -> Work:
    if work.is_withdrawn:
        raise TakenOutAlready()
    return work.withdrawn()


def restore_entry(entry: Entry, *, by: Member | None, now: datetime, reason: str = "") -> Entry:
    """Put a withdrawn line back as it was."""
    return change_entry(entry, _put_back, by=by, now=now, reason=reason, kind=Write.Kind.RESTORE)


def _put_back(work: Work) -> Work:
    if not work.is_withdrawn:
        raise StandsAlready()
    return work._replace(is_withdrawn=False)


@whole
def top_up(
    retainer: Retainer,
    *,
    seconds: int,
    on: date,
    by: Member | None,
    now: datetime,
    kind: str = "topup",
    until: date | None = None,
    forever: bool = False,
    reason: str = "",
    price: int | None = None,
    key: str = "",
) -> TopUp:
    """Grant extra hours for the whole cycle of `on`, through the cycle of `until` (None = its own).

    `price` is what they cost in all, in minor units. A `key` that is known already is refused by
    the database.
    """
    with writing(retainer, Write.Kind.TOPUP, by=by, now=now, reason=reason) as this:
        retainer = this.retainer
        if seconds <= 0 or seconds > LONGEST:
            raise ExtraHoursOutOfBounds()
        open_cycle(retainer, on)
        if until is not None and until < on:
            raise ExpiresBeforeItBegins()
        if until is not None and until > LAST_DAY:
            raise ExpiresTooLate()
        if kind not in TopUp.Kind.values:
            raise NoKindOfHours()
        number = TopUp.objects.filter(retainer=retainer).count() + 1
        topup = TopUp(
            retainer=retainer,
            key=key or f"t{number:03d}",
            on=on,
            amount=seconds,
            kind=kind,
            until=until,
            is_forever=forever,
            reason=reason[:200],
            price=price,
            by=by,
            at=now,
        )
        topup.save()
        lasts = "never" if forever else until and until.isoformat()
        this.record(
            "topup", id=topup.key, on=on.isoformat(), amount=seconds, kind=kind, until=lasts
        )
        this.touches(on)
        return topup


@whole
def transfer(
    retainer: Retainer,
    *,
    seconds: int,
    on: date,
    by: Member | None,
    now: datetime,
    reason: str = "",
) -> Transfer:
    """Change the hours of the cycle of `on` by `seconds`, up or down, now and only there (ledger
    §1).
    """
    with writing(retainer, Write.Kind.TRANSFER, by=by, now=now, reason=reason) as this:
        return add_transfer(this, seconds, on)


def add_transfer(this: Writing, seconds: int, on: date) -> Transfer:
    """Change the hours of the cycle of `on` by `seconds`, in a write that is under way."""
    retainer = this.retainer
    if not seconds or abs(seconds) > LONGEST:
        raise ChangeOutOfBounds()
    if open_cycle(retainer, on).is_paused:
        raise PausedHasNoHours()
    number = Transfer.objects.filter(retainer=retainer).count() + 1
    row = Transfer(
        retainer=retainer,
        key=f"x{number:03d}",
        on=on,
        amount=seconds,
        by=this.row.by,
        at=this.row.at,
    )
    row.save()
    this.record("transfer", id=row.key, on=on.isoformat(), amount=seconds)
    this.touches(on)
    return row


@whole
def decide(
    retainer: Retainer,
    *,
    cycle_on: date,
    amount: int,
    outcome: str,
    by: Member | None,
    now: datetime,
    rate: int | None = None,
    reason: str = "",
) -> Decision:
    """Settle `amount` of what awaits a decision of the cycle that starts on `cycle_on` (ledger §3).

    Raises `LedgerError` where less awaits one. The statement of a closed cycle stays as it is: the
    earliest unclosed cycle carries the decision.
    """
    with writing(retainer, Write.Kind.DECIDE, by=by, now=now, reason=reason) as this:
        retainer, today = this.retainer, this.retainer.today(now)
        if outcome not in Decision.Outcome.values:
            raise NoOutcome()
        check_rate(rate)
        cycle = retainer.calendar().cycle_of(cycle_on)
        latest = cycles.current_cycle(retainer, today)
        awaiting = latest.pending.get(cycle_on.isoformat(), 0) if latest else 0
        if cycle is None or cycle.starts_on != cycle_on or not 0 < amount <= awaiting:
            raise LessAwaits(time=words_for(retainer).amount(awaiting))
        posted = this.book.posting(cycle_on) or cycle_on
        number = Decision.objects.filter(retainer=retainer).count() + 1
        decision = Decision(
            retainer=retainer,
            key=f"d{number:03d}",
            cycle_on=cycle_on,
            posted_on=posted,
            amount=amount,
            outcome=outcome,
            rate=rate if outcome == "bill" else None,
            on=today,
            reason=reason,
            by=by,
            at=now,
        )
        decision.save()
        this.record(
            "decision",
            id=decision.key,
            cycle=cycle_on.isoformat(),
            amount=amount,
            outcome=outcome,
            on=today.isoformat(),
            rate=decision.rate,
            posted=posted.isoformat(),
        )
        this.touches(posted)
        return decision


@whole
def convert_to_project(
    entries: Sequence[Entry], *, by: Member | None, now: datetime, reason: str
) -> None:
    """Make lines project work, billed apart: they no longer draw on the hours. In a closed cycle
    they are corrected.
    """
    lock_all(entry.retainer for entry in entries)
    for entry in entries:
        change_entry(entry, _as_project, by=by, now=now, reason=reason)


def _as_project(work: Work) -> Work:
    return work._replace(scope="project")


def open_cycle(retainer: Retainer, on: date) -> Cycle:
    """Return the cycle that holds `on`; raise `LedgerError` where there is none, or it is
    closed.
    """
    cycle = retainer.calendar().cycle_of(on)
    if cycle is None:
        raise OutsideTheRetainer(on=on)
    if cycle.index < closed_count(retainer):
        raise CycleClosed(on=on)
    return cycle
