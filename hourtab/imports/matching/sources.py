"""Which source a file comes from, and what was answered about it before."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from hourtab.accounts.models import Workspace
from hourtab.imports.errors import Open, Question
from hourtab.imports.reading.layout import bears
from hourtab.imports.reading.lines import Reading
from hourtab.imports.reading.readers import CALENDAR, OTHER
from hourtab.imports.reading.readers.tool import Tool
from hourtab.imports.reading.table import Sheet
from hourtab.ledger.models import Source
from hourtab.lib.locking import locked

REMEMBERED = ("date_order", "decimal", "hours", "unit", "sheet")
"""What is kept of the answers about a file, beside the columns named by hand."""


def find_source(
    tool: Tool, sheets: Sequence[Sheet], answers: Mapping[str, str], workspace: Workspace
) -> Source | None:
    """Return the source a file comes from; None where it is new.

    A table of no known tool is of the source whose columns it has. Raises `Open` where a tool has
    several accounts.
    """
    known = list(Source.objects.filter(workspace=workspace, tool=tool.key))
    if (name := account_name(tool, answers.get("source", _own_name(tool, sheets)))) is not None:
        return next((source for source in known if source.name == name), None)
    if tool is OTHER:
        fitting = [
            source
            for source in known
            if (columns := source.answers.get("columns")) and bears(sheets, columns)
        ]
        return max(
            fitting, key=lambda source: (len(source.answers["columns"]), source.pk), default=None
        )
    if len(known) > 1:
        text = _("Which account of %(tool)s is this file from?") % {"tool": tool.label}
        raise Open(Question("source", text, tuple(source.name or tool.label for source in known)))
    return known[0] if known else None


def account_name(tool: Tool, said: str | None) -> str | None:
    """Return the name of the account a user said: the first one has none, and is called as its
    tool.
    """
    return "" if said == tool.label else said


def _own_name(tool: Tool, sheets: Sequence[Sheet]) -> str | None:
    """Return the name a file gives its own source: each calendar is one. None where it gives
    none.
    """
    return sheets[0].name[:80] if tool is CALENDAR and sheets else None


def remembered(source: Source | None, sheets: Sequence[Sheet]) -> dict[str, str]:
    """Return what was answered about earlier files of a source, as far as it can be said of this
    one.
    """
    if source is None:
        return {}
    kept = source.answers
    found = {key: kept[key] for key in REMEMBERED if key in kept}
    named = {key: value for key, value in kept.items() if key.startswith("column.")}
    if bears(sheets, [label for label in named.values() if label != "-"]):
        found |= named
    return found


def keep_source(
    workspace: Workspace, source: Source | None, reading: Reading, answers: Mapping[str, str]
) -> Source:
    """Return the source of a file, made where it is new, locked, with what was decided about the
    file.
    """
    columns = sorted(set(reading.columns.values()))
    if source is None:
        name = account_name(reading.tool, answers.get("source")) or (
            reading.sheet if reading.tool is CALENDAR else ""
        )
        if not name and reading.tool is OTHER:
            name = _free_name(workspace, ", ".join(columns)[:70])
        source, _made = Source.objects.get_or_create(
            workspace=workspace, tool=reading.tool.key, name=name[:80]
        )
    source = locked(Source.objects.all()).get(pk=source.pk)
    named = {f"column.{name}": label for name, label in reading.named.items()}
    kept = {
        key: value
        for key, value in source.answers.items()
        if not (named and key.startswith("column."))
    }
    kept |= dict(reading.decided) | named | ({"columns": columns} if reading.tool is OTHER else {})
    varying = set(kept.get("varying", ())) | {
        key
        for key in ("date_order", "decimal")
        if key in source.answers and kept[key] != source.answers[key]
    }
    if varying:
        # Files of this source have been written in both ways: what one said says nothing of the
        # next.
        kept = {key: value for key, value in kept.items() if key not in varying} | {
            "varying": sorted(varying)
        }
    if kept != source.answers:
        source.answers = kept
        source.save(update_fields=["answers"])
    return source


def _free_name(workspace: Workspace, wanted: str) -> str:
    taken = set(
        Source.objects.filter(workspace=workspace, tool=OTHER.key).values_list("name", flat=True)
    )
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name
