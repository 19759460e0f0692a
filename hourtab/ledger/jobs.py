"""What the ledger does by itself."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from hourtab.ledger.book import Book
from hourtab.ledger.writing import cache, clock, freeze, record
from hourtab.retainers.models import Retainer
from hourtab.worker.rows import each


def turn_the_day(now: datetime) -> int:
    """Compute the cycles of retainers whose local date has changed since, and close those whose
    grace is over.
    """
    if not clock.look(now):
        return 0

    def turn(retainer: Retainer) -> int:
        locked = record.lock(retainer)
        if locked.balanced_on == (today := locked.today(now)):
            return 0
        book = Book(locked, today)
        cache.refresh(book, today)
        freeze.close_due(book, now)
        return 1

    return each("turn the day", Retainer.objects.filter(_has_turned(now)).only("pk"), turn, now)


def _has_turned(now: datetime) -> Q:
    """Return what finds the retainers whose cycles are of another day than theirs.

    A zone that this machine does not know says of no day that it is today: its retainers fail one
    by one, and are noted.
    """
    turned = Q(balanced_on=None)
    for zone in Retainer.objects.order_by("zone").values_list("zone", flat=True).distinct():
        try:
            today = now.astimezone(ZoneInfo(zone)).date()
        except (ValueError, OSError, LookupError):
            turned |= Q(zone=zone)
        else:
            turned |= Q(zone=zone) & ~Q(balanced_on=today)
    return turned
