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
    "core/cycle.py::play": "being split",
    "imports/matching/planning.py": "being split",
    "imports/matching/planning.py::_compare": "being split",
    "imports/matching/planning.py::_pair": "being split",
    "imports/reading/appointments.py::_rows_of": "being split",
    "imports/reading/layout.py": "being split",
    "imports/reading/layout.py::_nothing_found": "being split",
    "imports/reading/parsing.py": "being split",
    "imports/reading/parsing.py::_read": "being split",
    "imports/reading/values.py": "being split",
    "imports/reading/values.py::date_order": "being split",
    "imports/reports.py::preview": "being split",
    "imports/verbs/apply.py::_apply": "being split",
    "lane/lane.py": "being split",
    "ledger/errors.py": "being split",
    "ledger/models.py": "being split",
    "ledger/reading/log.py": "being split",
    "ledger/saying/words.py::facts_of": "being split",
    "ledger/verbs/approve.py::authorise": "being split",
    "ledger/verbs/log.py::decide": "being split",
    "ledger/verbs/log.py::top_up": "being split",
    "operating/doctor.py": "being split",
    "overage/services.py": "being split",
    "overage/services.py::ask": "being split",
    "retainers/services.py::open_retainer": "being split",
    "showing/balance/page.py": "being split",
    "showing/statement.py::statement_page": "being split",
    "showing/story.py::story_of": "being split",
    "team/services.py::invite": "being split",
}


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
    assert too_long == set(REASONS), sorted(too_long ^ set(REASONS))
