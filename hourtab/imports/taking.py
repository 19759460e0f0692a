"""Taking a file without a page: what a command or a program is told of it, as plain values."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hourtab.accounts.models import Member, Workspace
from hourtab.imports import reports, verbs
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.matching.balances import stored_seconds
from hourtab.imports.matching.deliveries import deliver
from hourtab.imports.models import Import, lines_of
from hourtab.imports.reading.uploads import ANSWERS, Upload
from hourtab.imports.verbs import Examined
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer


def take(
    upload: Upload,
    workspace: Workspace,
    retainer: Retainer | None,
    *,
    by: Member | None,
    now: datetime,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Bring a file in, or with `dry_run` say what it would do; `outcome` is `import`, `refuse` or
    `ask`.
    """
    try:
        if dry_run:
            return _would(verbs.examine(upload, workspace, now, retainer))
        return _did(verbs.apply(upload, workspace, retainer, by=by, now=now), retainer)
    except Refusal as refusal:
        return refused(refusal) | {"tool": _tool(upload)}
    except Open as unanswered:
        question = unanswered.question
        total = _total(upload, workspace, retainer, question, now)
        known = {} if total is None else {"seconds": {"file": total}}
        return {"tool": _tool(upload), "outcome": "ask", "questions": [_question(question)]} | known


def refused(refusal: Refusal) -> dict[str, Any]:
    """Return what is said of a file that is not taken."""
    place = {
        "line": refusal.line,
        "column": refusal.column,
        "value": refusal.value,
        "reason": refusal.reason,
    }
    return {"tool": None, "outcome": "refuse", "refused": place, "text": str(refusal)}


def answer_of(text: str) -> tuple[str, str]:
    """Return the key and the value of an answer like `date_order=day`. Raises `ValueError` for what
    answers nothing.
    """
    key, equals, value = text.partition("=")
    if not equals or (key not in ANSWERS and not key.startswith("column.")):
        raise ValueError(
            f"{text}: write KEY=VALUE with one of {', '.join(ANSWERS)}, or column.FIELD"
        )
    return key, value


def in_words(report: dict[str, Any], words: Words) -> str:
    """Return a report, with the `file` it is about, as a person reads it."""
    if report["outcome"] == "refuse":
        return f"{report['file']}: refused. {report['text']}"
    if report["outcome"] == "ask":
        (question,) = report["questions"]
        return (
            f"{report['file']}: {question['text']}\n  Answer with --answer "
            f"{question['key']}=… ({', '.join(question['options'])})"
        )
    rows = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in report["rows"].items() if count
    )
    lines = [
        f"{report['file']} ({report['tool']}): {rows or 'nothing to do'}; it sums to "
        f"{words.amount(report['seconds']['file'])}",
        *(
            f"  {part['name']}: {words.left(part['balance']['before'])} → {words.left(part['balance']['after'])}"
            for part in report["retainers"]
        ),
        *(f"  line {flag['line']}: {flag['why']}" for flag in report["flags"][:20]),
        *(
            f"  to be answered: {question['text']} (--answer {question['key']}=…)"
            for question in report["questions"]
        ),
    ]
    if report["import"]:
        lines.append(f"  take it back with: hourtab undo {report['import']}")
    return "\n".join(lines)


def _total(
    upload: Upload,
    workspace: Workspace,
    retainer: Retainer | None,
    question: Question,
    now: datetime,
) -> int | None:
    """Return the raw sum of a file that has an open question, where every answer leaves it the
    same.
    """
    totals = set()
    for option in question.options if question.key == "date_order" else ("",):
        answered = upload.answered(**({question.key: option} if option else {}))
        try:
            totals.add(deliver(answered, workspace, now, retainer).reading.seconds)
        except Refusal:
            continue
        except Open:
            return None
    return totals.pop() if len(totals) == 1 else None


def _tool(upload: Upload) -> str | None:
    """Return the tool of a file that is not taken, where it can be said."""
    return upload.tool.key if upload.tool else None


def _would(examined: Examined) -> dict[str, Any]:
    """Report what an import would do."""
    plan = examined.plan
    parts = [
        _part(part.retainer, part.counts, part.new_seconds, part.stored, part.before, part.after)
        for part in examined.parts
    ]
    return {
        "tool": plan.reading.tool.key,
        "outcome": "import",
        "window": [day.isoformat() for day in plan.window] if plan.window else None,
        "rows": plan.counts,
        "seconds": {
            "file": plan.reading.seconds,
            "new": plan.new_seconds,
            "stored": sum(part["stored"] for part in parts),
        },
        "questions": [_question(question) for question in verbs.open_questions(examined)],
        "flags": [{"line": flag.line, "why": flag.why} for flag in plan.flags],
        "columns": plan.reading.columns,
        **_named((outcome.line, outcome.kind, outcome.why) for outcome in plan.outcomes),
        **_balance(parts),
        "import": None,
    }


def _did(done: Import, retainer: Retainer | None) -> dict[str, Any]:
    """Report what an import did."""
    counts = done.counts
    window = [day.isoformat() for day in (done.window_from, done.window_until) if day]
    parts = [
        _part(
            part.retainer,
            part.counts,
            part.counts["new_seconds"],
            stored_seconds(part.retainer, done.source),
            part.before,
            part.after,
        )
        for part in done.parts.select_related("retainer__client")
    ]
    return {
        "tool": done.source.tool if done.source else None,
        "outcome": "import",
        "window": window or None,
        "rows": reports.summary(counts),
        "seconds": {
            "file": counts["file_seconds"],
            "new": counts["new_seconds"],
            "stored": sum(part["stored"] for part in parts),
        },
        "questions": [],
        "flags": [{"line": line, "why": why} for line, why in done.flags],
        "columns": done.columns,
        **_named(
            (line, group["kind"], group["why"])
            for group in done.outcomes
            for line in lines_of(group["lines"])
        ),
        **_balance(parts),
        "import": done.ref,
    }


def _part(
    retainer: Retainer, counts: Any, new: int, stored: int, before: int, after: int
) -> dict[str, Any]:
    rows = {
        kind: counts.get(kind, 0) for kind in ("new", "changed", "gone", "unchanged", "conflict")
    }
    return {
        "retainer": retainer.ref,
        "name": str(retainer),
        "rows": rows,
        "new": new,
        "stored": stored,
        "balance": {"before": before, "after": after},
    }


def _balance(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the balance of the only retainer, and every retainer's own."""
    return {"balance": parts[0]["balance"] if len(parts) == 1 else None, "retainers": parts}


def _named(outcomes: Iterable[Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that were left out, each with its line and reason, in the order of the
    file.
    """
    named: dict[str, list[dict[str, Any]]] = {"not_for_this_retainer": [], "not_an_entry": []}
    for line, kind, why in sorted(
        ((line or 0, kind, why) for line, kind, why in outcomes if kind in named)
    ):
        named[kind].append({"line": line, "why": why})
    return named


def _question(question: Question) -> dict[str, Any]:
    return {
        "key": question.key,
        "text": question.text,
        "line": question.line,
        "options": list(question.options),
    }
