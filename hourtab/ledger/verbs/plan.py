"""Planned work: hours that are spoken for before anybody has done the work (a hold, ledger §2)."""

from datetime import date, datetime

from hourtab.accounts.models import Member
from hourtab.core.amounts import LONGEST
from hourtab.core.cycles import LAST_DAY
from hourtab.ledger.errors import (
    PlanBeyondItsCycle,
    PlanEndsBeforeItBegins,
    PlanEndsTooLate,
    PlanIsOver,
    PlanOutOfBounds,
)
from hourtab.ledger.models import Hold, Write
from hourtab.ledger.verbs.log import open_cycle
from hourtab.ledger.writing.chain import Writing
from hourtab.ledger.writing.record import writing
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for


@whole
def plan_work(
    retainer: Retainer,
    *,
    text: str,
    amount: int,
    starts_on: date,
    ends_on: date,
    by: Member | None,
    now: datetime,
) -> Hold:
    """Reserve `amount` for work from `starts_on` to `ends_on`, both included. It is hatched on the
    page, and not used.

    It ends by itself the day after `ends_on`. Raises `LedgerError` where it is over already or
    reaches beyond its cycle.
    """
    with writing(retainer, Write.Kind.HOLD, by=by, now=now, label=text, is_news=False) as this:
        retainer = this.retainer
        if not 0 < amount <= LONGEST:
            raise PlanOutOfBounds()
        if ends_on > LAST_DAY:
            raise PlanEndsTooLate()
        if ends_on < starts_on:
            raise PlanEndsBeforeItBegins()
        if ends_on < retainer.today(now):
            raise PlanIsOver()
        cycle = open_cycle(retainer, starts_on)
        if ends_on >= cycle.ends_before:
            last = words_for(retainer).full_day(cycle.ends_on)
            raise PlanBeyondItsCycle(day=last)
        number = Hold.objects.filter(retainer=retainer).count() + 1
        hold = Hold(
            retainer=retainer,
            key=f"h{number:03d}",
            text=text,
            amount=amount,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        hold.by, hold.at = by, now
        hold.save()
        days = {"from": starts_on.isoformat(), "until": ends_on.isoformat()}
        this.record("hold", id=hold.key, amount=amount, **days)
        this.touches(starts_on)
        return hold


@whole
def clear_hold(hold: Hold, *, by: Member | None, now: datetime) -> None:
    """End a hold before its time; clearing one that is cleared already changes nothing."""
    with writing(
        hold.retainer, Write.Kind.CLEAR, by=by, now=now, label=hold.text, is_news=False
    ) as this:
        row = Hold.objects.get(pk=hold.pk)
        if row.cleared_at is None:
            clear(this, row)


def clear(this: Writing, hold: Hold) -> None:
    """End a hold that stands, in a write that is under way."""
    Hold.objects.filter(pk=hold.pk).update(cleared_at=this.row.at, cleared_by=this.row.by)
    this.record("hold_cleared", id=hold.key)
    this.touches(max(hold.starts_on, this.retainer.starts_on))


def standing_holds(retainer: Retainer, today: date) -> list[Hold]:
    """Return what is planned and neither cleared nor over, the earliest first."""
    return list(retainer.holds.filter(cleared_at=None, ends_on__gte=today))
