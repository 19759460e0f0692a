"""`hourtab import`: bring files of hours in, as the page does."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.imports import services
from hourtab.imports.errors import Open, Question, Refusal
from hourtab.imports.models import Import
from hourtab.imports.parsing import recognise
from hourtab.imports.services import Examined, Upload
from hourtab.imports.table import LARGEST_FILE
from hourtab.lib.words import Words
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer
from hourtab.retainers.models import Retainer

_KEYS = ("date_order", "decimal", "hours", "client", "project", "billable", "gone", "conflict", "unreadable", "from", "until")


class Command(Base):
    """Import files."""

    help = "Bring files of hours into a retainer. Status 0: done; 1: refused; 3: a question is open."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take files and how to take them."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--retainer", required=True, metavar="REF")
        parser.add_argument("--dry-run", action="store_true", help="store nothing")
        parser.add_argument(
            "--only-add", action="store_true", help="add what is new; withdraw nothing that is gone from the source"
        )
        parser.add_argument("--all-rows", action="store_true", help="every row of the file belongs to this retainer")
        parser.add_argument(
            "--answer", action="append", default=[], metavar="KEY=VALUE", help=f"answer a question: {', '.join(_KEYS)}"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object a file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the files in turn; the worst outcome is the exit status."""
        retainer = find_retainer(options["retainer"])
        answers = dict(_answer(text) for text in options["answer"])
        worst = 0
        for path in options["files"]:
            report = self._take(path, retainer, answers, options)
            if options["json"]:
                self.print_json(report)
            else:
                self.stdout.write(_sentence(report, Words(retainer.workspace.locale, retainer.workspace.hour_format)))
            worst = max(worst, {"import": 0, "refuse": 1, "ask": 3}[report["outcome"]])
        if worst:
            raise SystemExit(worst)

    def _take(self, path: Path, retainer: Retainer, answers: dict[str, str], options: dict[str, Any]) -> dict[str, Any]:
        report: dict[str, Any] = {"file": str(path), "tool": None, "outcome": "refuse"}
        try:
            upload = Upload(path.name, _content(path), answers, options["all_rows"], options["only_add"])
            report["tool"] = recognise(upload.content).key
            now = timezone.now()
            if options["dry_run"]:
                return report | _would(services.examine(upload, retainer, now))
            return report | _did(services.apply(upload, retainer, by=None, now=now))
        except Refusal as refusal:
            place = {"line": refusal.line, "column": refusal.column, "value": refusal.value, "reason": refusal.reason}
            return report | {"refused": place, "text": str(refusal)}
        except Open as unanswered:
            return report | {"outcome": "ask", "questions": [_question(unanswered.question)]}


def _would(examined: Examined) -> dict[str, Any]:
    """Report what an import would do."""
    plan = examined.plan
    return {
        "tool": plan.parsed.tool.key,
        "outcome": "import",
        "window": [day.isoformat() for day in plan.window] if plan.window else None,
        "rows": plan.counts,
        "seconds": {"file": plan.parsed.seconds, "new": plan.new_seconds, "stored": examined.stored},
        "flags": [{"line": flag.line, "why": flag.why} for flag in plan.flags],
        **_named((outcome.line, outcome.kind, outcome.why) for outcome in plan.outcomes),
        "balance": {"before": examined.before, "after": examined.after},
        "import": None,
    }


def _did(done: Import) -> dict[str, Any]:
    """Report what an import did."""
    counts = done.counts
    window = [day.isoformat() for day in (done.window_from, done.window_until) if day]
    stored = services.stored_seconds(done.retainer, done.source)
    return {
        "tool": done.source.tool if done.source else None,
        "outcome": "import",
        "window": window or None,
        "rows": services.summary(counts),
        "seconds": {"file": counts["file_seconds"], "new": counts["new_seconds"], "stored": stored},
        "flags": [{"line": line, "why": why} for line, why in done.flags],
        **_named(done.outcomes),
        "balance": {"before": counts["before"], "after": counts["after"]},
        "import": done.ref,
    }


def _named(outcomes: Iterable[Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that were left out, each with its line and reason."""
    named: dict[str, list[dict[str, Any]]] = {"not_for_this_retainer": [], "not_an_entry": []}
    for line, kind, why in outcomes:
        if kind in named:
            named[kind].append({"line": line, "why": why})
    return named


def _answer(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or key not in _KEYS:
        raise Refused(f"--answer {text}: write KEY=VALUE with one of {', '.join(_KEYS)}", 2)
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
    seconds, balance = report["seconds"], report["balance"]
    lines = [
        f"{report['file']} ({report['tool']}): {rows or 'nothing to do'}; the file sums to {words.amount(seconds['file'])}",
        f"  balance {words.left(balance['before'])} → {words.left(balance['after'])}",
        *(f"  line {flag['line']}: {flag['why']}" for flag in report["flags"][:20]),
    ]
    if report["import"]:
        lines.append(f"  take it back with: hourtab undo {report['import']}")
    return "\n".join(lines)
