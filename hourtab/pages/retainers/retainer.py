"""The provider's page of a retainer: its log, its cycles, its terms."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, member_required
from hourtab.ledger.forms import EntryForm
from hourtab.ledger.reading.breakdown import breakdown_at
from hourtab.ledger.reading.cycles import as_of_instant, cycles_of
from hourtab.ledger.reading.log import ALL_SCOPES, lines_of, log_lines, planned
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.saying.bar import bar_of
from hourtab.ledger.saying.coverage import Coverage
from hourtab.ledger.saying.cycles import cycle_rows
from hourtab.ledger.saying.words import (
    before_of,
    corrections_of,
    facts_of,
    headline,
    level,
    marks_of,
)
from hourtab.ledger.verbs.agree import coming_starts
from hourtab.ledger.verbs.plan import standing_holds
from hourtab.lib.database import snapshot
from hourtab.lib.paging import Page
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import agreement, words_for

LINES_A_PAGE = 100


@member_required
def retainer(request: MemberRequest, ref: str) -> HttpResponse:
    """Show a retainer: the figure as the client sees it, and the log with everything in it."""
    found = find_retainer(request, ref)
    now = timezone.now()
    with snapshot():
        context = _overview(found, now) | _log_of(found, now, request)
    form = EntryForm(
        retainer=found, initial={"on": found.today(now), "person": request.member.user.name}
    )
    return render(request, "retainers/retainer.html", context | {"form": form, "tab": "log"})


@member_required
def retainer_cycles(request: MemberRequest, ref: str) -> HttpResponse:
    """Show all cycles, and the hours granted beside them."""
    found = find_retainer(request, ref)
    now = timezone.now()
    with snapshot():
        context = _overview(found, now) | cycle_rows(found, found.today(now))
        context |= {"topups": found.topups.order_by("-on"), "tab": "cycles"}
    return render(request, "retainers/cycles.html", context)


@member_required
def retainer_terms(request: MemberRequest, ref: str) -> HttpResponse:
    """Show what was agreed, version by version."""
    found = find_retainer(request, ref)
    words = words_for(found)
    now = timezone.now()
    coming = coming_starts(found, found.today(now))
    free = {cycle.starts_on for cycle in coming} | {
        row.effective_on for row in found.agreed() if row.effective_on > found.today(now)
    }
    versions = [
        (
            row,
            " ".join(
                agreement(
                    row.as_core(), words, found.currency, found.notice_hours, for_provider=True
                )
            ),
            i > 0 and row.effective_on in free,
        )
        for i, row in enumerate(found.agreed())
    ]
    context = {"versions": versions, "coming": coming, "tab": "terms"}
    return render(request, "retainers/terms.html", _overview(found, now) | context)


def _overview(found: Retainer, now: datetime) -> dict[str, object]:
    words, on = words_for(found), found.today(now)
    cycles = cycles_of(found, on)
    cycle = cycles[-1] if cycles else None
    holds = standing_holds(found, on)
    charged = breakdown_at(found, cycle, on).charged if cycle else 0
    plans = [hold.text for hold in holds if cycle and hold.starts_on <= cycle.ends_on]
    return {
        "retainer": found,
        "holds": holds,
        "words": words,
        "cycle": cycle,
        "stretch": words.stretch(cycle.starts_on, cycle.ends_on) if cycle else "",
        "headline": headline(cycle, words)
        if cycle
        else _("Starts on %(day)s") % {"day": words.full_day(found.starts_on)},
        "bar": bar_of(cycle, on) if cycle else None,
        "level": level(cycle) if cycle else "enough",
        "facts": facts_of(
            found, cycle, on, words, before_of(found, cycles, on, words), charged, plans
        )
        if cycle
        else (),
        "link": found.links.filter(revoked_at=None).first(),
        "as_of": as_of_instant(found),
    }


def _log_of(found: Retainer, now: datetime, request: HttpRequest) -> dict[str, object]:
    """The log of the cycle asked for by its first day, or of the present one."""
    on = found.today(now)
    cycles = cycles_of(found, on)
    if not cycles:
        return {"lines": (), "planned": (), "shown": None}
    wanted = request.GET.get("cycle", "")
    shown = next((cycle for cycle in cycles if cycle.starts_on.isoformat() == wanted), cycles[-1])
    terms = terms_at(found, shown.starts_on)
    rows = lines_of(found, shown, ALL_SCOPES)
    page = Page.asked(request.GET, LINES_A_PAGE)
    lines = log_lines(rows, shown, terms, on, offset=page.offset, limit=page.limit)
    place, words, corrections = cycles.index(shown), words_for(found), corrections_of(found, lines)
    coverage = Coverage(found, shown, words, terms.rounding)
    return {
        "shown": shown,
        "lines": [
            (line, marks_of(line, words, corrections), coverage.of(line))
            for line in page.shown(lines)
        ],
        "planned": [(line, marks_of(line, words), "") for line in planned(rows, terms, on)]
        if page.number == 1
        else (),
        "page": page.number,
        "has_more": page.has_more(lines),
        "earlier": cycles[place - 1] if place else None,
        "later": cycles[place + 1] if place + 1 < len(cycles) else None,
        "categories": found.categories.all(),
    }
