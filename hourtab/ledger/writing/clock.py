"""Whether the clock of this machine can be believed. What is closed stays closed, so nothing closes
by a clock that has just leapt ahead.
"""

from datetime import datetime, timedelta

from django.db import connection

from hourtab.ledger.models import Clock, Write
from hourtab.lib.database import is_sqlite

SECOND_LOOK = timedelta(hours=1)


def is_believed(now: datetime) -> bool:
    """Is `now` at most a day after anything that is known, or was it looked at an hour ago already?

    What is known: the worker's latest look, the latest write, on PostgreSQL the clock of the
    database. What was written while there was doubt is no witness.
    """
    clock = Clock.objects.first()
    doubted_at = clock.doubted_at if clock else None
    known = _newest(clock, now)
    if known is None or now <= known + Clock.LEAP:
        return True
    if doubted_at is None or now < doubted_at:
        Clock.objects.update_or_create(pk=1, defaults={"doubted_at": now})
        return False
    if now < doubted_at + SECOND_LOOK:
        return False
    believe(now)
    return True


def look(now: datetime) -> bool:
    """Look at the clock, for the worker: is it believed? Its next look goes on from there."""
    if believed := is_believed(now):
        believe(now)
    return believed


def believe(now: datetime) -> None:
    """Take `now` for right from here on, because somebody who knows says so."""
    Clock.objects.update_or_create(pk=1, defaults={"seen_at": now, "doubted_at": None})


def written_ahead(now: datetime) -> datetime | None:
    """Return when the latest write was made where that is more than a day to come: the clock ran
    ahead then, or is behind now.
    """
    latest = _latest_write()
    return latest if latest is not None and latest > now + Clock.LEAP else None


def _newest(clock: Clock | None, now: datetime) -> datetime | None:
    doubted_at = clock.doubted_at if clock else None
    known = [clock.seen_at if clock else None, _latest_write(min(now, doubted_at or now))]
    if not is_sqlite():
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            known += cursor.fetchone()
    return max((at for at in known if at is not None), default=None)


def _latest_write(before: datetime | None = None) -> datetime | None:
    rows = Write.objects.filter(at__lt=before) if before else Write.objects.all()
    return rows.order_by("-at").values_list("at", flat=True).first()
