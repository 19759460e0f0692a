"""Muting with one click."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from hourtab.alerts.models import Listener
from hourtab.lib.addressed import reached_by
from hourtab.lib.text import visible
from hourtab.pages.public.answers import inactive, page
from hourtab.retainers.words import words_for
from hourtab.showing.look import look_of


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mute(request: HttpRequest, token: str) -> HttpResponse:
    """Mute the alerts of a retainer for whoever has the mail: by the button, or by the one click of
    a mail program (RFC 8058).
    """
    rows = Listener.objects.select_related(
        "retainer__workspace", "retainer__client", "member__user", "contact"
    )
    row = reached_by(token, rows)
    if row is None:
        return inactive(request)
    retainer = row.retainer
    with translation.override(words_for(retainer).language):
        if request.method == "POST":
            row.muted_at = None if request.POST.get("do") == "unmute" else timezone.now()
            row.save(update_fields=["muted_at"])
        names = {
            "provider": visible(retainer.workspace.name),
            "client": visible(retainer.client.name),
        }
        context = {
            "page": names | {"look": look_of(retainer.workspace)},
            "retainer": visible(retainer.name),
            "to": row.to,
            "is_muted": row.muted_at is not None,
            "language": translation.get_language(),
        }
        return page("alerts/mute.html", context)
