"""What a file would do to every retainer it feeds: each row's outcome, before anything is stored.

Rows are compared as multisets with the source rows of earlier imports, never with what entries say
now: an unchanged file changes nothing, also where an entry was edited here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from hourtab.core.cycles import Calendar
from hourtab.imports.errors import Refusal
from hourtab.imports.matching.doubts import (
    flag_doubles,
    flag_elsewhere,
    flag_filters,
    flag_moved,
    flag_moved_days,
    flag_new_source,
)
from hourtab.imports.matching.pairing import partners_of, what_was_said
from hourtab.imports.matching.plans import Absent, Listed, Listings, Outcome, Part, Plan
from hourtab.imports.matching.redaction import Redaction
from hourtab.imports.matching.rules import Route, Router
from hourtab.imports.reading.lines import Note, Reading, WorkLine
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.line import Work, digester
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.ledger.verbs.bring_in import SourceRow
from hourtab.ledger.writing.late import Late
from hourtab.retainers.models import Retainer
from hourtab.retainers.weights import Weigher


@dataclass(frozen=True, slots=True)
class Order:
    """How a file is to be taken, beyond which rows go where.

    `publish` and `withhold` are the lines that were ticked, or all of them (None); `absent` the
    retainers whose lines are withdrawn although the file has no row of theirs; `rules_changed` that
    rows which stand are to be looked at again. `takes_late` lets new rows of closed cycles post in
    a later one, `corrects` lets changed and gone ones be corrected.
    """

    file_name: str
    answers: Mapping[str, str]
    only_add: bool = False
    absent: frozenset[str] = frozenset()
    publish: frozenset[int] | None = frozenset()
    withhold: frozenset[int] | None = frozenset()
    rules_changed: bool = False
    takes_late: bool = True
    corrects: bool = False


def make_plan(
    reading: Reading,
    retainers: Sequence[Retainer],
    source: Source | None,
    router: Router,
    order: Order,
    redaction: Redaction,
    secret: bytes,
) -> Plan:
    """Compare a file with what its source said before, and return every row's outcome. Reads;
    writes nothing.
    """
    plan = Plan(reading, window_of(reading, order.answers), flags=list(reading.flags))
    by_ref = {retainer.ref: retainer for retainer in retainers}
    listed = _listed(retainers, source, _reach(plan))
    late = _Made(lambda ref: Late(by_ref[ref]))
    fresh = _compare(plan, by_ref, listed, router, order, redaction, secret, late)
    for ref, retainer in by_ref.items():
        part = plan.parts.get(ref)
        left = [
            item
            for items in listed.get(retainer.pk, {}).values()
            for item in items
            if _is_inside(item, plan.window)
        ]
        if part is None and not left:
            continue
        if part is None:
            absent = Absent(retainer, [row.entry for row in left], ref in order.absent)
            plan.absent.append(absent)
            if not absent.is_ticked:
                flag_moved(plan, retainer, listed)
                continue
            part = plan.parts[ref] = Part(retainer)
        if order.only_add:
            left = []
        _pair(plan, part, fresh.get(ref, []), left, order, late[ref])
        flag_doubles(plan, part, source)
        flag_new_source(plan, part, source)
        flag_elsewhere(plan, part, source)
        flag_filters(plan, part)
        flag_moved_days(plan, part, source)
    plan.outcomes += [
        Outcome("not_an_entry", note.line, why=note.why) for note in reading.no_entries
    ]
    plan.outcomes.sort(key=lambda outcome: (outcome.line is None, outcome.line or 0))
    plan.flags.sort()
    return plan


type Fresh = dict[str, list[tuple[WorkLine, SourceRow]]]


def _compare(
    plan: Plan,
    by_ref: Mapping[str, Retainer],
    listed: Listings,
    router: Router,
    order: Order,
    redaction: Redaction,
    secret: bytes,
    late: "_Made[Late]",
) -> Fresh:
    """Give every row its retainer; take those that stand already, and return the others."""
    fresh: Fresh = {}
    digest_of = digester(secret)
    inside: dict[tuple[str, date], str] = {}
    works = _Made(lambda ref: _WorkOf(by_ref[ref]))
    standing: list[tuple[int, WorkLine, SourceRow, Part]] = []
    checked: dict[str, str] = {}
    outcomes, route_of = plan.outcomes, router.route
    for line in plan.reading.lines:
        route = route_of(line)
        ref, why = route.retainer, route.why
        digest = digest_of(line.content)
        plan.digests.setdefault(line.line, []).append(digest)
        if ref:
            key = (ref, line.on)
            if key not in inside:
                inside[key] = _why_outside(by_ref[ref], late[ref].calendar, line.on)
            why = inside[key]
        if why or not ref:
            outcomes.append(
                Outcome("not_for_this_retainer", line.line, line.on, line.seconds, "", why)
            )
            continue
        part = plan.parts.get(ref)
        if part is None:
            part = plan.parts[ref] = Part(by_ref[ref])
        known = listed.get(part.retainer.pk, {}).get(digest)
        if known:
            row = known.pop()
            part.counts["unchanged"] += 1
            outcomes.append(
                Outcome(
                    "unchanged",
                    line.line,
                    line.on,
                    line.seconds,
                    line.description or line.task,
                    "",
                    ref,
                )
            )
            if order.rules_changed and (order.corrects or not late[ref].is_closed(row.posts_on)):
                standing.append(
                    (
                        row.entry,
                        line,
                        SourceRow(works[ref].of(line, route), line.line, digest, line.ref),
                        part,
                    )
                )
            continue
        if late[ref].closed and (why := _why_late(late[ref], line.on, order)):
            outcomes.append(
                Outcome("not_for_this_retainer", line.line, line.on, line.seconds, "", why)
            )
            continue
        work = works[ref].of(line, route)
        if work.project not in checked:
            checked[work.project] = redaction.why(work.project)
        if found := redaction.why(work.description) or checked[work.project]:
            plan.sensitive[line.line] = work.description
            if order.withhold is None or line.line in order.withhold:
                why = _("left out by choice: %(why)s") % {"why": found}
                outcomes.append(
                    Outcome("not_for_this_retainer", line.line, line.on, line.seconds, "", why)
                )
                continue
            plan.flags.append(Note(line.line, found))
            if order.publish is not None and line.line not in order.publish:
                plan.unpublished.append(Note(line.line, found))
        fresh.setdefault(ref, []).append((line, SourceRow(work, line.line, digest, line.ref)))
    _follow_rules(plan, standing)
    return fresh


class _Made[Kind](dict[str, Kind]):
    """What is known of each retainer that a row goes to, made when the first one does."""

    def __init__(self, make: Callable[[str], Kind]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, ref: str) -> Kind:
        self[ref] = made = self.make(ref)
        return made


def _follow_rules(plan: Plan, standing: Sequence[tuple[int, WorkLine, SourceRow, Part]]) -> None:
    """Change the scope and category of rows that stand as they were read, where the rules say
    something else now.
    """
    said, edited = what_was_said([entry for entry, *_rest in standing])
    moved: set[int] = set()
    for entry, line, row, part in standing:
        before = said.get(entry)
        if (
            before is None
            or entry in edited
            or (before.scope, before.category) == (row.work.scope, row.work.category)
        ):
            continue
        part.change.append((entry, row._replace(work=row.work.like(Work.of(before)))))
        part.counts["unchanged"] -= 1
        part.counts["changed"] += 1
        moved.add(line.line)
    if moved:
        why = _("the rules say something else now")
        plan.outcomes[:] = [
            outcome._replace(kind="changed", why=why)
            if outcome.line in moved and outcome.kind == "unchanged"
            else outcome
            for outcome in plan.outcomes
        ]


def _why_outside(retainer: Retainer, calendar: Calendar, on: date) -> str:
    if calendar.cycle_of(on) is not None:
        return ""
    if on < retainer.starts_on:
        return _("%(on)s is before the retainer starts") % {"on": on}
    return _("%(on)s is after the retainer ended") % {"on": on}


def _why_late(late: Late, on: date, order: Order) -> str:
    """Return why a new row of a closed cycle is left out; nothing where it may post in a later
    one.
    """
    if not late.is_closed(on):
        return ""
    if not order.takes_late:
        return _("left out by choice: the cycle of %(on)s is closed") % {"on": on}
    try:
        late.posting(on)
    except LedgerError as error:
        return str(error)
    return ""


def window_of(reading: Reading, answers: Mapping[str, str]) -> tuple[date, date] | None:
    """Return the range the file speaks for: corrected by hand, stated in it, or first to last date.
    Raises `Refusal`.
    """
    found = reading.window
    if found is None:
        return None
    stated = reading.stated
    if stated and stated[0] <= found[0] and found[1] <= stated[1]:
        found = stated
    try:
        first, last = (
            date.fromisoformat(answers.get(key) or day.isoformat())
            for key, day in zip(("from", "until"), found, strict=True)
        )
    except ValueError:
        raise Refusal(_("The range must be two dates like 2027-01-31.")) from None
    if first > last:
        raise Refusal(
            _("The range ends (%(last)s) before it begins (%(first)s).")
            % {"last": last, "first": first}
        )
    return first, last


def _reach(plan: Plan) -> tuple[date, date] | None:
    """Return the days in which rows that stand are looked for: the window, and all of the file
    where that was narrowed.
    """
    own = plan.reading.window
    return (
        (min(plan.window[0], own[0]), max(plan.window[1], own[1])) if plan.window and own else None
    )


def _is_inside(row: Listed, window: tuple[date, date] | None) -> bool:
    return window is not None and row.on is not None and window[0] <= row.on <= window[1]


def _listed(
    retainers: Sequence[Retainer], source: Source | None, window: tuple[date, date] | None
) -> Listings:
    """Return the entries the source listed in a range of days, by retainer and the digest of its
    row.
    """
    found: Listings = {}
    if source and window:
        rows = Entry.objects.filter(
            source=source, retainer__in=retainers, source_on__range=window, is_listed=True
        ).order_by("-pk")
        columns = ("retainer_id", "source_digest", "pk", "source_ref", "source_on", "posts_on")
        for retainer, digest, *listed in rows.values_list(*columns).iterator():
            found.setdefault(retainer, {}).setdefault(digest, []).append(Listed(*listed))
    return found


def _pair(
    plan: Plan,
    part: Part,
    fresh: Sequence[tuple[WorkLine, SourceRow]],
    left: Sequence[Listed],
    order: Order,
    late: Late,
) -> None:
    """Match what is new with what is gone: a row edited at the source is one change, not two."""
    take, withdraw = order.answers.get("conflict") == "take", order.answers.get("gone") != "keep"
    frozen = {row.entry for row in left if late.is_closed(row.posts_on)} if late.closed else set()
    said, edited = what_was_said([row.entry for row in left])
    partners = partners_of(fresh, said, {row.entry: row.ref for row in left}) if said else {}
    outcomes, ref, counts = plan.outcomes, part.retainer.ref, part.counts
    for line, row in fresh:
        pk = partners.pop((row.line, row.digest), None) if partners else None
        why = ""
        if pk is not None:
            row = row._replace(work=row.work.like(Work.of(said[pk])))
        if pk is None:
            part.add.append(row)
            part.new_seconds += line.seconds
            kind = "new"
            if late.is_closed(line.on):
                why = _("its cycle is closed; it counts in the one from %(day)s") % {
                    "day": late.posting(line.on)
                }
        elif row.work == Work.of(said[pk]):
            part.relist.append((pk, row))
            kind = "unchanged"
        elif pk in frozen and not (order.corrects and _keeps_its_time(row.work, said[pk])):
            part.relist.append((pk, row))
            kind, why = "conflict", _("its cycle is closed; the line stays as it is")
        elif pk in edited:
            (part.change if take else part.relist).append((pk, row))
            why = (
                _("edited here too; the source's version is taken")
                if take
                else _("edited here too; yours is kept")
            )
            kind = "conflict"
        else:
            part.change.append((pk, row))
            kind, why = "changed", _("its cycle is closed; it is corrected") if pk in frozen else ""
        counts[kind] += 1
        outcomes.append(
            Outcome(kind, line.line, line.on, line.seconds, row.work.description, why, ref)
        )
        if pk is not None:
            said.pop(pk)
    for pk, revision in said.items():
        kind, why = "gone", _("its cycle is closed; it is corrected") if pk in frozen else ""
        if pk in frozen and not order.corrects:
            part.unlist.append(pk)
            kind, why = (
                "conflict",
                _("gone from the source; its cycle is closed, and the line stays as it is"),
            )
        elif pk in edited:
            (part.withdraw if take else part.unlist).append(pk)
            kind = "conflict"
            why = (
                _("gone from the source, edited here; withdrawn")
                if take
                else _("gone from the source, edited here; yours is kept")
            )
        elif withdraw:
            part.withdraw.append(pk)
        else:
            why = _("kept, as was answered")
        counts[kind] += 1
        outcomes.append(
            Outcome(kind, None, revision.on, revision.amount, revision.description, why, ref)
        )


def _keeps_its_time(work: Work, said: Revision) -> bool:
    """Can a line of a closed cycle be corrected into this? Its day and time stay."""
    return (work.on, work.started) == (said.on, said.started)


class _WorkOf:
    """Turns rows into work: its category is a rule's, else the text before a colon, its task or a
    tag, where that is known.
    """

    def __init__(self, retainer: Retainer) -> None:
        self.known = {
            category.name.casefold(): category.name for category in retainer.categories.all()
        }
        self.by_names: dict[tuple[str, str], str] = {}
        self.weigher = Weigher(retainer)

    def of(self, line: WorkLine, route: Route) -> Work:
        """Return the work of one row."""
        description = line.description or line.task
        category = route.category or line.category
        if not category and self.known:
            before, colon, after = (
                line.description.partition(":") if ":" in line.description else ("", "", "")
            )
            if colon and before.strip().casefold() in self.known and after.strip():
                category, description = self.known[before.strip().casefold()], after.strip()
            else:
                category = self._by_names(line.task, line.tags)
        weight, why = self.weigher.weigh(line.on, line.started, category[:60])
        return Work(
            line.on,
            line.seconds,
            line.started,
            weight,
            route.scope or "retainer",
            category[:60],
            line.project[:200],
            line.person[:120],
            description,
            "",
            why,
        )

    def _by_names(self, task: str, tags: str) -> str:
        key = (task, tags)
        if key not in self.by_names:
            names = (name.strip().casefold() for name in (task, *tags.split(",")))
            self.by_names[key] = next(
                (self.known[name] for name in names if name in self.known), ""
            )
        return self.by_names[key]
