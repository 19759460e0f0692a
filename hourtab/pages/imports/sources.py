"""Where hours come from: what was answered about a source's files, and the rules for its rows."""

from itertools import groupby
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from hourtab.accounts.access import (
    MemberRequest,
    acts_on,
    editor_required,
    member_required,
    of_all_clients,
)
from hourtab.accounts.audit import note
from hourtab.accounts.models import Event, Workspace
from hourtab.imports.forms import PrivateWordsForm, RuleForm
from hourtab.imports.matching import routing, trials
from hourtab.imports.models import SourceRule
from hourtab.ledger.models import Source
from hourtab.lib.locking import locked
from hourtab.lib.notices import tell
from hourtab.pages.imports.words import field_labels, source_label, words_of

_CHANGED = ("conditions", "retainer", "leaves_out", "scope", "category", "is_answer")


def _source(request: MemberRequest, pk: int) -> Source:
    return get_object_or_404(Source, workspace=request.workspace, pk=pk)


def _rule(request: MemberRequest, pk: int) -> SourceRule:
    return get_object_or_404(
        SourceRule.objects.select_related("source__workspace", "retainer"),
        source__workspace=request.workspace,
        pk=pk,
    )


def _in_words(rule: SourceRule) -> str:
    return f"{rule} → {', '.join(rule.follows)}"


def _note(request: MemberRequest, source: Source, before: str, after: str, rule: str = "") -> None:
    about = " · ".join(text for text in (source_label(source), rule) if text)
    note(
        request.workspace,
        Event.Kind.RULES,
        about,
        by=request.member,
        changes={"rule": [before, after]},
    )


@member_required
@of_all_clients
def source_list(request: MemberRequest) -> HttpResponse:
    """Show where hours come from, and the words that are not to be published."""
    form = PrivateWordsForm(request.POST or None, instance=request.workspace)
    if request.method == "POST":
        if not request.member.may_edit:
            return HttpResponse(status=403)
        if form.is_valid():
            with transaction.atomic():
                workspace = locked(Workspace.objects.all()).get(pk=request.workspace.pk)
                words = (workspace.private_words, form.cleaned_data["private_words"])
                workspace.private_words = words[1]
                workspace.save(update_fields=["private_words"])
                note(
                    workspace,
                    Event.Kind.SETTINGS,
                    _("private words"),
                    by=request.member,
                    changes={"private_words": [len(text.split("\n")) for text in words]},
                )
            tell(request, _("Saved."))
            return redirect("sources")
    found = Source.objects.filter(workspace=request.workspace).prefetch_related("rules")
    listed = [
        {"source": source, "label": source_label(source), "rules": len(source.rules.all())}
        for source in found
    ]
    return render(request, "imports/sources.html", {"sources": listed, "form": form})


@member_required
@of_all_clients
def show_source(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what is remembered of a source's files, and its rules."""
    source = _source(request, pk)
    rules = routing.rules_of(source)
    told = [
        (_answer_label(key), value)
        for key, value in source.answers.items()
        if isinstance(value, str)
    ]
    return render(
        request,
        "imports/source.html",
        {"source": source, "label": source_label(source), "rules": rules, "told": told},
    )


def _answer_label(key: str) -> str:
    labels = {
        "date_order": _("Order of day and month"),
        "decimal": _("Decimal mark"),
        "hours": _("Column of the hours that were sold"),
        "unit": _("Unit of bare numbers"),
        "sheet": _("Sheet"),
    }
    if key.startswith("column."):
        return _("Column for: %(field)s") % {
            "field": field_labels().get(key.removeprefix("column."), key)
        }
    return labels.get(key, key)


@editor_required
@of_all_clients
@acts_on(_source)
def forget_answers(request: MemberRequest, pk: int) -> HttpResponse:
    """Forget what was answered about a source's files: the next one asks again."""
    with transaction.atomic():
        source = locked(Source.objects.all()).get(pk=_source(request, pk).pk)
        source.answers = {key: value for key, value in source.answers.items() if key == "columns"}
        source.save(update_fields=["answers"])
        _note(request, source, _("answers"), "")
    tell(request, _("Forgotten. The next file asks again."))
    return redirect("source", pk=pk)


@editor_required
@of_all_clients
def add_rule(request: MemberRequest, pk: int) -> HttpResponse:
    """Add a rule to a source; try it on the last import first."""
    source = _source(request, pk)
    return _edit_rule(
        request, source, SourceRule(source=source, position=source.rules.count(), by=request.member)
    )


@editor_required
@of_all_clients
def edit_rule(request: MemberRequest, pk: int) -> HttpResponse:
    """Change a rule; try it on the last import first."""
    rule = _rule(request, pk)
    return _edit_rule(request, rule.source, rule)


def _edit_rule(request: MemberRequest, source: Source, rule: SourceRule) -> HttpResponse:
    form = RuleForm(
        request.POST or None, rule=rule, retainers=routing.targets_of(request.workspace)
    )
    context: dict[str, Any] = {
        "form": form,
        "source": source,
        "label": source_label(source),
        "rule": rule,
        "words": words_of(request),
    }
    if request.method == "POST" and form.is_valid():
        changed = form.changed_rule()
        if "try" in request.POST:
            others = [changed if row.pk == rule.pk else row for row in routing.rules_of(source)]
            rows = (
                others
                if rule.pk
                else [
                    *(row for row in others if not row.is_answer),
                    changed,
                    *(row for row in others if row.is_answer),
                ]
            )
            trial = trials.try_rules(source, [routing.as_rule(row) for row in rows])
            return render(
                request,
                "imports/rule.html",
                context | {"trial": trial, "changes": trial.changes[:200]},
            )
        changed.is_answer = False
        with transaction.atomic():
            before = ""
            if changed.pk:
                rules = SourceRule.objects.select_related("retainer__client")
                before = _in_words(get_object_or_404(locked(rules), pk=changed.pk))
            changed.save(update_fields=_CHANGED if changed.pk else None)
            _note(request, source, before, _in_words(changed))
        tell(request, _("Saved. The next import of this source follows it."))
        return redirect("source", pk=source.pk)
    return render(request, "imports/rule.html", context, status=422 if form.errors else 200)


@editor_required
@of_all_clients
@acts_on(_rule)
def remove_rule(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a rule out."""
    rule = _rule(request, pk)
    with transaction.atomic():
        _note(request, rule.source, _in_words(rule), "")
        rule.delete()
    tell(request, _("The rule is out. The next import of this source does without it."))
    return redirect("source", pk=rule.source.pk)


@editor_required
@of_all_clients
@acts_on(_rule)
def raise_rule(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a rule decide before the one above it."""
    rule = _rule(request, pk)
    rules = [
        row
        for _is, rows in groupby(routing.rules_of(rule.source), key=lambda row: row.is_answer)
        for row in rows
    ]
    at = next(i for i, row in enumerate(rules) if row.pk == rule.pk)
    if at and rules[at - 1].is_answer == rule.is_answer:
        rules[at - 1], rules[at] = rules[at], rules[at - 1]
    with transaction.atomic():
        for position, row in enumerate(rules):
            SourceRule.objects.filter(pk=row.pk).update(position=position)
        _note(request, rule.source, str(at + 1), str(max(at, 1)), _in_words(rule))
    return redirect("source", pk=rule.source.pk)
