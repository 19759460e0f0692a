"""What to look at before a file is applied: rows that may count twice, files that may be filtered
or the wrong ones.
"""

from collections import Counter

from django.utils.translation import gettext as _

from hourtab.imports.matching.plans import Listings, Part, Plan
from hourtab.imports.reading.lines import Note
from hourtab.imports.reading.readers import BY_KEY, OTHER
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.lib.database import in_chunks
from hourtab.retainers.models import Retainer


def flag_doubles(plan: Plan, part: Part, source: Source | None) -> None:
    """Flag new rows that look like a line logged by hand or from another source: same day, same
    time.
    """
    if not part.add:
        return
    days = {row.work.on for row in part.add}
    rows = Revision.objects.filter(
        entry__retainer=part.retainer, entry__is_withdrawn=False, on__range=(min(days), max(days))
    )
    rows = rows.exclude(entry__source=source) if source else rows
    others = {
        (on, amount): of
        for on, amount, of in rows.values_list("on", "amount", "entry__source__tool")
    }
    if not others:
        return
    for row in part.add:
        key = (row.work.on, row.work.amount)
        if key in others:
            tool = others[key]
            why = (
                _("looks like a line from %(tool)s: same day, same time")
                % {"tool": BY_KEY.get(tool, OTHER).label}
                if tool
                else _("looks like a line logged by hand: same day, same time")
            )
            plan.flags.append(Note(row.line, why))


def flag_new_source(plan: Plan, part: Part, source: Source | None) -> None:
    """Flag the first file of a source for a retainer whose hours came from another one so far: it
    may be the wrong file.
    """
    if not part.add:
        return
    tools = set(
        Entry.objects.filter(retainer=part.retainer, is_listed=True)
        .values_list("source", "source__tool")
        .distinct()
    )
    if not tools or (source and source.pk in {pk for pk, _tool in tools}):
        return
    others = ", ".join(sorted({BY_KEY.get(tool, OTHER).label for _pk, tool in tools}))
    why = _(
        "the hours of %(retainer)s came from %(others)s so far; the rows of this file are added to them"
    )
    plan.flags.append(
        Note(plan.reading.first_line, why % {"retainer": part.retainer, "others": others})
    )


def flag_elsewhere(plan: Plan, part: Part, source: Source | None) -> None:
    """Flag new rows that another retainer holds already: nobody pays for one hour twice."""
    if not part.add or not source or not plan.window:
        return
    others = Entry.objects.filter(
        source=source, is_listed=True, source_on__range=plan.window
    ).exclude(retainer=part.retainer)
    held: dict[str, int] = dict(others.values_list("source_digest", "retainer_id"))
    found = [(row.line, held[row.digest]) for row in part.add if row.digest in held] if held else []
    names = {
        other.pk: str(other)
        for other in Retainer.objects.filter(pk__in={pk for _line, pk in found}).select_related(
            "client"
        )
    }
    plan.flags += [
        Note(line, _("is in %(retainer)s already, too") % {"retainer": names[pk]})
        for line, pk in found
    ]


def flag_moved_days(plan: Plan, part: Part, source: Source | None) -> None:
    """Flag new rows whose number the source had on a day this file does not reach: moved there,
    they would count twice.
    """
    numbered = {row.ref: row.line for row in part.add if row.ref}
    if not numbered or not source or not plan.window:
        return
    beyond = Entry.objects.filter(source=source, retainer=part.retainer, is_listed=True).exclude(
        source_on__range=plan.window
    )
    for ref, on in beyond.exclude(source_ref="").values_list("source_ref", "source_on"):
        if ref in numbered:
            why = _(
                "its number stands on %(on)s already, which this file does not reach: moved? Then widen the range"
            )
            plan.flags.append(Note(numbered[ref], why % {"on": on}))


def flag_moved(plan: Plan, retainer: Retainer, listed: Listings) -> None:
    """Flag a retainer that has no row in the file any more because its rows go elsewhere now: they
    would count twice.
    """
    here = {digest for digests in plan.digests.values() for digest in digests}
    count = sum(len(rows) for digest, rows in listed[retainer.pk].items() if digest in here)
    if count:
        why = _(
            "%(count)s lines of %(retainer)s are rows of this file that go elsewhere now: say "
            "that they are to be taken out there"
        )
        plan.flags.append(
            Note(plan.reading.first_line, why % {"count": count, "retainer": retainer})
        )


def flag_filters(plan: Plan, part: Part) -> None:
    """Flag a person or project all of whose rows are gone while others' are there: the file may
    have been filtered.
    """
    if not part.withdraw:
        return
    gone = [
        revision
        for some in in_chunks(part.withdraw)
        for revision in Revision.objects.filter(entry__in=some).order_by("number")
    ]
    here = {
        name: {getattr(line, name) for line in plan.reading.lines} for name in ("project", "person")
    }
    line = plan.reading.first_line
    for name, text in (("project", _("project")), ("person", _("person"))):
        for value, count in Counter(
            getattr(row, name) for row in {row.entry_id: row for row in gone}.values()
        ).items():
            if value and value not in here[name] and here[name] - {""}:
                why = _(
                    "all %(count)s lines of %(name)s “%(value)s” are gone from the file: was it filtered?"
                )
                plan.flags.append(Note(line, why % {"count": count, "name": text, "value": value}))
