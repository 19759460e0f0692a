"""How long files and functions are: what is long is printed, what is too long needs its reason here.

A second.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parent.parent / "hourtab"
LONG_FILE, LONGEST_FILE = 200, 350
LONG_FUNCTION, LONGEST_FUNCTION = 30, 50
REASONS = {
    "ledger/errors.py": "a table: one refusal after the other, each a class of a line or two"
}
TO_CUT = {
    "core/cycle.py::play",
    "imports/matching/planning.py",
    "imports/matching/planning.py::_compare",
    "imports/matching/planning.py::_pair",
    "imports/reading/appointments.py::_rows_of",
    "imports/reading/layout.py",
    "imports/reading/layout.py::_nothing_found",
    "imports/reading/parsing.py",
    "imports/reading/parsing.py::_read",
    "imports/reading/values.py",
    "imports/reading/values.py::date_order",
    "imports/reports.py::preview",
    "imports/verbs/apply.py::_apply",
    "lane/lane.py",
    "ledger/models.py",
    "ledger/saying/words.py::facts_of",
    "ledger/verbs/approve.py::authorise",
    "ledger/verbs/log.py::decide",
    "ledger/verbs/log.py::top_up",
    "operating/doctor.py",
    "overage/services.py",
    "overage/services.py::ask",
    "retainers/services.py::open_retainer",
    "showing/balance/page.py",
    "showing/statement.py::statement_page",
    "showing/story.py::story_of",
    "team/services.py::invite",
}
"""What is longer than it should be. A name leaves this list when its work is done; none is added."""


def sources() -> Iterator[Path]:
    return (path for path in sorted(HOUSE.rglob("*.py")) if "migrations" not in path.parts)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_files_and_functions_can_be_read_in_one_sitting() -> None:
    files = {
        path.relative_to(HOUSE).as_posix(): len(path.read_text().splitlines()) for path in sources()
    }
    parts = {
        f"{path.relative_to(HOUSE).as_posix()}::{name}": lines
        for path in sources()
        for name, lines in functions(path)
    }
    for title, found, long in (
        ("files", files, LONG_FILE),
        ("functions", parts, LONG_FUNCTION),
    ):
        listed = sorted(((n, name) for name, n in found.items() if n > long), reverse=True)
        print(f"{len(listed)} {title} over {long} lines:")
        print("\n".join(f"  {n:4} {name}" for n, name in listed))
    too_long = {name for name, n in files.items() if n > LONGEST_FILE}
    too_long |= {name for name, n in parts.items() if n > LONGEST_FUNCTION}
    known = TO_CUT | set(REASONS)
    assert too_long == known, sorted(too_long ^ known)
