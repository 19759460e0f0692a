"""Which row goes where: rules on what the source says of it, then the names of clients.

Each part of a decision (which retainer, which scope, which category) is made by the first rule that
fits the row and says anything about it. A retainer that no rule names gets the rows whose client
has its client's name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from django.utils.translation import gettext as _

from hourtab.imports.reading.lines import WorkLine
from hourtab.lib.text import folded

CONDITIONS = ("client", "project", "task", "tag", "billable", "person", "contract", "text")
_NAMED: Mapping[str, Callable[[WorkLine], str]] = {
    name: attrgetter(name)
    for name in ("client", "project", "task", "billable", "person", "contract")
}
"""What a condition looks at; one of another name fits no row."""
SCOPES = ("retainer", "project", "courtesy", "internal")
"""What a file of HourTab's own may say itself; rules make nothing internal."""


@dataclass(frozen=True)
class Rule:
    """Conditions that must all hold, and what follows. A condition holds where one of its texts
    fits.

    All are compared without regard to case and accents; `text` fits where the description holds it,
    an empty text where the row says nothing.
    """

    conditions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    retainer: str = ""
    leaves_out: bool = False
    scope: str = ""
    category: str = ""

    @cached_property
    def _wanted(self) -> list[tuple[str, frozenset[str]]]:
        return [
            (name, frozenset(folded(text) for text in texts))
            for name, texts in self.conditions.items()
            if texts
        ]

    @property
    def says_where(self) -> bool:
        """Does it decide where a row goes?"""
        return bool(self.retainer) or self.leaves_out

    def fits(self, line: WorkLine) -> bool:
        """Do all conditions hold for this row?"""
        for name, wanted in self._wanted:
            if name == "text":
                text = folded(line.description)
                fits = any(part in text if part else not text for part in wanted)
            elif name == "tag":
                tags = {folded(tag) for tag in line.tags.split(",")}
                fits = bool(tags & wanted)
            else:
                fits = name in _NAMED and folded(_NAMED[name](line)) in wanted
            if not fits:
                return False
        return True


class Route(NamedTuple):
    """Where a row goes: the reference of a retainer, or none and the reason; with scope and
    category where a rule says so.
    """

    retainer: str
    why: str = ""
    scope: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A retainer a file may feed, by its reference, name and client."""

    ref: str
    name: str
    client: str


class Router:
    """Decides for every row. With a `focus` all others' rows are named as theirs and not taken."""

    def __init__(
        self, rules: Sequence[Rule], targets: Iterable[Target], *, focus: str = ""
    ) -> None:
        self.rules, self.focus = rules, focus
        self.targets = {target.ref: target for target in targets}
        named = {rule.retainer for rule in rules if rule.retainer}
        self.by_client: dict[str, list[Target]] = {}
        for target in self.targets.values():
            if target.ref not in named:
                self.by_client.setdefault(folded(target.client), []).append(target)
        self.reads_texts = any("text" in rule.conditions for rule in rules)
        self.known: dict[tuple[str, ...], Route] = {}

    def route(self, line: WorkLine) -> Route:
        """Return where a row goes."""
        key: tuple[str, ...] = (
            line.client,
            line.project,
            line.task,
            line.tags,
            line.billable,
            line.person,
            line.contract,
            line.scope,
        )
        if self.reads_texts:
            key += (line.description,)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._decide(line)
        return found

    def _decide(self, line: WorkLine) -> Route:
        fitting = [rule for rule in self.rules if rule.fits(line)]
        scope = next((rule.scope for rule in fitting if rule.scope), "")
        category = next((rule.category for rule in fitting if rule.category), "")
        if not scope:
            scope = (
                line.scope
                if line.scope in SCOPES
                else "courtesy"
                if line.billable == "no_charge"
                else ""
            )
        decisive = next((rule for rule in fitting if rule.says_where), None)
        if decisive and decisive.leaves_out:
            return Route("", _("left out by a rule"))
        if decisive:
            target = self.targets.get(decisive.retainer)
            if target is None:
                return Route("", _("its rule names a retainer that is no longer there"))
            return self._to(target, scope, category)
        return self._by_name(line, scope, category)

    def _by_name(self, line: WorkLine, scope: str, category: str) -> Route:
        found = self.by_client.get(folded(line.client), []) if line.client else []
        if self.focus and any(target.ref == self.focus for target in found):
            return Route(self.focus, "", scope, category)
        if len(found) > 1:
            said = folded(line.contract)
            found = [target for target in found if folded(target.name) == said] or found
        if len(found) == 1:
            return self._to(found[0], scope, category)
        if found:
            why = _("client “%(client)s” has %(count)s retainers, and no rule says which") % {
                "client": line.client,
                "count": len(found),
            }
        elif line.client:
            why = _("client “%(client)s”") % {"client": line.client}
        else:
            why = _("no client")
        if line.project and not self.by_client.get(folded(line.client)):
            why += _(", project “%(project)s”") % {"project": line.project}
        return Route("", why)

    def _to(self, target: Target, scope: str, category: str) -> Route:
        if self.focus and target.ref != self.focus:
            return Route(
                "", _("for %(client)s, %(name)s") % {"client": target.client, "name": target.name}
            )
        return Route(target.ref, "", scope, category)
