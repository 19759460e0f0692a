"""An import of 100,000 rows against the bare insert of the same rows into the same tables with the same indexes."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.stage import stage, toggl

ROWS = 100_000


def measure() -> Iterator[tuple[str, float]]:
    """Yield the ratio."""
    with stage() as place, tempfile.TemporaryDirectory() as folder:
        path = toggl(Path(folder) / "year.csv", ROWS, "2027-01-15")
        ref = place.json("open", "--client", "Acme", "--hours", "20", "--start", "2027-01-01")["ref"]
        begin = time.perf_counter()
        place.run("import", str(path), "--retainer", ref)
        imported = time.perf_counter() - begin
        begin = time.perf_counter()
        place.run("import", str(path), "--retainer", ref)
        again = time.perf_counter() - begin
        floor = _bare_insert(Path(place.environment["HOURTAB_VAR"]) / "hourtab.sqlite3", Path(folder) / "copy.sqlite3")
        yield "import_100k_vs_executemany", imported / floor
        yield "reimport_100k_vs_import", again / imported


def _bare_insert(source: Path, target: Path) -> float:
    """Copy schema and rows of entries and revisions; return the seconds of the insert alone."""
    tables = ("ledger_entry", "ledger_revision")
    with sqlite3.connect(source) as link:
        schema = [
            row[0]
            for name in tables
            for row in link.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql NOT NULL", (name,))
        ]
        rows = {name: link.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    link.close()
    copy = sqlite3.connect(target, isolation_level=None)
    copy.execute("PRAGMA journal_mode = WAL")
    copy.execute("PRAGMA synchronous = NORMAL")
    for statement in schema:
        copy.execute(statement)
    begin = time.perf_counter()
    copy.execute("BEGIN IMMEDIATE")
    for name in tables:
        marks = ", ".join("?" * len(rows[name][0]))
        copy.executemany(f"INSERT INTO {name} VALUES ({marks})", rows[name])
    copy.execute("COMMIT")
    taken = time.perf_counter() - begin
    copy.close()
    return taken
