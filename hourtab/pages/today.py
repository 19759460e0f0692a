"""Today, and its quick line."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hourtab.accounts.access import MemberRequest, editor_required, member_required
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.quick.line import QuickLineError
from hourtab.ledger.quick.log import log_line
from hourtab.ledger.saying.today import today_rows
from hourtab.lib.database import snapshot
from hourtab.lib.notices import tell, warn
from hourtab.lib.once import once
from hourtab.lib.text import clean
from hourtab.overage.today import moves_of
from hourtab.pages.public.landing import landing
from hourtab.retainers.access import retainers_of
from hourtab.retainers.words import words_for


def today(request: HttpRequest) -> HttpResponse:
    """Show Today to whoever is signed in, and what HourTab is to everyone else."""
    if not request.user.is_authenticated:
        return landing(request)
    return (
        _today(request)
        if getattr(request, "member", None)
        else render(request, "team/none.html", {})
    )


@member_required
def _today(request: MemberRequest) -> HttpResponse:
    with snapshot():
        now = timezone.now()
        rows = today_rows(retainers_of(request), now, moves_of(request.workspace, now))
    line = request.session.pop("quick_line", "")
    moves = sorted(
        ((row, move) for row in rows for move in row.moves), key=lambda item: item[1].need
    )
    context = {"rows": rows, "moves": moves, "line": line}
    return render(request, "retainers/today.html", context)


@editor_required
@require_POST
@once
def log_quick_line(request: MemberRequest) -> HttpResponse:
    """Log what the quick line says; a line that is not understood comes back with the reason."""
    now, text = timezone.now(), clean(request.POST.get("line", ""))[:1000]
    retainers = list(retainers_of(request).prefetch_related("categories"))
    try:
        person = str(request.user) if request.member.user.name else ""
        logged = log_line(text, retainers, by=request.member, now=now, person=person)
    except (QuickLineError, LedgerError) as error:
        request.session["quick_line"] = text
        warn(request, str(error))
        return redirect("today")
    line, work, entry = logged.line, logged.work, logged.entry
    words = words_for(line.retainer)
    said = {
        "time": words.amount(work.amount),
        "retainer": line.retainer,
        "day": words.day(work.on),
        "what": line.description,
    }
    undo = redirect("withdraw_entry", ref=line.retainer.ref, pk=entry.pk).url
    text = _("%(time)s on %(day)s for %(retainer)s: %(what)s") % said
    if entry.posts_on != entry.on:
        day = words.full_day(entry.posts_on)
        text += " " + _("Its own cycle is closed, so it counts in the one from %(day)s.") % {
            "day": day
        }
    tell(request, text, action=(_("Undo"), undo))
    if line.before_colon:
        known = redirect("know_category", ref=line.retainer.ref, pk=entry.pk).url
        tell(
            request,
            _("Is “%(text)s” a kind of work?") % {"text": line.before_colon},
            action=(_("Yes, from now on"), known),
        )
    return redirect("today")
