"""What is watched and who is told."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, editor_required, member_required
from hourtab.accounts.audit import changes_of, fields_of, note
from hourtab.accounts.models import Event
from hourtab.alerts.forms import WatchForm
from hourtab.alerts.mails import what_happened
from hourtab.alerts.models import Watch
from hourtab.alerts.states import watches_of
from hourtab.alerts.telling import listeners_of
from hourtab.alerts.watching import change_thresholds
from hourtab.ledger.writing import record
from hourtab.lib.notices import tell
from hourtab.retainers.access import find_retainer
from hourtab.retainers.words import words_for

SHOWN_ALERTS = 50


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
