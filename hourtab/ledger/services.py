"""Writing the ledger. Every function locks the retainer first, writes, refreshes the cycles and counts the version up.

Nothing is overwritten: an edit adds a revision, a withdrawal leaves a tombstone. Instants are arguments.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.core.amounts import HOUR, LONGEST
from hourtab.core.cycles import LAST_DAY
from hourtab.ledger.models import Entry, TopUp
from hourtab.ledger.record import LedgerError, finish, latest_work, lock, revise
from hourtab.ledger.work import Work, key_of
from hourtab.retainers.models import Category, Retainer

LONGEST_ENTRY = 1000 * HOUR


@transaction.atomic
def log_time(retainer: Retainer, work: Work, *, by: Member | None, now: datetime, source: str = "") -> Entry:
    """Store one line of work. `work.amount` must be positive and its date inside the retainer; else `LedgerError`."""
    retainer = lock(retainer)
    _check(retainer, work)
    if work.amount == 0:
        raise LedgerError(_("Nothing was worked: the time must be more than 0."))
    secret = bytes(retainer.workspace.digest_key)
    first = key_of(work.content, secret, 0).partition("-")[0]
    occurrence = Entry.objects.filter(retainer=retainer, key__gt=f"{first}-", key__lt=f"{first}.").count() + 1
    entry = Entry(retainer=retainer, key=key_of(work.content, secret, occurrence), on=work.on, started=work.started)
    entry.save()
    revise(entry, work, number=1, by=by, now=now)
    finish(retainer, work.on, now, source)
    return entry


@transaction.atomic
def edit_entry(entry: Entry, work: Work, *, by: Member | None, now: datetime, reason: str = "", seen: int | None = None) -> Entry:
    """Add a revision. With `seen`, the revision number the editor saw, a change made in between is refused."""
    retainer = lock(entry.retainer)
    entry = Entry.objects.get(pk=entry.pk)
    if seen is not None and seen != entry.number:
        raise LedgerError(_("This line was changed in the meantime. Look at it again before you change it."))
    _check(retainer, work)
    before = entry.on
    revise(entry, work, number=entry.number + 1, by=by, now=now, reason=reason)
    finish(retainer, min(before, work.on), now)
    return entry


def withdraw_entry(entry: Entry, *, by: Member | None, now: datetime, reason: str = "") -> Entry:
    """Take a line out of the log, leaving a tombstone with the reason."""
    return edit_entry(entry, latest_work(entry).withdrawn(), by=by, now=now, reason=reason)


def restore_entry(entry: Entry, *, by: Member | None, now: datetime, reason: str = "") -> Entry:
    """Put a withdrawn line back as it was."""
    return edit_entry(entry, latest_work(entry)._replace(is_withdrawn=False), by=by, now=now, reason=reason)


@transaction.atomic
def top_up(
    retainer: Retainer, *, seconds: int, on: date, by: Member | None, now: datetime, kind: str = "topup",
    until: date | None = None, forever: bool = False, reason: str = "",
) -> TopUp:  # fmt: skip
    """Grant extra hours for the whole cycle of `on`, through the cycle of `until` (None = its own)."""
    retainer = lock(retainer)
    if seconds <= 0 or seconds > LONGEST:
        raise LedgerError(_("Extra hours must be more than 0 and less than 100,000."))
    cycle = retainer.calendar().cycle_of(on)
    if cycle is None:
        raise LedgerError(_("%(on)s is not within this retainer.") % {"on": on})
    if until is not None and until < on:
        raise LedgerError(_("The extra hours would expire before they begin."))
    number = TopUp.objects.filter(retainer=retainer).count() + 1
    topup = TopUp(
        retainer=retainer, key=f"t{number:03d}", on=on, amount=seconds, kind=kind, until=until, is_forever=forever,
        reason=reason, by=by, at=now,
    )  # fmt: skip
    topup.save()
    finish(retainer, on, now)
    return topup


def know_category(retainer: Retainer, name: str) -> Category:
    """Make `name` a category of the retainer from now on."""
    category, _made = Category.objects.get_or_create(retainer=retainer, name=name)
    return category


_LENGTHS = {"category": 60, "project": 200, "person": 120, "description": 100_000}


def _check(retainer: Retainer, work: Work) -> None:
    for name, most in _LENGTHS.items():
        if len(getattr(work, name)) > most:
            raise LedgerError(_("The %(name)s is longer than %(most)s characters.") % {"name": name, "most": f"{most:,}"})
    if work.amount < 0 or work.amount > LONGEST_ENTRY:
        raise LedgerError(_("The time must be between 0 and 1,000 hours."))
    if retainer.calendar().cycle_of(work.on) is None:
        edge = (
            _("starts on %(starts_on)s") % {"starts_on": retainer.starts_on}
            if work.on < retainer.starts_on
            else _("ends on %(last_day)s") % {"last_day": retainer.ends_on or LAST_DAY}
        )
        raise LedgerError(_("%(on)s is not within this retainer: it %(edge)s.") % {"on": work.on, "edge": edge})
