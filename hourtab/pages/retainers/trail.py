"""The sign-off trail."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hourtab.accounts.access import MemberRequest, member_required
from hourtab.alerts.trail import trail_of
from hourtab.ledger.reading.cycles import cycles_of
from hourtab.lib.csv import table
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for

SHOWN_STEPS = 300


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
