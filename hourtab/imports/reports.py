"""What a preview shows, as values that can be kept: the page draws the same whether it was made now
or by the worker.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from hourtab.imports.errors import Open, Refusal
from hourtab.imports.reading.layout import NONE, Layout, mapping
from hourtab.imports.reading.lines import WorkLine
from hourtab.imports.reading.table import Sheet
from hourtab.imports.verbs import Examined

SHOWN_ROWS = 500
SHOWN_FLAGS = 100
SHOWN_NAMES = 60
SAMPLE_ROWS = 6
KINDS = ("new", "changed", "gone", "unchanged", "conflict")


def preview(examined: Examined) -> dict[str, Any]:
    """Return everything the preview of a file shows."""
    plan, reading = examined.plan, examined.plan.reading
    changed = [outcome for outcome in plan.outcomes if outcome.kind != "unchanged"]
    names = {part.retainer.ref: str(part.retainer) for part in examined.parts}
    undecided = {note.line for note in plan.unpublished}
    return {
        "kind": "preview",
        "fingerprint": examined.fingerprint,
        "tool": reading.tool.key,
        "label": reading.tool.label,
        "source": str(examined.source) if examined.source else "",
        "seconds": reading.seconds,
        "window": [day.isoformat() for day in plan.window] if plan.window else None,
        "counts": plan.counts,
        "parts": [
            {
                "ref": part.retainer.ref,
                "name": str(part.retainer),
                "counts": {kind: part.counts.get(kind, 0) for kind in KINDS},
                "new_seconds": part.new_seconds,
                "before": part.before,
                "after": part.after,
            }
            for part in examined.parts
        ],
        "flags": [
            list(flag) for flag in plan.flags[:SHOWN_FLAGS] if flag.line not in plan.sensitive
        ],
        "more_flags": max(0, len(plan.flags) - SHOWN_FLAGS),
        "sensitive": [
            [note.line, note.why, plan.sensitive[note.line]]
            for note in plan.unpublished[:SHOWN_FLAGS]
        ],
        "sensitive_lines": [note.line for note in plan.unpublished],
        "decided": sorted(set(plan.sensitive) - undecided)[:SHOWN_ROWS],
        "absent": [
            [item.retainer.ref, str(item.retainer), len(item.entries), item.is_ticked]
            for item in plan.absent
        ],
        "outcomes": [
            [
                outcome.line,
                outcome.kind,
                outcome.on and outcome.on.isoformat(),
                outcome.seconds,
                outcome.text,
                outcome.why,
                names.get(outcome.retainer, ""),
            ]
            for outcome in changed[:SHOWN_ROWS]
        ],
        "more_outcomes": max(0, len(changed) - SHOWN_ROWS),
        "clients": _tally("client", reading.lines, examined),
        "projects": _tally(
            "project",
            [line for line in reading.lines if examined.retainer or not line.client],
            examined,
        ),
        "nothing": not any(plan.counts[kind] for kind in ("new", "changed", "gone", "conflict")),
        "no_entry_at_all": not reading.lines,
        "table": table(reading.layout) if reading.layout else None,
    }


def table(layout: Layout) -> dict[str, Any]:
    """Return the first rows of a table, its columns' names, and which is read for what."""
    width = len(layout.labels)
    rows = [
        [line, *(cell[:80] for cell in cells[:width])]
        for line, cells in islice(layout.body, SAMPLE_ROWS)
    ]
    return {
        "labels": list(layout.labels),
        "rows": rows,
        "mapping": mapping(layout),
        "tool": layout.tool.label,
    }


def question(asked: Open, sheets: Sequence[Sheet]) -> dict[str, Any]:
    """Return what a page needs to ask; for a column, the first rows too."""
    found = asked.question
    said: dict[str, Any] = {
        "kind": "question",
        "key": found.key,
        "text": found.text,
        "options": list(found.options),
        "line": found.line,
    }
    if found.key.startswith("column."):
        rows = next(
            (sheet.rows for sheet in sheets for row in sheet.rows[:60] if row.line == found.line),
            [],
        )
        at = next((i for i, row in enumerate(rows) if row.line == found.line), 0)
        said["sample"] = [
            [row.line, *(cell[:80] for cell in row.cells)]
            for row in rows[at : at + SAMPLE_ROWS + 1]
        ]
    return said


def refusal(refused: Refusal, *, is_read: bool = False) -> dict[str, Any]:
    """Return what a page says of a file that is not taken: one whose rows could be read may be
    answered otherwise.
    """
    return {
        "kind": "refusal",
        "text": str(refused),
        "can_leave_out": refused.is_of_row,
        "is_read": is_read,
    }


def _tally(name: str, lines: Sequence[WorkLine], examined: Examined) -> list[list[Any]]:
    """Return each client or project of the file with its rows, its seconds and where they go, the
    largest first.
    """
    went: dict[int, str] = {
        outcome.line: outcome.retainer for outcome in examined.plan.outcomes if outcome.line
    }
    names: Mapping[str, str] = {part.retainer.ref: str(part.retainer) for part in examined.parts}
    sums: dict[str, list[int]] = {}
    to: dict[str, set[str]] = {}
    for line in lines:
        text = getattr(line, name)
        cell = sums.setdefault(text, [0, 0])
        cell[0] += 1
        cell[1] += line.seconds
        to.setdefault(text, set()).add(names.get(went.get(line.line, ""), ""))
    found: list[list[Any]] = [
        [text, rows, seconds, sorted(to[text] - {""}), "" in to[text]]
        for text, (rows, seconds) in sums.items()
    ]
    return sorted(found, key=lambda row: -row[2])[:SHOWN_NAMES]


def changed_columns(posted: Mapping[str, str], shown: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that a form names otherwise than they were read: `column.date` and the
    like.
    """
    found = {}
    for key, label in posted.items():
        if key.startswith("column.") and label != shown.get(key.removeprefix("column."), NONE):
            found[key] = label
    return found


def summary(counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the counts of an import by outcome."""
    return {key: value for key, value in counts.items() if not key.endswith("_seconds")}
