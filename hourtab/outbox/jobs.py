"""Sending what waits in the outbox."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.utils import timezone

from hourtab.outbox.mail import Mail, Renderer
from hourtab.outbox.models import Message
from hourtab.worker.rows import EndOfRound, each

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
PAUSES = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 360, 720, 1440, 1440, 1440))
"""How long to wait after each failed attempt; after the last the mail has failed."""
AT_ONCE = 50
KEPT = timedelta(days=180)
SIGNED_OFF = (Message.Kind.REQUEST, Message.Kind.REMINDER, Message.Kind.RECEIPT)


def deliver(renderers: Mapping[str, Renderer], now: datetime) -> int:
    """Send the mails that are due, each leased while it is sent; return how many went out."""

    def send(message: Message) -> int:
        leased = Message.objects.filter(_due(timezone.now()), pk=message.pk)
        if not leased.update(leased_until=timezone.now() + LEASE):
            return 0
        try:
            return _send(Message.objects.select_related("workspace").get(pk=message.pk), renderers)
        except ServerDown:
            # Each of the others would wait for the same silence.
            later = timezone.now() + PAUSES[0]
            Message.objects.filter(_due(timezone.now())).update(due_at=later)
            raise EndOfRound from None

    due = Message.objects.filter(_due(now)).order_by("due_at", "pk").only("pk")
    return each("send mail", due, send, now, most=AT_ONCE, in_transaction=False)


def forget_old(now: datetime) -> int:
    """Delete what was settled half a year ago; return how many. Mails that belong to a sign-off
    stay with it.
    """
    settled = (
        Message.objects.exclude(state=Message.State.WAITING)
        .filter(created_at__lt=now - KEPT)
        .exclude(kind__in=SIGNED_OFF)
    )
    return settled.delete()[0]


def _due(now: datetime) -> Q:
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return free & Q(state=Message.State.WAITING, due_at__lte=now)


class ServerDown(Exception):
    """The mail server does not answer."""


def _send(message: Message, renderers: Mapping[str, Renderer]) -> bool:
    try:
        mail = renderers[message.kind](message)
        if mail is None:
            _note(message, state=Message.State.DROPPED)
            return False
        _compose(mail, message).send()
    except Exception as error:
        if not isinstance(error, (OSError, SMTPException)):
            log.exception("The mail %s could not be made.", message)
        _failed(message, error)
        if isinstance(error, OSError) and not isinstance(error, SMTPException):
            raise ServerDown from error
        return False
    _note(
        message,
        state=Message.State.SENT,
        sent_at=timezone.now(),
        problem="",
        attempts=message.attempts + 1,
    )
    return True


def _compose(mail: Mail, message: Message) -> EmailMultiAlternatives:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    site = urlsplit(settings.SITE_URL).hostname or "localhost"
    fixed = {"Message-ID": f"<{message.message_id}@{site}>", "Auto-Submitted": "auto-generated"}
    workspace, speaks = message.workspace, bool(mail.sender)
    own = (workspace.sender_name or mail.sender) if speaks else ""
    sender = formataddr((" ".join(own.split())[:80] or name, address))
    answers = [workspace.reply_to] if speaks and workspace.reply_to else []
    composed = EmailMultiAlternatives(
        " ".join(mail.subject.split()),
        mail.text,
        sender,
        [message.to],
        headers=fixed | dict(mail.headers),
        reply_to=answers,
    )
    composed.attach_alternative(mail.html, "text/html")
    return composed


def _failed(message: Message, error: Exception) -> None:
    attempts = message.attempts + 1
    problem = " ".join(_said(error).split())[:300]
    if _is_final(error) or attempts > len(PAUSES):
        _note(message, state=Message.State.FAILED, attempts=attempts, problem=problem)
    else:
        due = timezone.now() + PAUSES[attempts - 1]
        _note(message, attempts=attempts, problem=problem, due_at=due)


def _said(error: Exception) -> str:
    """Return what the mail server said, or else what went wrong."""
    if isinstance(error, SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return f"{code} {text.decode(errors='replace')}"
    if isinstance(error, SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return f"{type(error).__name__}: {error}"


def _is_final(error: Exception) -> bool:
    """Did the server refuse this address or this mail for good?"""
    if isinstance(error, SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _text in error.recipients.values())
    return (
        isinstance(error, SMTPResponseException)
        and 500 <= error.smtp_code < 600
        and not isinstance(error, SMTPSenderRefused)
    )


def _note(message: Message, **fields: object) -> None:
    Message.objects.filter(pk=message.pk).update(leased_until=None, **fields)
