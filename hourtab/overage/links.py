"""The link of whoever decides: whose it is, that it was opened, and the one-time codes that may go
with it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.lib.addressed import reached_by
from hourtab.lib.locking import locked
from hourtab.outbox.models import Message
from hourtab.outbox.services import queue
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.models import CODE_LASTS, Approver, RequestEvent

MOST_CODES = 5
MOST_TRIES = 5


def find(token: str) -> Approver | None:
    """Return who a link was sent to; None for any other address."""
    rows = Approver.objects.select_related(
        "contact",
        "request__retainer__workspace",
        "request__retainer__client",
        "request__asked_by__user",
    )
    return reached_by(token, rows)


def note_opened(approver: Approver, now: datetime) -> None:
    """Note that a link was opened for the first time: by its reader, or by a mail scanner."""
    if approver.opened_at is None and Approver.objects.filter(
        pk=approver.pk, opened_at=None
    ).update(opened_at=now):
        services.note(approver.request, RequestEvent.Kind.OPENED, now, approver.name, "")


@transaction.atomic
def send_code(approver: Approver, now: datetime) -> None:
    """Send a one-time code to the address that was asked. Raises `OverageError` after too many."""
    row = locked(Approver.objects.all()).get(pk=approver.pk)
    if (
        row.codes >= MOST_CODES
        and row.code_at is not None
        and now - row.code_at < timedelta(hours=1)
    ):
        raise OverageError(_("Too many codes were sent. Try again in an hour."))
    row.codes, row.code_at, row.tries = row.codes + 1, now, 0
    row.save(update_fields=["codes", "code_at", "tries"])
    workspace = approver.request.retainer.workspace
    queue(
        workspace, Message.Kind.CODE, about=row.pk, occasion=f"code {row.codes}", to=row.to, now=now
    )
    services.note(approver.request, RequestEvent.Kind.CODE, now, row.name, "")


def check_code(approver: Approver, code: str, now: datetime) -> None:
    """Raise `OverageError` for a code that is not the one sent last, is too old, or was guessed at
    too often.
    """
    with transaction.atomic():
        row = locked(Approver.objects.all()).get(pk=approver.pk)
        is_fresh = (
            row.code_at is not None and now - row.code_at <= CODE_LASTS and row.tries < MOST_TRIES
        )
        if is_fresh and "".join(code.split()) == row.code:
            return
        if is_fresh:
            Approver.objects.filter(pk=row.pk).update(tries=row.tries + 1)
            services.note(approver.request, RequestEvent.Kind.WRONG_CODE, now, row.name, "")
    if not is_fresh:
        raise OverageError(_("This code is no longer valid. Have another one sent."))
    raise OverageError(_("This is not the code that was sent last."))
