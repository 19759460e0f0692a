"""A member's own entries."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render

from hourtab.accounts.access import MemberRequest, member_required
from hourtab.ledger.models import Revision
from hourtab.ledger.reading.own import Week, weeks_of
from hourtab.lib.words import Words
from hourtab.retainers.access import retainers_of
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for


@member_required
def own_entries(request: MemberRequest) -> HttpResponse:
    """Show what the member logged, week by week, the latest first; `before` is the first day of the
    week shown before.
    """
    workspace = request.workspace
    words = Words(workspace.locale, workspace.hour_format)
    first = words.first_weekday if workspace.first_weekday is None else workspace.first_weekday
    before = _day(request.GET.get("before", "")) or date.max
    found = weeks_of(request.member, retainers_of(request), before, first)
    weeks = [(week, words.stretch(week.starts_on, week.ends_on), _lines(week)) for week in found]
    context = {"weeks": weeks, "words": words, "earlier": found[-1].starts_on if found else None}
    return render(request, "ledger/own.html", context)


def _lines(week: Week) -> list[tuple[Revision, Retainer, Words]]:
    return [(row, row.entry.retainer, words_for(row.entry.retainer)) for row in week.lines]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
