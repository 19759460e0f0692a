"""Putting mail into the outbox. It goes only if the transaction that asks for it is kept."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from hourtab.accounts.models import Workspace
from hourtab.outbox.models import Message


@transaction.atomic
def queue(
    workspace: Workspace,
    kind: Message.Kind,
    *,
    about: int,
    occasion: str,
    to: str,
    now: datetime,
    due: datetime | None = None,
) -> bool:
    """Have one mail sent for this kind, subject and occasion, at `due` or at once.

    Returns False where it was asked for already.
    """
    message = Message(
        workspace=workspace,
        kind=kind,
        about=about,
        occasion=occasion,
        to=to,
        created_at=now,
        due_at=due or now,
    )
    before = Message.objects.filter(kind=kind, about=about, occasion=occasion).exists()
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return not before


def queue_all(messages: Iterable[Message]) -> None:
    """Have many mails sent, each once, however often it was asked for."""
    Message.objects.bulk_create(messages, ignore_conflicts=True)


def send_again(message: Message, now: datetime) -> None:
    """Try a mail anew that had failed; one that waits is tried at once."""
    Message.objects.filter(
        pk=message.pk, state__in=(Message.State.FAILED, Message.State.WAITING)
    ).update(state=Message.State.WAITING, due_at=now, attempts=0, leased_until=None, problem="")
