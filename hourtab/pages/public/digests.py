"""Subscribing to a page by mail, and ending it. What acts is a POST; mail scanners and previews
only GET.
"""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from hourtab.lib import tokens
from hourtab.lib.text import visible
from hourtab.pages.public.answers import inactive, page
from hourtab.sharing import subscriptions
from hourtab.sharing.links import takes_subscribers
from hourtab.sharing.models import ShareLink, Subscription
from hourtab.showing import stored as pages
from hourtab.showing.look import look_of
from hourtab.showing.parts import words_of


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a digest of a link; whoever asks learns nothing about who has one."""
    found = pages.find(tokens.digest_of(token), timezone.now())
    if found is None or not takes_subscribers(found[0]):
        return inactive(request)
    link, retainers = found
    with translation.override(words_of(link, retainers[0]).language):
        to, rhythm, problem = (
            request.POST.get("to", "").strip()[:254],
            request.POST.get("rhythm", "week"),
            "",
        )
        if request.method == "POST":
            try:
                validate_email(to)
            except ValidationError:
                problem = _("Write an e-mail address like name@example.com.")
            if not problem:
                wanted = (
                    rhythm if rhythm in Subscription.Rhythm.values else Subscription.Rhythm.WEEK
                )
                subscriptions.ask(link, to, wanted, now=timezone.now())
                return page("sharing/subscribe.html", _context(link) | {"asked": to})
        context = {
            "to": to,
            "rhythm": rhythm,
            "rhythms": Subscription.Rhythm.choices,
            "problem": problem,
        }
        return page(
            "sharing/subscribe.html", _context(link) | context, status=422 if problem else 200
        )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscription(request: HttpRequest, token: str) -> HttpResponse:
    """Show a subscription to whoever has its mail; a POST confirms it."""
    row = subscriptions.find(token)
    if row is None:
        return inactive(request)
    rhythm = request.GET.get("rhythm", row.rhythm)
    rhythm = rhythm if rhythm in Subscription.Rhythm.values else row.rhythm
    with translation.override(_language(row.link)):
        if request.method == "POST" and subscriptions.confirm(row, rhythm, now=timezone.now()):
            row.refresh_from_db()
            return page(
                "sharing/subscription.html", _context(row.link) | {"row": row, "done": "confirmed"}
            )
        can_confirm = not (row.is_standing and row.rhythm == rhythm) and subscriptions.may_confirm(
            row, now=timezone.now()
        )
        context = {
            "row": row,
            "can_confirm": can_confirm,
            "wanted": dict(Subscription.Rhythm.choices)[rhythm],
        }
        return page("sharing/subscription.html", _context(row.link) | context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end_subscription(request: HttpRequest, token: str) -> HttpResponse:
    """End a subscription: by the button of its page, or by the one click of a mail program (RFC
    8058).
    """
    row = subscriptions.find(token)
    if row is None:
        return inactive(request)
    with translation.override(_language(row.link)):
        if request.method == "POST":
            subscriptions.end(row, now=timezone.now())
            return page(
                "sharing/subscription.html", _context(row.link) | {"row": row, "done": "ended"}
            )
        return page("sharing/subscription.html", _context(row.link) | {"row": row})


def _language(link: ShareLink) -> str:
    shown = link.shown.select_related("retainer").first()
    return words_of(link, shown.retainer).language if shown else "en"


def _context(link: ShareLink) -> dict[str, object]:
    names = {
        "provider": visible(link.workspace.name),
        "client": visible(link.client.name),
        "look": look_of(link.workspace),
    }
    return {"page": names, "language": translation.get_language()}
