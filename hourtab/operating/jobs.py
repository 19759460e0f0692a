"""The pulse of the worker, and forgetting what has expired."""

from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection

from hourtab.accounts.models import SentForm
from hourtab.lib.once import REMEMBERED
from hourtab.operating.models import Mark
from hourtab.worker.lanes import Lane


def beat(now: datetime, lane: Lane) -> int:
    """Note that a lane of a worker is alive."""
    Mark.leave("worker", now)
    Mark.leave(f"worker {lane}", now)
    return 0


def forget_expired(now: datetime) -> int:
    """Delete forms and limits nobody has to remember any more, and sessions that are over; return
    how many.
    """
    forms = SentForm.objects.filter(at__lt=now - REMEMBERED).delete()[0]
    sessions = Session.objects.filter(expire_date__lt=now).delete()[0]
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return forms + sessions + _forget_limits(now)


def _forget_limits(now: datetime) -> int:
    """Delete what has expired of the cache, which does so by itself only when it is full."""
    table = connection.ops.quote_name(cache._table)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE expires < %s",  # noqa: S608
            [connection.ops.adapt_datetimefield_value(now.astimezone(UTC).replace(microsecond=0))],
        )
        return int(cursor.rowcount)
