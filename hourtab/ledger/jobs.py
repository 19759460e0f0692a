"""What the ledger does by itself."""

from datetime import datetime

from django.db import transaction

from hourtab.ledger import record
from hourtab.retainers.models import Retainer


def turn_the_day(now: datetime) -> int:
    """Compute the cycles of retainers whose local date has changed since, so that the first reader need not wait."""
    done = 0
    for retainer in Retainer.objects.exclude(balanced_on=None).only("pk", "zone", "balanced_on", "starts_on"):
        if retainer.balanced_on == retainer.today(now):
            continue
        with transaction.atomic():
            locked = record.lock(retainer)
            if locked.balanced_on != (today := locked.today(now)):
                record.refresh(locked, today, today)
                done += 1
    return done
