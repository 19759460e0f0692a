"""The link of whoever decides: whose it is, that it was opened, and the one-time codes that may go
with it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.lib.addressed import reached_by
from hourtab.lib.locking import locked
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.models import CODE_LASTS, Approver, Request, RequestEvent

MOST_CODES, MOST_IN_AN_HOUR = 10, 5
"""So many codes are sent for one request in all, and within an hour, however many are asked."""
MOST_TRIES = 5
"""So many wrong codes may be typed for each that was sent: fifty guesses in a million a request."""


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
    request = locked(Request.objects.all()).get(pk=approver.request_id)
    row = locked(Approver.objects.all()).get(pk=approver.pk)
    sent = request.events.filter(kind=RequestEvent.Kind.CODE)
    if sent.count() >= MOST_CODES:
        raise OverageError(_("No more codes are sent for this request. Ask for a new request."))
    if sent.filter(at__gt=now - timedelta(hours=1)).count() >= MOST_IN_AN_HOUR:
        raise OverageError(_("Too many codes were sent. Try again in an hour."))
    row.codes, row.code_at, row.tries = row.codes + 1, now, 0
    row.save(update_fields=["codes", "code_at", "tries"])
    workspace = approver.request.retainer.workspace
    queue(
        workspace,
        Delivery.Kind.CODE,
        about=row.pk,
        occasion=f"code {row.codes}",
        target=row.to,
        now=now,
    )
    services.note(approver.request, RequestEvent.Kind.CODE, now, row.name, "")


def check_code(approver: Approver, code: str, now: datetime) -> None:
    """Raise `OverageError` for a code that is not the one sent last, is too old, or was guessed at
    too often.

    Each try counts before the next one is looked at. So up to five wrong ones at the same instant
    leave a right one valid; after that it is refused, as nobody can tell it from a lucky guess.
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
