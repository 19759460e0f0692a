"""An import of 100,000 rows against the bare insert of the same rows into the same tables with the
same indexes.

Measured from the file to its rows stored, compared and balanced, in a process that is up already;
on SQLite against `executemany`, on PostgreSQL against COPY. And the preview of 1,000 rows against
that of 10.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.stage import ROOT, Stage, postgres, stage, toggl

ROWS = 100_000
TABLES = ("ledger_entry", "ledger_revision")


def measure() -> Iterator[tuple[str, float]]:
    """Yield the ratios."""
    with stage() as place, tempfile.TemporaryDirectory() as folder:
        path = toggl(Path(folder) / "year.csv", ROWS, "2026-01-15")
        imported, again = _import(place, path)
        floor = _bare_insert(
            Path(place.environment["HOURTAB_VAR"]) / "hourtab.sqlite3",
            Path(folder) / "copy.sqlite3",
        )
        yield "import_100k_vs_executemany", imported / floor
        yield "reimport_100k_vs_import", again / imported
        yield (
            "preview_1000_s",
            _preview(place, toggl(Path(folder) / "week.csv", 1000, "2026-01-16")),
        )
    with postgres() as uri, stage(uri) as place, tempfile.TemporaryDirectory() as folder:
        imported, _again = _import(place, toggl(Path(folder) / "year.csv", ROWS, "2026-01-15"))
        yield "import_100k_vs_copy", imported / _bare_copy(uri)


def _import(place: Stage, path: Path) -> tuple[float, float]:
    """Return the seconds of an import, and of the same one again."""
    ref = place.json("open", "--client", "Acme", "--hours", "20", "--start", "2026-01-01")["ref"]
    environment = place.environment | {"DJANGO_SETTINGS_MODULE": "hourtab.settings"}
    command = [sys.executable, "-m", "bench.warm_import", str(path), ref]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    first, again = map(float, done.stdout.split())
    return first, again


def _preview(place: Stage, path: Path) -> float:
    """Return the seconds of a dry run of 1,000 rows, less those of a dry run of 10: what the rows
    cost.
    """
    ref = place.json("open", "--client", "Beta", "--hours", "20", "--start", "2026-01-01")["ref"]
    small = toggl(path.with_name("small.csv"), 10, "2026-01-16")
    taken: dict[Path, list[float]] = {small: [], path: []}
    for file in (small, path) * 3:
        begin = time.perf_counter()
        report = json.loads(
            place.run("import", str(file), "--retainer", ref, "--all-rows", "--dry-run", "--json")
        )
        taken[file].append(time.perf_counter() - begin)
        assert report["outcome"] == "import"
    return min(taken[path]) - min(taken[small])


def _bare_insert(source: Path, target: Path) -> float:
    """Copy schema and rows of entries and revisions; return the seconds of the insert alone."""
    with sqlite3.connect(source) as link:
        schema = [
            row[0]
            for name in TABLES
            for row in link.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql NOT NULL", (name,)
            )
        ]
        rows = {name: link.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
    link.close()
    copy = sqlite3.connect(target, isolation_level=None)
    copy.execute("PRAGMA journal_mode = WAL")
    copy.execute("PRAGMA synchronous = NORMAL")
    for statement in schema:
        copy.execute(statement)
    begin = time.perf_counter()
    copy.execute("BEGIN IMMEDIATE")
    for name in TABLES:
        marks = ", ".join("?" * len(rows[name][0]))
        copy.executemany(f"INSERT INTO {name} VALUES ({marks})", rows[name])
    copy.execute("COMMIT")
    taken = time.perf_counter() - begin
    copy.close()
    return taken


def _bare_copy(uri: str) -> float:
    """Return the seconds of a COPY of the rows of entries and revisions into tables like theirs,
    foreign keys included.
    """
    import psycopg

    with psycopg.connect(uri) as link, link.cursor() as cursor:
        rows = {}
        for name in TABLES:
            cursor.execute(f"SELECT * FROM {name}")
            rows[name] = cursor.fetchall()
            cursor.execute(f"CREATE TABLE bare_{name} (LIKE {name} INCLUDING ALL)")
            cursor.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [name],
            )
            for (foreign_key,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE bare_{name} ADD {foreign_key}")
        link.commit()
        begin = time.perf_counter()
        for name in TABLES:
            with cursor.copy(f"COPY bare_{name} FROM STDIN") as copy:
                for row in rows[name]:
                    copy.write_row(row)
        link.commit()
        return time.perf_counter() - begin
