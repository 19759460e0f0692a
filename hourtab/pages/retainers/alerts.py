"""What is watched and who is told; muting with one click; the sign-off trail."""

from datetime import date

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from hourtab.accounts.access import MemberRequest, editor_required, member_required
from hourtab.accounts.audit import changes_of, fields_of, note
from hourtab.accounts.models import Event
from hourtab.alerts.forms import WatchForm
from hourtab.alerts.mails import what_happened
from hourtab.alerts.models import Listener, Watch
from hourtab.alerts.states import watches_of
from hourtab.alerts.telling import listeners_of
from hourtab.alerts.trail import trail_of
from hourtab.alerts.watching import change_thresholds
from hourtab.ledger.reading.cycles import cycles_of
from hourtab.ledger.writing import record
from hourtab.lib.addressed import reached_by
from hourtab.lib.csv import table
from hourtab.lib.notices import tell
from hourtab.lib.text import visible
from hourtab.pages.public.answers import inactive, page
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for
from hourtab.showing.look import look_of

SHOWN_ALERTS = 50
SHOWN_STEPS = 300


@member_required
def retainer_alerts(request: MemberRequest, ref: str) -> HttpResponse:
    """Show what was told of a retainer, and to whom it goes."""
    retainer = find_retainer(request, ref)
    words = words_for(retainer)
    us, sponsors = listeners_of(retainer)
    watch = Watch.objects.filter(retainer=retainer).first() or Watch(retainer=retainer)
    alerts = [
        (alert, what_happened(alert, words)) for alert in retainer.alerts.all()[:SHOWN_ALERTS]
    ]
    context = {
        "retainer": retainer,
        "alerts": alerts,
        "watch": watch,
        "words": words,
        "tab": "alerts",
        "thresholds": ", ".join(f"{threshold} %" for threshold in watch.thresholds),
        "us": us if watch.tells_us else [],
        "sponsors": sponsors if watch.tells_sponsors else [],
    }
    return render(request, "alerts/alerts.html", context)


@editor_required
def change_alerts(request: MemberRequest, ref: str) -> HttpResponse:
    """Watch other thresholds, and tell others."""
    retainer = find_retainer(request, ref)
    watch = Watch.objects.filter(retainer=retainer).first() or Watch(retainer=retainer)
    form = WatchForm(request.POST or None, watch=watch)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        with transaction.atomic():
            locked = record.lock(retainer)
            watch = watches_of([locked])[locked.pk]
            names = ["thresholds", "tells_us", "tells_sponsors"]
            before = fields_of(watch, names)
            passed = change_thresholds(watch, fields["thresholds"], retainer.today(timezone.now()))
            watch.tells_us, watch.tells_sponsors = fields["tells_us"], fields["tells_sponsors"]
            watch.save(update_fields=names)
            changes = changes_of(before, fields_of(watch, names))
            note(
                request.workspace,
                Event.Kind.ALERTS,
                str(retainer),
                by=request.member,
                changes=changes,
            )
        if passed:
            already = ", ".join(f"{threshold} %" for threshold in passed)
            tell(
                request,
                _("Saved. Already past, so nobody is told of it: %(thresholds)s.")
                % {"thresholds": already},
            )
        else:
            tell(request, _("Saved."))
        return redirect("retainer_alerts", ref=ref)
    context = {
        "title": _("Alerts of %(retainer)s") % {"retainer": retainer},
        "form": form,
        "button": _("Save"),
        "back": retainer,
    }
    return render(request, "parts/form_page.html", context)


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


@member_required
def retainer_trail(request: MemberRequest, ref: str) -> HttpResponse:
    """Show what was asked, decided, mailed and opened; `cycle` narrows it to one cycle, by its
    first day.
    """
    retainer = find_retainer(request, ref)
    words = words_for(retainer)
    first, last = _stretch(request, retainer)
    steps = trail_of(retainer, words, first, last)
    context = {
        "retainer": retainer,
        "steps": steps[:SHOWN_STEPS],
        "more": max(0, len(steps) - SHOWN_STEPS),
        "words": words,
        "tab": "trail",
        "zone": retainer.zone,
        "cycle": first,
        "cycles": list(reversed(cycles_of(retainer, retainer.today(timezone.now()))))[:24],
    }
    return render(request, "alerts/trail.html", context)


@member_required
def trail_csv(request: MemberRequest, ref: str) -> HttpResponse:
    """Hand out the trail as CSV, to go with a statement."""
    retainer = find_retainer(request, ref)
    first, last = _stretch(request, retainer)
    rows = [
        (
            f"{step.at:%Y-%m-%d}" if step.is_day else f"{step.at:%Y-%m-%d %H:%M:%S}",
            step.what,
            step.about,
            step.who,
        )
        for step in trail_of(retainer, words_for(retainer), first, last)
    ]
    name = f"hourtab-{retainer.ref}-trail{f'-{first}' if first else ''}.csv"
    content = table(["At (UTC)", "What", "About", "Who"], rows).encode("utf-8-sig")
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _stretch(request: MemberRequest, retainer: Retainer) -> tuple[date | None, date | None]:
    wanted = request.GET.get("cycle", "")
    cycles = cycles_of(retainer, retainer.today(timezone.now()))
    found = next((cycle for cycle in cycles if cycle.starts_on.isoformat() == wanted), None)
    return (found.starts_on, found.ends_on) if found else (None, None)
