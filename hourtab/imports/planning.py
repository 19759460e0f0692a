"""What a file would do to a retainer: every row's outcome, before anything is stored.

Rows are compared as multisets with the source rows of earlier imports, never with what entries say now: an unchanged
file changes nothing, also where an entry was edited here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.parsing import Note, Parsed, WorkLine
from hourtab.imports.values import stated_range
from hourtab.ledger.batches import Batch, SourceRow
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.ledger.work import Work, keyed_digest
from hourtab.lib.database import in_chunks
from hourtab.retainers.models import Retainer

OUTCOMES = ("new", "changed", "gone", "unchanged", "conflict", "not_for_this_retainer", "not_an_entry")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows of a file belong to a retainer. Empty means any."""

    clients: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    only_billable: bool = False

    def why_not(self, line: WorkLine) -> str:
        """Return why a row is not for this retainer; empty where it is."""
        if self.clients and line.client.casefold() not in self.clients:
            return _("client “%(client)s”") % {"client": line.client} if line.client else _("no client")
        if self.projects and line.project.casefold() not in self.projects:
            return _("project “%(project)s”") % {"project": line.project} if line.project else _("no project")
        if self.only_billable and line.billable is False:
            return _("not billable")
        return ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one row. `line` is None for a row that is gone from the file."""

    kind: str
    line: int | None
    on: date | None = None
    seconds: int = 0
    text: str = ""
    why: str = ""


@dataclass(slots=True)
class Plan:
    """Everything an import would do."""

    parsed: Parsed
    window: tuple[date, date] | None
    outcomes: list[Outcome] = field(default_factory=list)
    flags: list[Note] = field(default_factory=list)
    add: list[SourceRow] = field(default_factory=list)
    change: list[tuple[int, SourceRow]] = field(default_factory=list)
    withdraw: list[int] = field(default_factory=list)
    relist: list[tuple[int, SourceRow]] = field(default_factory=list)
    unlist: list[int] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have which outcome; `read` counts the entry rows of the file."""
        found = Counter(outcome.kind for outcome in self.outcomes)
        read = sum(1 for outcome in self.outcomes if outcome.line is not None and outcome.kind != "not_an_entry")
        return {"read": read} | {kind: found[kind] for kind in OUTCOMES}

    @property
    def new_seconds(self) -> int:
        """The raw time of all new rows."""
        return sum(outcome.seconds for outcome in self.outcomes if outcome.kind == "new")

    def batch(self, ref: str, source: Source) -> Batch:
        """Return it as the ledger takes it."""
        return Batch(ref, source, self.add, self.change, self.withdraw, self.relist, self.unlist)


def choose(
    parsed: Parsed, retainer: Retainer, answers: Mapping[str, str], remembered: Mapping[str, Any], *, all_rows: bool
) -> Choice:
    """Decide which rows belong to the retainer. Raises `Open` where a file of several clients leaves that open."""
    billable = answers.get("billable", remembered.get("billable", "")) == "only"
    if all_rows:
        return Choice(only_billable=answers.get("billable") == "only")
    projects = _names(answers.get("project"), remembered.get("projects"))
    clients = _names(answers.get("client"), remembered.get("clients"))
    if not clients:
        named = {line.client.casefold(): line.client for line in parsed.lines if line.client}
        ours = retainer.client.name.casefold()
        if ours in named:
            clients = frozenset({ours})
        elif named and not projects:
            options = tuple(sorted(named.values()))
            text = _("Which client of the file is %(name)s? Rows of others are not stored.") % {"name": retainer.client.name}
            raise Open(Question("client", text, options))
    return Choice(clients, projects, billable)


def _names(answer: str | None, remembered: Sequence[str] | None) -> frozenset[str]:
    if answer is not None:
        return frozenset(name.strip().casefold() for name in answer.split("\n") if name.strip())
    return frozenset(remembered or ())


def make_plan(
    parsed: Parsed,
    retainer: Retainer,
    source: Source | None,
    choice: Choice,
    answers: Mapping[str, str],
    *,
    file_name: str,
    only_add: bool,
) -> Plan:
    """Compare a file with what its source said before, and return every row's outcome. Reads; writes nothing."""
    plan = Plan(parsed, _window(parsed, file_name, answers), flags=list(parsed.flags))
    secret = bytes(retainer.workspace.digest_key)
    known = {category.name.casefold(): category.name for category in retainer.categories.all()}
    calendar = retainer.calendar()
    listed = _listed(retainer, source, plan.window)
    fresh: list[tuple[WorkLine, SourceRow]] = []
    ours = 0
    for line in parsed.lines:
        why = choice.why_not(line)
        if not why and calendar.cycle_of(line.on) is None:
            why = (
                _("%(on)s is before the retainer starts") % {"on": line.on}
                if line.on < retainer.starts_on
                else _("%(on)s is after the retainer ended") % {"on": line.on}
            )
        if why:
            plan.outcomes.append(Outcome("not_for_this_retainer", line.line, line.on, line.seconds, "", why))
            continue
        ours += 1
        digest = keyed_digest(line.content, secret)
        if listed.get(digest):
            listed[digest].pop()
            plan.outcomes.append(_outcome("unchanged", line))
        else:
            fresh.append((line, SourceRow(_work(line, known), line.line, digest)))
    plan.outcomes += [Outcome("not_an_entry", note.line, why=note.why) for note in parsed.no_entries]
    left = [pk for pks in listed.values() for pk in pks] if ours and not only_add else []
    _pair(plan, fresh, left, answers)
    _flag_doubles(plan, retainer)
    plan.outcomes.sort(key=lambda outcome: (outcome.line is None, outcome.line or 0))
    return plan


def _window(parsed: Parsed, file_name: str, answers: Mapping[str, str]) -> tuple[date, date] | None:
    """Return the range the file speaks for: corrected by hand, stated in its name, or first to last date."""
    found = parsed.window
    if found is None:
        return None
    stated = stated_range(file_name)
    if stated and stated[0] <= found[0] and found[1] <= stated[1]:
        found = stated
    try:
        first, last = (
            date.fromisoformat(answers.get(key) or day.isoformat()) for key, day in zip(("from", "until"), found, strict=True)
        )
    except ValueError:
        raise Refusal(_("The range must be two dates like 2027-01-31.")) from None
    if first > last:
        raise Refusal(_("The range ends (%(last)s) before it begins (%(first)s).") % {"last": last, "first": first})
    return first, last


def _listed(retainer: Retainer, source: Source | None, window: tuple[date, date] | None) -> dict[str, list[int]]:
    """Return the entries the source listed inside the window, by the digest of its row."""
    found: dict[str, list[int]] = defaultdict(list)
    if source and window:
        rows = Entry.objects.filter(source=source, retainer=retainer, source_on__range=window, is_listed=True).order_by("-pk")
        for pk, digest in rows.values_list("pk", "source_digest"):
            found[digest].append(pk)
    return found


def _pair(plan: Plan, fresh: Sequence[tuple[WorkLine, SourceRow]], left: Sequence[int], answers: Mapping[str, str]) -> None:
    """Match what is new with what is gone: a row edited at the source is one change, not two."""
    take, withdraw = answers.get("conflict") == "take", answers.get("gone") != "keep"
    said, edited = _what_was_said(left)
    partners = _partners(fresh, said)
    for line, row in fresh:
        pk = partners.pop(row.line, None)
        if pk is None:
            plan.add.append(row)
            plan.outcomes.append(_outcome("new", line))
        elif pk in edited:
            (plan.change if take else plan.relist).append((pk, row))
            why = _("edited here too; the source's version is taken") if take else _("edited here too; yours is kept")
            plan.outcomes.append(_outcome("conflict", line, why))
        else:
            plan.change.append((pk, row))
            plan.outcomes.append(_outcome("changed", line))
        if pk is not None:
            said.pop(pk)
    for pk, revision in said.items():
        gone = Outcome("gone", None, revision.on, revision.amount, revision.description)
        if pk in edited:
            (plan.withdraw if take else plan.unlist).append(pk)
            why = "gone from the source, edited here; " + ("withdrawn" if take else "yours is kept")
            plan.outcomes.append(Outcome("conflict", None, gone.on, gone.seconds, gone.text, why))
        else:
            plan.outcomes.append(gone)
            if withdraw:
                plan.withdraw.append(pk)


def _what_was_said(entries: Sequence[int]) -> tuple[dict[int, Revision], set[int]]:
    """Return what imports wrote of these entries last, and those that were edited here since."""
    said: dict[int, Revision] = {}
    edited: set[int] = set()
    for some in in_chunks(entries):
        for row in Revision.objects.filter(entry__in=some).order_by("number"):
            if row.batch:
                said[row.entry_id] = row
                edited.discard(row.entry_id)
            else:
                edited.add(row.entry_id)
    return said, edited


def _partners(fresh: Sequence[tuple[WorkLine, SourceRow]], said: Mapping[int, Revision]) -> dict[int, int]:
    """Return, by line, the entry a new row is an edit of: same start, else same text and day, else same text and time."""
    partners: dict[int, int] = {}
    free = dict(said)
    keys: Iterable[Any] = (
        lambda work: (work.on, work.started, work.person) if work.started else None,
        lambda work: (work.on, work.person, work.description, work.project),
        lambda work: (work.amount, work.started, work.person, work.description, work.project),
    )
    for key_of in keys:
        by_key: dict[Any, list[int]] = defaultdict(list)
        for pk, revision in free.items():
            by_key[key_of(revision)].append(pk)
        for _line, row in fresh:
            key = key_of(row.work)
            if row.line not in partners and key is not None and by_key.get(key):
                partners[row.line] = by_key[key].pop(0)
                del free[partners[row.line]]
    return partners


def _flag_doubles(plan: Plan, retainer: Retainer) -> None:
    """Flag new rows that look like a line logged by hand: same day, same time."""
    if not plan.add:
        return
    days = {row.work.on for row in plan.add}
    rows = Revision.objects.filter(
        entry__retainer=retainer, entry__source=None, entry__is_withdrawn=False, on__range=(min(days), max(days))
    )
    by_hand = set(rows.values_list("on", "amount"))
    plan.flags += [
        Note(row.line, _("looks like a line logged by hand: same day, same time"))
        for row in plan.add
        if (row.work.on, row.work.amount) in by_hand
    ]


def _outcome(kind: str, line: WorkLine, why: str = "") -> Outcome:
    return Outcome(kind, line.line, line.on, line.seconds, line.description or line.task, why)


def _work(line: WorkLine, known: Mapping[str, str]) -> Work:
    """Turn a row into work: its category is the text before a colon, its task or a tag, where that is a known one."""
    description = line.description or line.task
    category = ""
    before, colon, after = line.description.partition(":")
    if colon and before.strip().casefold() in known:
        category, description = known[before.strip().casefold()], after.strip()
    else:
        for candidate in (line.task, *line.tags.split(",")):
            if candidate.strip().casefold() in known:
                category = known[candidate.strip().casefold()]
                break
    return Work(
        line.on, line.seconds, line.started, 100, "retainer", category[:60], line.project[:200], line.person[:120], description
    )
