"""Where a file's rows go: the rules its source has, and those its answers add."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from hourtab.accounts.models import Member, Workspace
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.matching.rules import CONDITIONS, Router, Rule, Target
from hourtab.imports.models import SourceRule
from hourtab.imports.reading.lines import Reading
from hourtab.ledger.models import Source
from hourtab.lib.text import folded
from hourtab.retainers.models import Retainer


def rules_of(source: Source | None) -> list[SourceRule]:
    """Return the rules of a source in their order, those made by hand first."""
    return list(source.rules.select_related("retainer")) if source else []


def as_rule(row: SourceRule) -> Rule:
    """Return a stored rule as a value."""
    return Rule(
        row.conditions,
        row.retainer.ref if row.retainer else "",
        row.leaves_out,
        row.scope,
        row.category,
    )


def digest_of(rules: Iterable[Rule]) -> str:
    """Return a digest that changes when what rules say does."""
    said = [
        [rule.conditions, rule.retainer, rule.leaves_out, rule.scope, rule.category]
        for rule in rules
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=list).encode()).hexdigest()[:16]


def targets_of(workspace: Workspace) -> list[Retainer]:
    """Return every retainer a file of this workspace may feed."""
    return list(workspace.retainers.select_related("client", "workspace").order_by("pk"))


class Routing:
    """The rules a file is taken by: those stored, and those its answers add."""

    def __init__(
        self,
        stored: Sequence[SourceRule],
        answers: Mapping[str, str],
        focus: Retainer | None,
        reading: Reading,
    ) -> None:
        self.focus = focus
        own = self._for_focus(answers, reading)
        self.answered = [*own, *_routes(answers)]
        replaced = {rule.retainer for rule in own}
        same = {json.dumps(rule.conditions, sort_keys=True) for rule in self.answered}
        self.kept = [
            row
            for row in stored
            if not row.is_answer
            or not (
                json.dumps(row.conditions, sort_keys=True) in same
                or (row.retainer and row.retainer.ref in replaced)
            )
        ]
        by_hand = [as_rule(row) for row in self.kept if not row.is_answer]
        self.rules = [
            *by_hand,
            *self.answered,
            *(as_rule(row) for row in self.kept if row.is_answer),
        ]
        self.everything = answers.get("all_rows") == "yes" and focus is not None

    def _for_focus(self, answers: Mapping[str, str], reading: Reading) -> list[Rule]:
        """Return the rule that answers naming clients, projects or only billable rows make for one
        retainer.
        """
        if (
            self.focus is None
            or answers.get("all_rows") == "yes"
            or not any(answers.get(key) for key in ("client", "project", "billable"))
        ):
            return []
        conditions: dict[str, list[str]] = {}
        for key in ("client", "project"):
            if names := [name.strip() for name in answers.get(key, "").split("\n") if name.strip()]:
                conditions[key] = names
        if "client" not in conditions:
            # Never without a client where one can be said: a later file of all clients must not
            # come in whole.
            own, clients = (
                self.focus.client.name,
                {folded(client) for client in {line.client for line in reading.lines}} - {""},
            )
            if not clients or folded(own) in clients:
                conditions["client"] = [own] if clients else [""]
            elif "project" not in conditions:
                return []
        if answers.get("billable") == "only":
            conditions["billable"] = ["yes", "no_charge", ""]
        return [Rule(conditions, self.focus.ref)]

    def router(
        self, retainers: Sequence[Retainer], reading: Reading, answers: Mapping[str, str]
    ) -> Router:
        """Return what decides for every row. Raises `Open` where a file leaves open which rows are
        a retainer's.
        """
        targets = [
            Target(retainer.ref, retainer.name, retainer.client.name) for retainer in retainers
        ]
        rules = list(self.rules)
        if self.everything and self.focus:
            only = (
                {"billable": ["yes", "no_charge", ""]} if answers.get("billable") == "only" else {}
            )
            rules = [Rule(only, self.focus.ref), *rules]
        elif self.focus:
            self._ask(reading)
        if self._has_no_names(reading) and self.focus:
            rules.append(Rule({}, self.focus.ref))
        return Router(rules, targets, focus=self.focus.ref if self.focus else "")

    def _has_no_names(self, reading: Reading) -> bool:
        """Say whether a file names no client at all, and no rule says which of its rows are the
        retainer's.
        """
        if (
            self.focus is None
            or self.everything
            or any(rule.retainer == self.focus.ref for rule in self.rules)
        ):
            return False
        return not any(line.client for line in reading.lines)

    def _ask(self, reading: Reading) -> None:
        """Ask which rows are the retainer's, where neither a rule nor a name says so."""
        if self.focus is None or any(rule.retainer == self.focus.ref for rule in self.rules):
            return
        clients = {
            folded(client): client for client in {line.client for line in reading.lines} if client
        }
        name = self.focus.client.name
        if clients and folded(name) not in clients:
            text = _("Which client of the file is %(name)s? Rows of others are not stored.") % {
                "name": name
            }
            raise Open(Question("client", text, tuple(sorted(clients.values()))))
        projects = {
            folded(project): project
            for project in {line.project for line in reading.lines}
            if project
        }
        if not clients and len(projects) > 1:
            text = _(
                "The file names no clients. Which of its projects are for %(name)s? Rows of others are not stored."
            ) % {"name": name}
            raise Open(Question("project", text, tuple(sorted(projects.values()))))


def _routes(answers: Mapping[str, str]) -> list[Rule]:
    """Return the rules that `routes` says. Raises `Refusal` where it says none that can be read."""
    try:
        routes = read_routes(answers.get("routes", ""))
    except ValueError:
        raise Refusal(
            _(
                'The answer “routes” must be a list like [["client", "Acme", "REFERENCE"]], with an '
                "empty reference for rows to leave out."
            )
        ) from None
    return [Rule({name: [text]}, ref, leaves_out=not ref) for name, text, ref in routes]


def read_routes(said: str) -> list[list[str]]:
    """Read a JSON list of [condition, text, retainer], with no retainer for rows to leave out.
    Raises `ValueError`.
    """
    try:
        routes: Any = json.loads(said or "[]")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(routes, list) or not all(map(_is_route, routes)):
        raise ValueError("not a list of routes")
    return routes


def _is_route(route: Any) -> bool:
    return (
        isinstance(route, list)
        and len(route) == 3
        and all(isinstance(text, str) for text in route)
        and route[0] in CONDITIONS
    )


def keep_rules(
    source: Source, routing: Routing, retainers: Sequence[Retainer], by: Member | None
) -> None:
    """Store the rules that came of answers, in place of those they replace."""
    if not routing.answered:
        return
    source.rules.filter(is_answer=True).exclude(pk__in=[row.pk for row in routing.kept]).delete()
    by_ref = {retainer.ref: retainer for retainer in retainers}
    SourceRule.objects.bulk_create(
        SourceRule(
            source=source,
            conditions=dict(rule.conditions),
            retainer=by_ref.get(rule.retainer),
            leaves_out=rule.leaves_out,
            is_answer=True,
            by=by,
        )
        for rule in routing.answered
    )
