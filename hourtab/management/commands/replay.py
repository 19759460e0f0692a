"""`hourtab replay`: compute a ledger document, without database or server."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hourtab.core import amounts, documents
from hourtab.core.fields import DocumentError
from hourtab.core.statement import statement
from hourtab.core.totals import Statement

_COLUMNS = ("carried_in", "available", "used", "overage", "expired", "trimmed", "carried_out", "debt_out", "remaining")
_LARGEST = 200 * 1024 * 1024


class Command(BaseCommand):
    """Replay ledger documents."""

    help = "Compute the statement of ledger documents (docs/ledger-document.md). All files are read before anything is printed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take files."""
        parser.add_argument("files", nargs="+", metavar="FILE", help="ledger documents; - reads standard input")
        parser.add_argument("--json", action="store_true", help="print one statement object per line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read all, then print all; a refusal ends with status 2 and nothing on standard output."""
        results = []
        for name in options["files"]:
            try:
                document = documents.read(_bytes(name))
                results.append((statement(document.ledger, document.as_of), document.chain))
            except (DocumentError, OSError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                self.stderr.write(f"{name}: {reason}")
                sys.exit(2)
        for name, (result, chain) in zip(options["files"], results, strict=True):
            if options["json"]:
                proven = {"chain": {"records": chain.records, "head": chain.head}} if chain else {}
                self.stdout.write(json.dumps(documents.statement_json(result) | proven))
            else:
                self.stdout.write(_table(name, result))
                if chain:
                    self.stdout.write(f"The chain fits: {chain.records} records, head {chain.head}")


def _bytes(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(_LARGEST)
    with Path(name).open("rb") as handle:
        return handle.read(_LARGEST)


def _table(name: str, result: Statement) -> str:
    rows = [("cycle", "", *(column.replace("_", " ") for column in _COLUMNS))]
    for cycle in result.cycles:
        figures = (amounts.clock(getattr(cycle, column)) for column in _COLUMNS)
        rows.append((f"{cycle.starts_on}", cycle.state, *figures))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return f"{name}\n" + "\n".join(lines)
