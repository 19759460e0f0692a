"""The link of whoever decides on a request: whose it is, and what happens by it."""

from datetime import datetime
from functools import partial

from django.db import transaction

from hourtab.deciding import codes
from hourtab.deciding.links import is_first_opening
from hourtab.lib.addressed import reached_by
from hourtab.lib.locking import locked
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.overage import services
from hourtab.overage.models import Approver, Request, RequestEvent


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
    """Note that a link was opened for the first time."""
    if is_first_opening(approver, now):
        services.note(approver.request, RequestEvent.Kind.OPENED, now, approver.name, "")


@transaction.atomic
def send_code(approver: Approver, now: datetime) -> None:
    """Send a one-time code to the address that was asked. Raises `DecidingError` after too many."""
    request = locked(Request.objects.all()).get(pk=approver.request_id)
    sent = request.events.filter(kind=RequestEvent.Kind.CODE)
    codes.check_may_send(list(sent.values_list("at", flat=True)), now)
    row = codes.renew(approver, now)
    queue(
        approver.request.retainer.workspace,
        Delivery.Kind.CODE,
        about=row.pk,
        occasion=f"code {row.codes}",
        target=row.to,
        now=now,
    )
    services.note(request, RequestEvent.Kind.CODE, now, row.name, "")


def check_code(approver: Approver, code: str, now: datetime) -> None:
    """Raise `DecidingError` for a code that is not valid; one that is wrong is noted."""
    wrong = RequestEvent.Kind.WRONG_CODE
    note_wrong = partial(services.note, approver.request, wrong, now, approver.name, "")
    codes.check(approver, code, now, note_wrong)
