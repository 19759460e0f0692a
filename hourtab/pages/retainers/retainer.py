"""Today, and the provider's page of a retainer."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from hourtab.accounts.access import MemberRequest, editor_required, member_required, owner_required
from hourtab.accounts.audit import changes_of, note
from hourtab.accounts.models import Event, Workspace
from hourtab.accounts.plans import PlanError, check_retainers
from hourtab.accounts.professions import BY_SLUG, PROFESSIONS
from hourtab.clients.access import clients_of
from hourtab.core.cycles import CycleError
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.forms import EntryForm
from hourtab.ledger.quick.line import QuickLineError
from hourtab.ledger.quick.log import log_line
from hourtab.ledger.reading import log
from hourtab.ledger.reading.breakdown import breakdown_at
from hourtab.ledger.reading.cycles import as_of_instant, cycles_of
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.saying.bar import bar_of
from hourtab.ledger.saying.coverage import Coverage
from hourtab.ledger.saying.cycles import cycle_rows
from hourtab.ledger.saying.today import today_rows
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
from hourtab.lib.language import language_of
from hourtab.lib.locking import locked
from hourtab.lib.notices import tell, warn
from hourtab.lib.once import once
from hourtab.lib.paging import Page
from hourtab.lib.text import clean
from hourtab.lib.words import Words
from hourtab.overage.today import moves_of
from hourtab.retainers import services
from hourtab.retainers.access import find_retainer, retainers_of
from hourtab.retainers.forms import DefaultTermsForm, OpenRetainerForm
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import agreement, words_for
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share

LINES_A_PAGE = 100


def today(request: HttpRequest) -> HttpResponse:
    """Show Today to whoever is signed in, and what HourTab is to everyone else."""
    if not request.user.is_authenticated:
        return _landing(request)
    return (
        _today(request)
        if getattr(request, "member", None)
        else render(request, "team/none.html", {})
    )


def _landing(request: HttpRequest) -> HttpResponse:
    return in_their_language(request, "landing/landing.html", _landing_context())


@require_safe
def profession(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain HourTab to one profession."""
    found = BY_SLUG.get(slug)
    if found is None:
        raise Http404
    words = Words(
        "de-DE" if language_of(request.headers.get("Accept-Language", "")) == "de" else "en-GB"
    )
    total = sum(minutes for _text, minutes in found.unseen)
    lines = [(text, words.amount(minutes * 60)) for text, minutes in found.unseen]
    context = {"profession": found, "lines": lines, "total": words.amount(total * 60)}
    return in_their_language(request, "landing/profession.html", _landing_context() | context)


def _landing_context() -> dict[str, object]:
    has_demo = ShareLink.objects.filter(workspace__is_demo=True, revoked_at=None).exists()
    return {"has_demo": has_demo, "professions": PROFESSIONS}


def in_their_language(
    request: HttpRequest, template: str, context: dict[str, object]
) -> HttpResponse:
    """Return a page in the language a browser asks for."""
    with translation.override(language_of(request.headers.get("Accept-Language", ""))):
        answer = render(request, template, context)
    patch_vary_headers(answer, ["Accept-Language"])
    return answer


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
    words = _words(line.retainer)
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


@editor_required
@once
def open_retainer(request: MemberRequest) -> HttpResponse:
    """Open a retainer from one short form; ends on its page, with the link."""
    start = timezone.localdate(timezone=ZoneInfo(request.workspace.zone))
    preset = BY_SLUG.get(request.GET.get("for", request.workspace.profession))
    initial = (
        (preset.initial() if preset else {})
        | request.workspace.default_terms
        | {"starts_on": start, "zone": request.workspace.zone}
    )
    initial["client"] = request.GET.get("client", "")
    form = OpenRetainerForm(
        request.POST or None, initial=initial, currency=request.workspace.currency
    )
    if request.method == "POST" and form.is_valid() and _is_theirs(request, form):
        fields = form.cleaned_data
        try:
            with transaction.atomic():
                retainer = services.open_retainer(
                    request.workspace,
                    client=fields["client"],
                    name=fields["name"],
                    terms=form.terms(),
                    zone=fields["zone"],
                    categories=fields["categories"],
                    by=request.member,
                    unit=fields["unit"],
                    ends_on=fields["ends_on"],
                    notice_hours=fields["notice_hours"],
                )
                share([retainer], by=request.member)
        except (ValidationError, CycleError, PlanError) as error:
            form.add_error(None, getattr(error, "messages", None) or str(error))
        else:
            tell(request, _("The retainer is open. Here is its link."))
            return redirect("retainer_links", ref=retainer.ref)
    context = {
        "form": form,
        "clients": clients_of(request),
        "professions": PROFESSIONS,
        "preset": preset,
        "full": "" if form.is_bound else _full(request.workspace, start),
    }
    return render(request, "retainers/open.html", context)


@owner_required
def default_terms(request: MemberRequest) -> HttpResponse:
    """Say what a new retainer begins with."""
    form = DefaultTermsForm(
        request.POST or None,
        initial=request.workspace.default_terms,
        currency=request.workspace.currency,
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            workspace = locked(Workspace.objects.all()).get(pk=request.workspace.pk)
            changes = changes_of(dict.fromkeys(workspace.default_terms), {}) | changes_of(
                workspace.default_terms, form.typed()
            )
            Workspace.objects.filter(pk=workspace.pk).update(default_terms=form.typed())
            note(
                workspace, Event.Kind.SETTINGS, _("usual terms"), by=request.member, changes=changes
            )
        tell(request, _("Saved. Retainers that are open stay as they are."))
        return redirect("settings")
    context = {
        "title": _("Usual terms"),
        "form": form,
        "button": _("Save"),
        "lead": _("A new retainer begins with these; you can change them each time."),
    }
    return render(request, "parts/form_page.html", context, status=422 if form.errors else 200)


def _full(workspace: Workspace, today: date) -> str:
    """Return what the plan says against another retainer; empty where there is room."""
    try:
        check_retainers(workspace, services.active_retainers(workspace, today).count())
    except PlanError as error:
        return str(error)
    return ""


def _is_theirs(request: MemberRequest, form: OpenRetainerForm) -> bool:
    """May this member open a retainer for that client? One who is limited may for the clients they
    see alone.
    """
    if (
        not request.member.is_limited
        or clients_of(request).filter(name=form.cleaned_data["client"]).exists()
    ):
        return True
    form.add_error(
        "client", _("You may open retainers for the clients you see. Ask an owner for others.")
    )
    return False


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
    words = _words(found)
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


def _words(found: Retainer) -> Words:
    return words_for(found)


def _overview(found: Retainer, now: datetime) -> dict[str, object]:
    words, on = _words(found), found.today(now)
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
    rows = log.lines_of(found, shown, log.ALL_SCOPES)
    page = Page.asked(request.GET, LINES_A_PAGE)
    lines = log.log_lines(rows, shown, terms, on, offset=page.offset, limit=page.limit)
    place, words, corrections = cycles.index(shown), _words(found), corrections_of(found, lines)
    coverage = Coverage(found, shown, words, terms.rounding)
    return {
        "shown": shown,
        "lines": [
            (line, marks_of(line, words, corrections), coverage.of(line))
            for line in page.shown(lines)
        ],
        "planned": [(line, marks_of(line, words), "") for line in log.planned(rows, terms, on)]
        if page.number == 1
        else (),
        "page": page.number,
        "has_more": page.has_more(lines),
        "earlier": cycles[place - 1] if place else None,
        "later": cycles[place + 1] if place + 1 < len(cycles) else None,
        "categories": found.categories.all(),
    }
