"""What the ledger does by itself."""

from datetime import datetime

from django.db import transaction

from hourtab.ledger import cache, clock, closing, record
from hourtab.retainers.models import Retainer


def turn_the_day(now: datetime) -> int:
    """Compute the cycles of retainers whose local date has changed since, and close those whose
    grace is over.
    """
    done = 0
    if not clock.look(now):
        return done
    for retainer in Retainer.objects.only("pk", "zone", "balanced_on", "starts_on"):
        if retainer.balanced_on == retainer.today(now):
            continue
        with transaction.atomic():
            locked = record.lock(retainer)
            if locked.balanced_on != (today := locked.today(now)):
                cache.refresh(locked, today, today)
                closing.close_due(locked, now)
                done += 1
    return done
