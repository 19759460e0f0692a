"""Closing, deciding and reopening; the history; what a retainer hands out."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import (
    MemberRequest,
    acts_on,
    editor_required,
    freshly_signed_in,
    member_required,
)
from hourtab.accounts.models import Member
from hourtab.imports.jobs import forget_texts
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.forms import ConvertForm, DecisionForm, ReopenForm, add_refusal
from hourtab.ledger.models import Revision, Write
from hourtab.ledger.reading import cycles, terms
from hourtab.ledger.reading.awaiting import beyond_hours
from hourtab.ledger.reading.history import abouts
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.verbs import close as statements
from hourtab.ledger.verbs import erase as erasing
from hourtab.ledger.verbs import log as services
from hourtab.ledger.writing import chain
from hourtab.lib.csv import Cell, table
from hourtab.lib.notices import tell, warn
from hourtab.lib.once import once
from hourtab.lib.paging import Page
from hourtab.lib.text import clean
from hourtab.pages.retainers.agreement import day_of
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for
from hourtab.sharing.services import forget_pages

SHOWN_WRITES = 100


@editor_required
def close_cycle(request: MemberRequest, ref: str, on: str) -> HttpResponse:
    """Close a cycle by hand, and all before it; first shows what becomes a statement."""
    retainer, now, day = find_retainer(request, ref), timezone.now(), day_of(on)
    if request.method == "POST":
        try:
            made = statements.close_cycles(retainer, day, by=request.member, now=now)
        except LedgerError as error:
            warn(request, str(error))
        else:
            text = _("Statement %(number)s is closed.") % {"number": made[-1].number}
            tell(
                request,
                text
                if len(made) == 1
                else _("%(count)s cycles are closed.") % {"count": len(made)},
            )
        return redirect("retainer_cycles", ref=ref)
    today = retainer.today(now)
    ended = [
        cycle
        for cycle in cycles.cycles_of(retainer, today)
        if cycle.state in ("ended", "paused") and cycle.ends_on < today
    ]
    chosen = [cycle for cycle in ended if cycle.starts_on <= day]
    if not chosen:
        warn(request, _("There is nothing to close there."))
        return redirect("retainer_cycles", ref=ref)
    context = {"retainer": retainer, "cycles": chosen, "words": words_for(retainer), "through": on}
    return render(request, "retainers/close.html", context)


@editor_required
@once
def decide(request: MemberRequest, ref: str, on: str) -> HttpResponse:
    """Decide what becomes of time that awaits a decision."""
    retainer, now, day = find_retainer(request, ref), timezone.now(), day_of(on)
    words = words_for(retainer)
    latest = cycles.current_cycle(retainer, retainer.today(now))
    awaiting = latest.pending.get(on, 0) if latest else 0
    if not awaiting:
        warn(request, _("Nothing awaits a decision in that cycle."))
        return redirect("retainer_cycles", ref=ref)
    rate = terms.terms_at(retainer, day).overage.rate
    form = DecisionForm(
        request.POST or None,
        retainer=retainer,
        initial={"amount": awaiting, "rate": rate},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.decide(retainer, cycle_on=day, by=request.member, now=now, **form.cleaned_data)
        except LedgerError as error:
            add_refusal(form, error, "amount")
        else:
            tell(request, _("Decided."))
            return redirect("retainer_cycles", ref=ref)
    lead = _("%(time)s of the cycle of %(day)s await a decision.") % {
        "time": words.amount(awaiting),
        "day": words.full_day(day),
    }
    context = {
        "retainer": retainer,
        "form": form,
        "title": _("Decide on extra time"),
        "button": _("Decide"),
        "back": retainer,
    }
    also = {
        "also": reverse("convert_lines", args=[ref, on]),
        "also_label": _("Convert lines to project work instead"),
    }
    return render(request, "parts/form_page.html", context | {"lead": lead} | also)


@editor_required
@once
def convert_lines(request: MemberRequest, ref: str, on: str) -> HttpResponse:
    """Make lines beyond the hours project work, billed apart."""
    retainer, now, day = find_retainer(request, ref), timezone.now(), day_of(on)
    words = words_for(retainer)
    found = beyond_hours(retainer, day, retainer.today(now))
    if not found:
        warn(request, _("Nothing awaits a decision in that cycle."))
        return redirect("retainer_cycles", ref=ref)
    choices = [
        (
            line.entry_id,
            " · ".join(
                (words.day(work.on), words.amount(line.charged), work.description or work.category)
            ),
        )
        for line in found
        for work in (line.work,)
    ]
    form = ConvertForm(request.POST or None, lines=choices)
    if request.method == "POST" and form.is_valid():
        entries = list(
            retainer.entries.filter(pk__in=form.cleaned_data["lines"]).select_related(
                "retainer__workspace"
            )
        )
        try:
            services.convert_to_project(
                entries, by=request.member, now=now, reason=form.cleaned_data["reason"]
            )
        except LedgerError as error:
            add_refusal(form, error)
        else:
            tell(
                request,
                _("They are project work now, billed apart, and no longer draw on the hours."),
            )
            return redirect("retainer_cycles", ref=ref)
    context = {
        "form": form,
        "title": _("Convert to project work"),
        "button": _("Convert them"),
        "back": retainer,
    }
    lead = _(
        "The whole of each line is billed apart; hours it had drawn are free again for the lines after it."
    )
    return render(request, "parts/form_page.html", context | {"lead": lead})


@editor_required
@once
def reopen_cycle(request: MemberRequest, ref: str, on: str) -> HttpResponse:
    """Reopen a cycle: shows the whole difference, asks for the reason, then writes new versions."""
    retainer, now, day = find_retainer(request, ref), timezone.now(), day_of(on)
    form = ReopenForm(request.POST or None, unit=retainer.unit)
    context: dict[str, Any] = {
        "retainer": retainer,
        "form": form,
        "words": words_for(retainer),
        "on": day,
    }
    add = form.add() if request.method == "POST" and form.is_valid() else []
    try:
        differences, mark = statements.reopening(retainer, day, now, add=add)
        context |= {"differences": differences, "fingerprint": mark}
        if request.method == "POST" and form.is_valid() and "reopen" in request.POST:
            statements.reopen_cycle(
                retainer,
                day,
                by=request.member,
                now=now,
                reason=form.cleaned_data["reason"],
                add=add,
                expect=request.POST.get("fingerprint", "-"),
            )
            tell(request, _("New versions are written; the earlier ones stay visible."))
            return redirect("retainer_cycles", ref=ref)
    except LedgerError as error:
        if not form.is_bound:
            warn(request, str(error))
            return redirect("retainer_cycles", ref=ref)
        add_refusal(form, error)
    return render(request, "retainers/reopen.html", context)


@member_required
def retainer_history(request: MemberRequest, ref: str) -> HttpResponse:
    """Show every change of a retainer: who, when, why, and what it did to the balance."""
    retainer = find_retainer(request, ref)
    rows, kind, person = _filtered(request, retainer)
    page = Page.asked(request.GET, SHOWN_WRITES)
    shown = list(rows.order_by("-number")[page.offset : page.offset + page.limit])
    about = abouts(shown, words_for(retainer))
    wrote = Write.objects.filter(retainer=retainer).exclude(by=None).values("by")
    authors = Member.objects.filter(pk__in=wrote).select_related("user")
    context = {
        "retainer": retainer,
        "writes": [(write, _did(write), about[write.pk]) for write in page.shown(shown)],
        "has_more": page.has_more(shown),
        "page": page.number,
        "kinds": Write.Kind.choices,
        "kind": kind,
        "people": sorted(authors, key=str),
        "person": person,
        "words": words_for(retainer),
        "head": chain.head(retainer),
        "tab": "history",
    }
    return render(request, "retainers/history.html", context)


def _filtered(request: MemberRequest, retainer: Retainer) -> tuple[Any, str, str]:
    rows = Write.objects.filter(retainer=retainer).select_related("by__user")
    kind, person = request.GET.get("kind", ""), request.GET.get("by", "")
    if kind in Write.Kind.values:
        rows = rows.filter(kind=kind)
    if person.isdecimal() and len(person) < 10:
        rows = rows.filter(by=int(person))
    return rows, kind, person


def _did(write: Write) -> int | None:
    """Return what a write did to what is left."""
    return None if write.before is None or write.after is None else write.after - write.before


@member_required
def history_csv(request: MemberRequest, ref: str) -> HttpResponse:
    """Hand out the history as CSV."""
    retainer = find_retainer(request, ref)
    rows, _kind, _person = _filtered(request, retainer)
    every = list(rows.order_by("number"))
    about = abouts(every, words_for(retainer))
    content = table(_HISTORY, (_history_row(row, about[row.pk]) for row in every))
    return _download(
        content.encode("utf-8-sig"),
        "text/csv; charset=utf-8",
        f"hourtab-{retainer.ref}-history.csv",
    )


_HISTORY = (
    "Number",
    "At (UTC)",
    "By",
    "What",
    "About",
    "Reason",
    "Records",
    "Left before",
    "Left after",
    "Hash",
)


def _history_row(row: Write, about: str) -> Sequence[Cell]:
    return (
        row.number,
        f"{row.at:%Y-%m-%d %H:%M:%S}",
        str(row.by or ""),
        row.get_kind_display(),
        about,
        row.reason,
        row.count,
        row.before,
        row.after,
        row.hash,
    )


@member_required
def ledger_json(request: MemberRequest, ref: str) -> HttpResponse:
    """Hand out the whole ledger document with its chain."""
    retainer = find_retainer(request, ref)
    document = ledger_document(retainer, retainer.today(timezone.now()))
    return _download(
        json.dumps(document, ensure_ascii=False, indent=1).encode(),
        "application/json",
        f"hourtab-{retainer.ref}.json",
    )


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@editor_required
@acts_on(lambda request, ref, pk: get_object_or_404(find_retainer(request, ref).entries, pk=pk))
@freshly_signed_in
def erase_texts(request: MemberRequest, ref: str, pk: int) -> HttpResponse:
    """Erase the texts of a line for ever, everywhere."""
    retainer = find_retainer(request, ref)
    entry = get_object_or_404(retainer.entries.select_related("retainer", "corrects"), pk=pk)
    texts = Revision.objects.filter(entry=entry).values_list("description", "person", "project")
    said = {text for row in texts for text in row if text}
    erasing.erase_texts(
        entry,
        by=request.member,
        now=timezone.now(),
        reason=clean(request.POST.get("reason", ""))[:300],
    )
    forget_pages(retainer)
    forget_texts(request.workspace, said)
    tell(request, _("The texts of this line are gone for ever. Its figures stay."))
    return redirect("entry_history", ref=ref, pk=pk)
