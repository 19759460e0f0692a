"""What was sent, what waits, and what failed."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, owner_required
from hourtab.lib.notices import tell
from hourtab.outbox import services
from hourtab.outbox.models import Delivery

MOST_SHOWN = 200


def _delivery(request: MemberRequest, pk: int) -> Delivery:
    return get_object_or_404(request.workspace.deliveries, pk=pk)


@owner_required
def mail(request: MemberRequest) -> HttpResponse:
    """List the latest mails of the workspace."""
    mails = request.workspace.deliveries.filter(channel=Delivery.Channel.MAIL)
    context = {
        "mails": mails[:MOST_SHOWN],
        "failed": mails.filter(state=Delivery.State.FAILED).count(),
    }
    return render(request, "outbox/mail.html", context)


@owner_required
@acts_on(_delivery)
def send_mail_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Try a mail anew."""
    services.send_again(_delivery(request, pk), timezone.now())
    tell(request, _("It is tried again now."))
    return redirect("mail")
