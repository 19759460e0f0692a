"""Sending what waits in the outbox, one channel at a time."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from hourtab.outbox.errors import NotTaken, PeerDown, Refused
from hourtab.outbox.models import Delivery
from hourtab.worker.rows import EndOfRound, each

log = logging.getLogger(__name__)

type Send = Callable[[Delivery], bool]
"""How a channel sends: False where it is no longer wanted; raises `NotTaken` where it did not go."""

LEASE = timedelta(minutes=3)
PAUSES = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 360, 720, 1440, 1440, 1440))
"""How long to wait after each failed attempt; after the last the delivery has failed."""
AT_ONCE = 50
KEPT = timedelta(days=180)
SIGNED_OFF = (Delivery.Kind.REQUEST, Delivery.Kind.REMINDER, Delivery.Kind.RECEIPT)


def deliver(channel: Delivery.Channel, send: Send, now: datetime) -> int:
    """Send what is due through a channel, each leased while it is sent; return how many went out."""

    def take(row: Delivery) -> int:
        leased = Delivery.objects.filter(_due(timezone.now()), pk=row.pk)
        if not leased.update(leased_until=timezone.now() + LEASE):
            return 0
        try:
            return _send(Delivery.objects.select_related("workspace").get(pk=row.pk), send)
        except PeerDown:
            # Each of the others would wait for the same silence.
            later = timezone.now() + PAUSES[0]
            Delivery.objects.filter(_due(timezone.now()), channel=channel).update(due_at=later)
            raise EndOfRound from None

    due = Delivery.objects.filter(_due(now), channel=channel).order_by("due_at", "pk").only("pk")
    return each(f"send {channel}", due, take, now, most=AT_ONCE, in_transaction=False)


def forget_old(now: datetime) -> int:
    """Delete what was settled half a year ago; return how many. What belongs to a sign-off stays
    with it.
    """
    settled = (
        Delivery.objects.exclude(state=Delivery.State.WAITING)
        .filter(created_at__lt=now - KEPT)
        .exclude(kind__in=SIGNED_OFF)
    )
    return settled.delete()[0]


def _due(now: datetime) -> Q:
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return free & Q(state=Delivery.State.WAITING, due_at__lte=now)


def _send(delivery: Delivery, send: Send) -> bool:
    try:
        is_sent = send(delivery)
    except Exception as error:
        if not isinstance(error, NotTaken):
            log.exception("The delivery %s could not be made.", delivery)
        _failed(delivery, error)
        if isinstance(error, PeerDown):
            raise
        return False
    if not is_sent:
        _note(delivery, state=Delivery.State.DROPPED)
        return False
    _note(
        delivery,
        state=Delivery.State.SENT,
        sent_at=timezone.now(),
        problem="",
        attempts=delivery.attempts + 1,
    )
    return True


def _failed(delivery: Delivery, error: Exception) -> None:
    attempts = delivery.attempts + 1
    said = str(error) if isinstance(error, NotTaken) else f"{type(error).__name__}: {error}"
    problem = " ".join(said.split())[:300]
    if isinstance(error, Refused) or attempts > len(PAUSES):
        _note(delivery, state=Delivery.State.FAILED, attempts=attempts, problem=problem)
    else:
        due = timezone.now() + PAUSES[attempts - 1]
        _note(delivery, attempts=attempts, problem=problem, due_at=due)


def _note(delivery: Delivery, **fields: object) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(leased_until=None, **fields)
