"""Putting something into the outbox. It goes only if the transaction that asks for it is kept."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from hourtab.accounts.models import Workspace
from hourtab.outbox.models import Delivery


@transaction.atomic
def queue(
    workspace: Workspace,
    kind: Delivery.Kind,
    *,
    about: int,
    occasion: str,
    target: str,
    now: datetime,
    due: datetime | None = None,
    channel: Delivery.Channel = Delivery.Channel.MAIL,
) -> bool:
    """Have an occasion told to a target once, at `due` or at once.

    Returns False where it was asked for already.
    """
    once = {"channel": channel, "kind": kind, "about": about, "occasion": occasion}
    before = Delivery.objects.filter(target=target, **once).exists()
    row = Delivery(workspace=workspace, target=target, created_at=now, due_at=due or now, **once)
    queue_all([row])
    return not before


def queue_all(deliveries: Iterable[Delivery]) -> None:
    """Have many things told, each once, however often it was asked for."""
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)


def send_again(delivery: Delivery, now: datetime) -> None:
    """Try anew what had failed; what waits is tried at once."""
    Delivery.objects.filter(
        pk=delivery.pk, state__in=(Delivery.State.FAILED, Delivery.State.WAITING)
    ).update(state=Delivery.State.WAITING, due_at=now, attempts=0, leased_until=None, problem="")
