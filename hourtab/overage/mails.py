"""The mails of a request, as they are when they are sent. The link in one belongs to its reader
alone.
"""

from collections.abc import Mapping

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hourtab.deciding import codes
from hourtab.lib.words import Words
from hourtab.outbox.channels.mail import Mail
from hourtab.outbox.models import Delivery
from hourtab.overage.models import Approver, Request
from hourtab.overage.services import told_members
from hourtab.overage.words import asked_of, outcome_of
from hourtab.retainers.words import words_for

_ROW = ("retainer__workspace", "retainer__client", "asked_by__user")


def request_mail(message: Delivery) -> Mail | None:
    """Return the mail that asks for a decision, or reminds of it; None where there is nothing to
    decide any more.
    """
    approver = _approver(message)
    if (
        approver is None
        or approver.request.state_at(timezone.now()) != Request.State.PENDING
        or not approver.may_decide
    ):
        return None
    is_reminder = message.kind == Delivery.Kind.REMINDER
    words = words_for(approver.request.retainer)
    with translation.override(words.language):
        asked = asked_of(approver.request, timezone.now(), words)
        said = {"client": asked.client, "what": asked.title, "provider": asked.provider}
        subject = _("Please decide: %(what)s for %(client)s") % said
        if is_reminder:
            subject = _("Reminder: %(what)s for %(client)s") % said
        context = {
            "asked": asked,
            "name": approver.name,
            "url": f"{settings.SITE_URL}{approver.path}",
            "is_reminder": is_reminder,
        }
        return _mail(
            "request",
            subject,
            context,
            asked.provider,
            asked.client,
            words,
            _reply_to(approver.request),
        )


def receipt(message: Delivery) -> Mail | None:
    """Return what an approver is told of what became of a request: their receipt. None where they
    no longer decide for the client, or at another address.
    """
    approver = _approver(message)
    if approver is None or not approver.may_decide:
        return None
    row = approver.request
    words = words_for(row.retainer)
    with translation.override(words.language):
        asked = asked_of(row, timezone.now(), words)
        outcome = outcome_of(row, timezone.now(), words)
        subject = f"{_subject(row)}: {asked.title} · {asked.client}"
        context = {
            "asked": asked,
            "outcome": outcome,
            "comment": row.comment,
            "needs_nothing": True,
            "url": "",
        }
        return _mail(
            "outcome", subject, context, asked.provider, asked.client, words, _reply_to(row)
        )


def news(message: Delivery) -> Mail | None:
    """Return what the provider is told of what became of a request, and what to do next. None where
    they left, no longer see the client, or have another address.
    """
    row = Request.objects.select_related(*_ROW).filter(pk=message.about).first()
    if row is None or message.target not in {member.user.email for member in told_members(row)}:
        return None
    words = words_for(row.retainer)
    with translation.override(words.language):
        asked = asked_of(row, timezone.now(), words)
        url = f"{settings.SITE_URL}{row.retainer.get_absolute_url()}requests"
        outcome = outcome_of(row, timezone.now(), words)
        context = {
            "asked": asked,
            "outcome": outcome,
            "comment": row.comment,
            "next": _next(row),
            "url": url,
        }
        subject = f"{_subject(row)}: {asked.title} · {asked.client}"
        return _mail("outcome", subject, context, asked.provider, asked.client, words, {})


def code_mail(message: Delivery) -> Mail | None:
    """Return the mail with a one-time code; None where a newer one was sent, it is no longer valid,
    or there is nothing for them to decide any more.
    """
    approver = _approver(message)
    now = timezone.now()
    if approver is None or message.occasion != f"code {approver.codes}" or approver.code_at is None:
        return None
    is_asked = approver.request.state_at(now) == Request.State.PENDING and approver.may_decide
    if not is_asked or now - approver.code_at > codes.LASTS:
        return None
    words = words_for(approver.request.retainer)
    with translation.override(words.language):
        asked = asked_of(approver.request, now, words)
        subject = _("%(code)s is your code for the decision") % {"code": approver.code}
        context = {"asked": asked, "code": approver.code}
        return _mail("code", subject, context, asked.provider, asked.client, words, {})


def _approver(message: Delivery) -> Approver | None:
    rows = Approver.objects.select_related("contact", *(f"request__{way}" for way in _ROW))
    return rows.filter(pk=message.about).first()


def _subject(row: Request) -> str:
    return {
        Request.State.APPROVED: _("Approved"),
        Request.State.DECLINED: _("Declined"),
        Request.State.WITHDRAWN: _("Withdrawn"),
    }.get(Request.State(row.state), _("Not decided in time"))


def _next(row: Request) -> str:
    if row.state == Request.State.APPROVED:
        return _("The hours are there; you can go on.")
    if row.state == Request.State.DECLINED:
        return _(
            "Talk to them before more work is done. What goes beyond the hours awaits a decision "
            "and is charged to nobody."
        )
    return _("Ask again, or talk to them: nothing was approved.")


def _reply_to(row: Request) -> Mapping[str, str]:
    """Let an answer to the mail reach whoever asked."""
    return {"Reply-To": row.asked_by.user.email} if row.asked_by else {}


def _mail(
    name: str,
    subject: str,
    context: Mapping[str, object],
    provider: str,
    client: str,
    words: Words,
    headers: Mapping[str, str],
) -> Mail:
    whole = {"provider": provider, "client": client, "language": words.language} | dict(context)
    text, html = (
        render_to_string(f"mail/{name}.{form}", whole).strip() + "\n" for form in ("txt", "html")
    )
    return Mail(subject, text, html, provider, headers)
