"""Mail: what is said in one, and how it is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from hourtab.outbox.errors import NotTaken, PeerDown, Refused
from hourtab.outbox.models import Delivery


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject and text in plain and in HTML, with headers of its own; `sender` is a name beside the
    site's address.

    A mail with a sender speaks for the workspace: under the name it wants, with answers to where it
    wants them.
    """

    subject: str
    text: str
    html: str
    sender: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


type Renderer = Callable[[Delivery], Mail | None]


def send(renderers: Mapping[str, Renderer], delivery: Delivery) -> bool:
    """Send one mail, as its kind says it now; return False where it is no longer wanted."""
    mail = renderers[delivery.kind](delivery)
    if mail is None:
        return False
    composed = _compose(mail, delivery)
    try:
        composed.send()
    except SMTPException as error:
        raise (Refused if _is_final(error) else NotTaken)(_said(error)) from error
    except OSError as error:
        raise PeerDown(_said(error)) from error
    return True


def _compose(mail: Mail, delivery: Delivery) -> EmailMultiAlternatives:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    site = urlsplit(settings.SITE_URL).hostname or "localhost"
    fixed = {"Message-ID": f"<{delivery.message_id}@{site}>", "Auto-Submitted": "auto-generated"}
    workspace, speaks = delivery.workspace, bool(mail.sender)
    own = (workspace.sender_name or mail.sender) if speaks else ""
    sender = formataddr((" ".join(own.split())[:80] or name, address))
    answers = [workspace.reply_to] if speaks and workspace.reply_to else []
    composed = EmailMultiAlternatives(
        " ".join(mail.subject.split()),
        mail.text,
        sender,
        [delivery.target],
        headers=fixed | dict(mail.headers),
        reply_to=answers,
    )
    composed.attach_alternative(mail.html, "text/html")
    return composed


def _said(error: Exception) -> str:
    """Return what the mail server said, or else what went wrong."""
    if isinstance(error, SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return f"{code} {text.decode(errors='replace')}"
    if isinstance(error, SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return f"{type(error).__name__}: {error}"


def _is_final(error: SMTPException) -> bool:
    """Did the server refuse this address or this mail for good?"""
    if isinstance(error, SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _text in error.recipients.values())
    return (
        isinstance(error, SMTPResponseException)
        and 500 <= error.smtp_code < 600
        and not isinstance(error, SMTPSenderRefused)
    )
