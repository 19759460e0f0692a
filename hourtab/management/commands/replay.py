"""`hourtab replay`: compute a ledger document, without database or server."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hourtab.core import amounts
from hourtab.core.document import public, read, write
from hourtab.core.document.fields import DocumentError
from hourtab.core.results import Statement
from hourtab.core.statement import statement

_COLUMNS = (
    "carried_in",
    "available",
    "used",
    "overage",
    "expired",
    "trimmed",
    "carried_out",
    "debt_out",
    "remaining",
)
_LARGEST = 200 * 1024 * 1024


class Command(BaseCommand):
    """Replay ledger documents."""

    help = (
        "Compute the statement of ledger documents (docs/ledger-document.md). All files are "
        "read before anything is printed."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take files."""
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="ledger documents; - reads standard input"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one statement object per line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read all, then print all; a refusal ends with status 2 and nothing on standard output."""
        results = []
        for name in options["files"]:
            try:
                results.append(_replayed(_bytes(name)))
            except (DocumentError, OSError) as error:
                reason = (
                    error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                )
                self.stderr.write(_printable(f"{name}: {reason}"))
                sys.exit(2)
        for name, (found, table) in zip(options["files"], results, strict=True):
            said = json.dumps(found) if options["json"] else f"{_printable(name)}\n{table}"
            self.stdout.write(said)


def _printable(text: str) -> str:
    """A file's name may be bytes that are no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def _bytes(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(_LARGEST)
    with Path(name).open("rb") as handle:
        return handle.read(_LARGEST)


def _replayed(content: bytes) -> tuple[dict[str, Any], str]:
    """Return what a document says when it is computed or checked: as JSON, and as a text."""
    raw = read.parse(content)
    if isinstance(raw, dict) and raw.get("format") == public.PUBLIC_FORMAT:
        fingerprint, lines = public.check(raw)
        said = {"format": public.PUBLIC_FORMAT, "lines": lines, "sha256": fingerprint}
        return said, f"The {lines} lines give the figures.\nSHA-256 {fingerprint}\n"
    document = read.from_json(raw)
    result, chain = statement(document.ledger, document.as_of), document.chain
    proven = {"chain": {"records": chain.records, "head": chain.head}} if chain else {}
    fits = f"\nThe chain fits: {chain.records} records, head {chain.head}" if chain else ""
    return write.statement_json(result) | proven, _table(result) + fits


def _table(result: Statement) -> str:
    rows = [("cycle", "", *(column.replace("_", " ") for column in _COLUMNS))]
    for cycle in result.cycles:
        figures = (amounts.clock(getattr(cycle, column)) for column in _COLUMNS)
        rows.append((f"{cycle.starts_on}", cycle.state, *figures))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(lines)
