"""Trying rules on the last import of a source: what its rows would become, beside what they are.
Changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from hourtab.imports.matching import routing
from hourtab.imports.matching.rules import Router, Rule, Target
from hourtab.imports.models import Import, lines_of
from hourtab.imports.reading.lines import WorkLine
from hourtab.ledger.models import Revision, Scope, Source


@dataclass(frozen=True, slots=True)
class Change:
    """A row that rules would treat otherwise: where it stands, and where it would go (empty:
    nowhere, with the reason).
    """

    line: int
    on: date
    seconds: int
    text: str
    here: str
    there: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules would change in the rows the last import of a source stored. Other rows' texts are
    not kept.
    """

    brought_by: Import | None
    rows: int
    changes: Sequence[Change]


def try_rules(source: Source, rules: Sequence[Rule]) -> Trial:
    """Return what `rules` would do with the rows of the last import that are in the log."""
    last = (
        Import.objects.filter(source=source, state=Import.State.APPLIED)
        .order_by("-applied_at", "-pk")
        .first()
    )
    if last is None:
        return Trial(None, 0, ())
    retainers = routing.targets_of(source.workspace)
    router = Router(rules, [Target(item.ref, item.name, item.client.name) for item in retainers])
    names = {item.ref: str(item) for item in retainers}
    lines = _lines_by_digest(last)
    said = Revision.objects.filter(
        entry__source=source,
        entry__is_listed=True,
        entry__is_withdrawn=False,
        number=F("entry__number"),
    )
    changes = []
    rows = 0
    for row in said.select_related("entry__retainer__client"):
        line = lines.get(row.entry.source_digest)
        if line is None:
            continue
        rows += 1
        facts = line._replace(on=row.on, seconds=row.amount, description=row.description)
        route = router.route(facts)
        here = _spoken(str(row.entry.retainer), row.scope, row.category)
        there = _spoken(
            names.get(route.retainer, ""), route.scope or "retainer", route.category or row.category
        )
        if here != there:
            changes.append(
                Change(
                    line.line,
                    row.on,
                    row.amount,
                    row.description,
                    here,
                    there if route.retainer else "",
                    route.why,
                )
            )
    return Trial(last, rows, sorted(changes, key=lambda change: change.line))


def _lines_by_digest(last: Import) -> dict[str, WorkLine]:
    """Return what rules can go by in each stored row of an import, by the row's digest."""
    facts = {}
    for client, project, task, tags, billable, person, contract, ranges in last.facts.get(
        "combinations", []
    ):
        for number in lines_of(ranges):
            facts[number] = WorkLine(
                number,
                date.min,
                0,
                None,
                client,
                project,
                task,
                "",
                person,
                billable,
                tags,
                contract,
            )
    several = dict(map(tuple, last.facts.get("several", [])))
    digests, at = bytes(last.digests).hex(), 0
    found: dict[str, WorkLine] = {}
    for number in lines_of(last.facts.get("lines", "")):
        for _time in range(several.get(number, 1)):
            if number in facts:
                found[digests[at : at + 32]] = facts[number]
            at += 32
    return found


def _spoken(retainer: str, scope: str, category: str) -> str:
    return " · ".join(
        filter(
            None, (retainer, str(Scope(scope).label) if scope != Scope.RETAINER else "", category)
        )
    )
