"""`hourtab import`: bring files of hours in, as the page does."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.accounts.models import Workspace
from hourtab.imports import services
from hourtab.imports.balances import stored_seconds
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.layout import guess_tool, mapping
from hourtab.imports.models import Import, lines_of
from hourtab.imports.parsing import read_sheets
from hourtab.imports.services import ANSWERS, Examined, Upload
from hourtab.imports.table import LARGEST_FILE
from hourtab.lib.words import Words
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer, find_workspace
from hourtab.retainers.models import Retainer


class Command(Base):
    """Import files."""

    help = "Bring files of hours in. Status 0: done; 1: refused; 3: a question is open."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take files and how to take them."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument(
            "--retainer", metavar="REF", help="the one retainer to feed; else every one whose rows are in the file"
        )
        parser.add_argument("--workspace", metavar="NAME", help="needed without --retainer where there are several")
        parser.add_argument("--dry-run", action="store_true", help="store nothing")
        parser.add_argument(
            "--only-add", action="store_true", help="add what is new; withdraw nothing that is gone from the source"
        )
        parser.add_argument("--all-rows", action="store_true", help="every row of the file belongs to this retainer")
        parser.add_argument("--source", metavar="NAME", help="the account the file is from, where a tool has several")
        parser.add_argument(
            "--answer",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"answer a question: {', '.join(ANSWERS)}, or column.FIELD",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object a file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the files in turn; the worst outcome is the exit status."""
        retainer = find_retainer(options["retainer"]) if options["retainer"] else None
        workspace = retainer.workspace if retainer else find_workspace(options["workspace"])
        if workspace is None:
            raise Refused("There is no retainer yet. Open one first: hourtab open --client NAME --hours N", 2)
        if options["all_rows"] and retainer is None:
            raise Refused("--all-rows needs --retainer: it says that every row belongs to that one.", 2)
        answers = dict(_answer(text) for text in options["answer"])
        answers |= {key: "yes" for key in ("only_add", "all_rows") if options[key]}
        if options["source"] is not None:
            answers["source"] = options["source"]
        worst = 0
        for path in options["files"]:
            report = self._take(path, workspace, retainer, answers, dry_run=options["dry_run"])
            if options["json"]:
                self.print_json(report)
            else:
                self.stdout.write(_sentence(report, Words(workspace.locale, workspace.hour_format)))
            worst = max(worst, {"import": 0, "refuse": 1, "ask": 3}[report["outcome"]])
        if worst:
            raise SystemExit(worst)

    def _take(
        self, path: Path, workspace: Workspace, retainer: Retainer | None, answers: dict[str, str], *, dry_run: bool
    ) -> dict[str, Any]:
        report: dict[str, Any] = {"file": str(path), "tool": None, "outcome": "refuse"}
        upload = Upload(path.name, b"", answers)
        try:
            upload = Upload(path.name, _content(path), answers)
            now = timezone.now()
            if dry_run:
                return report | _would(services.examine(upload, workspace, now, retainer))
            return report | _did(services.apply(upload, workspace, retainer, by=None, now=now), retainer)
        except Refusal as refusal:
            place = {"line": refusal.line, "column": refusal.column, "value": refusal.value, "reason": refusal.reason}
            return report | {"tool": _tool(upload), "refused": place, "text": str(refusal)}
        except Open as unanswered:
            question = unanswered.question
            total = _total(upload, workspace, retainer, question)
            known = {} if total is None else {"seconds": {"file": total}}
            return report | {"tool": _tool(upload), "outcome": "ask", "questions": [_question(question)]} | known


def _total(upload: Upload, workspace: Workspace, retainer: Retainer | None, question: Question) -> int | None:
    """Return the raw sum of a file that has an open question, where every answer leaves it the same."""
    totals = set()
    for option in question.options if question.key == "date_order" else ("",):
        answers = {**upload.answers, question.key: option} if option else upload.answers
        try:
            totals.add(services.read(Upload(upload.name, upload.content, answers), workspace, timezone.now(), retainer).seconds)
        except Refusal:
            continue
        except Open:
            return None
    return totals.pop() if len(totals) == 1 else None


def _tool(upload: Upload) -> str | None:
    """Return the tool of a file that is not taken, where it can be said."""
    try:
        return guess_tool(read_sheets(upload.content)).key
    except Refusal:
        return None


def _would(examined: Examined) -> dict[str, Any]:
    """Report what an import would do."""
    plan = examined.plan
    parts = [_part(part.retainer, part.counts, part.new_seconds, part.stored, part.before, part.after) for part in examined.parts]
    return {
        "tool": plan.parsed.tool.key,
        "outcome": "import",
        "window": [day.isoformat() for day in plan.window] if plan.window else None,
        "rows": plan.counts,
        "seconds": {"file": plan.parsed.seconds, "new": plan.new_seconds, "stored": sum(part["stored"] for part in parts)},
        "questions": [_question(question) for question in services.open_questions(examined)],
        "flags": [{"line": flag.line, "why": flag.why} for flag in plan.flags],
        "columns": mapping(plan.parsed.layout),
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
        "rows": services.summary(counts),
        "seconds": {
            "file": counts["file_seconds"],
            "new": counts["new_seconds"],
            "stored": sum(part["stored"] for part in parts),
        },
        "questions": [],
        "flags": [{"line": line, "why": why} for line, why in done.flags],
        "columns": done.columns,
        **_named((line, group["kind"], group["why"]) for group in done.outcomes for line in lines_of(group["lines"])),
        **_balance(parts),
        "import": done.ref,
    }


def _part(retainer: Retainer, counts: Any, new: int, stored: int, before: int, after: int) -> dict[str, Any]:
    rows = {kind: counts.get(kind, 0) for kind in ("new", "changed", "gone", "unchanged", "conflict")}
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
    """Return the rows that were left out, each with its line and reason, in the order of the file."""
    named: dict[str, list[dict[str, Any]]] = {"not_for_this_retainer": [], "not_an_entry": []}
    for line, kind, why in sorted(((line or 0, kind, why) for line, kind, why in outcomes if kind in named)):
        named[kind].append({"line": line, "why": why})
    return named


def _answer(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or (key not in ANSWERS and not key.startswith("column.")):
        raise Refused(f"--answer {text}: write KEY=VALUE with one of {', '.join(ANSWERS)}, or column.FIELD", 2)
    return key, value


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Refusal(f"The file cannot be read: {error.strerror}.") from None


def _question(question: Question) -> dict[str, Any]:
    return {"key": question.key, "text": question.text, "line": question.line, "options": list(question.options)}


def _sentence(report: dict[str, Any], words: Words) -> str:
    if report["outcome"] == "refuse":
        return f"{report['file']}: refused. {report['text']}"
    if report["outcome"] == "ask":
        (question,) = report["questions"]
        return (
            f"{report['file']}: {question['text']}\n  Answer with --answer {question['key']}=… ({', '.join(question['options'])})"
        )
    rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in report["rows"].items() if count)
    lines = [
        f"{report['file']} ({report['tool']}): {rows or 'nothing to do'}; it sums to {words.amount(report['seconds']['file'])}",
        *(
            f"  {part['name']}: {words.left(part['balance']['before'])} → {words.left(part['balance']['after'])}"
            for part in report["retainers"]
        ),
        *(f"  line {flag['line']}: {flag['why']}" for flag in report["flags"][:20]),
        *(f"  to be answered: {question['text']} (--answer {question['key']}=…)" for question in report["questions"]),
    ]
    if report["import"]:
        lines.append(f"  take it back with: hourtab undo {report['import']}")
    return "\n".join(lines)
