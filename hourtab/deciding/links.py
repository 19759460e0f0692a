"""What a link remembers of being used: the first opening, and what came too late."""

from datetime import datetime

from django.db.models import F

from hourtab.deciding.models import Decidable, DecidingLink

MOST_LATE = 10
"""So many decisions that came too late are noted one by one; the rest are counted."""
LONGEST_NAME = 100


def is_first_opening(link: DecidingLink, now: datetime) -> bool:
    """Note that a link was opened: by its reader, or by a mail scanner; return whether it is the
    first time.
    """
    rows = type(link)._default_manager.filter(pk=link.pk, opened_at=None)
    return link.opened_at is None and bool(rows.update(opened_at=now))


def is_late_news(row: Decidable) -> bool:
    """Count a decision that came too late; return whether it is to be noted by itself."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    rows.update(late=F("late") + 1)
    return rows.values_list("late", flat=True).get() <= MOST_LATE


def late_besides(row: Decidable) -> int:
    """Return how many decisions came too late beside those that were noted."""
    return max(0, row.late - MOST_LATE)


def signed(name: str) -> str:
    """Return a typed name as it stands under a decision."""
    return " ".join(name.split())[:LONGEST_NAME]
