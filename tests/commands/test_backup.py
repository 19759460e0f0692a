"""Backups while files are brought in, restored elsewhere: whole, verified, with the same statements
and the same links.
"""

import os
import shutil
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.builders import TOGGL
from tests.conftest import Installation
from tests.environment import ON_POSTGRES

ROWS = 3000
SAID = """
from hourtab.ledger.models import Statement, Entry; from hourtab.imports.models import Import
print(sorted(Statement.objects.values_list('retainer__ref', 'number', 'version', 'totals')))
print(Entry.objects.count(), sorted(Import.objects.values_list('state', flat=True)))
"""


def a_file(path: Path, month: int) -> Path:
    rows = [
        f"Mara,m@northlight.example,Acme,ERP,,Call {month}-{i},Yes,2027-{month:02d}-{i % 28 + 1:02d},09:00:00,2027-{month:02d}-{i % 28 + 1:02d},09:00:36,00:00:36,,"
        for i in range(ROWS)
    ]
    path.write_text("\n".join([TOGGL, *rows]) + "\n")
    return path


def restored(copy: Path, installation: Installation, folder: Path) -> Installation:
    """Put a backup where another machine would: in a database of its own, with the keys beside
    it.
    """
    folder.mkdir()
    shutil.copytree(installation.folder / "var/keys", folder / "var/keys")
    if not ON_POSTGRES:
        shutil.copy(copy, folder / "data.sqlite3")
        return Installation(folder, f"sqlite:///{folder}/data.sqlite3")
    import psycopg

    server, name = os.environ["DATABASE_URL"], f"restored_{folder.name}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
    url = server.replace("/postgres?", f"/{name}?")
    tool = Path(os.environ["HOURTAB_TEST_BINARIES"]) / "pg_restore"
    done = subprocess.run(
        [tool, f"--dbname={url}", "--exit-on-error", "--no-owner", copy],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return Installation(folder, url)


def test_a_backup_made_while_a_file_is_brought_in_is_restored_elsewhere(
    installation, tmp_path: Path
) -> None:
    if ON_POSTGRES:
        installation.environment["PATH"] = (
            f"{os.environ['HOURTAB_TEST_BINARIES']}:{installation.environment['PATH']}"
        )
    ref, token = installation.open("Acme", "200", "2027-01-01")
    installation.run("import", str(a_file(tmp_path / "1.csv", 1)))
    installation.run("worker", "--once")
    ended: list[int] = []

    def bring_in() -> None:
        for month in (2, 3, 4):
            process = installation.start("import", str(a_file(tmp_path / f"{month}.csv", month)))
            process.communicate(timeout=120)
            ended.append(process.returncode)

    importing = threading.Thread(target=bring_in)
    importing.start()
    copies = []
    while importing.is_alive():
        copies.append(tmp_path / f"copy{len(copies)}")
        installation.run("backup", str(copies[-1]))
    importing.join()
    assert ended == [0, 0, 0]
    assert len(copies) > 2
    counts = []
    for i in sorted({0, len(copies) // 2, len(copies) - 1}):
        there = restored(copies[i], installation, tmp_path / f"there{i}")
        assert there.json("verify")["findings"] == {}, f"backup {i}"
        entries, states = there.run("shell", "-v", "0", "-c", SAID).splitlines()[-1].split(" ", 1)
        assert int(entries) % ROWS == 0, "an import is in it whole, or not at all"
        assert states.count("applied") == int(entries) // ROWS
        counts.append(int(entries))
    assert counts == sorted(counts)
    last = tmp_path / "last"
    installation.run("backup", str(last))
    there = restored(last, installation, tmp_path / "after")
    assert there.run("shell", "-v", "0", "-c", SAID) == installation.run(
        "shell", "-v", "0", "-c", SAID
    )
    assert there.json("balance", ref, "--on", "2027-04-30") == installation.json(
        "balance", ref, "--on", "2027-04-30"
    )
    with there.serve() as site:
        page = urllib.request.urlopen(f"{site}/r/{token}").read().decode()
    assert "Acme" in page
    if not ON_POSTGRES:
        return
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as link:
        for (name,) in link.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'restored_%'"
        ).fetchall():
            link.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_with_other_keys_no_link_opens_and_it_is_said(installation, tmp_path: Path) -> None:
    if ON_POSTGRES:
        pytest.skip("The same on both: the keys lie beside the database.")
    installation.open("Acme", "20", "2027-01-01")
    installation.run("backup", str(tmp_path / "copy"))
    there = restored(tmp_path / "copy", installation, tmp_path / "there")
    shutil.rmtree(tmp_path / "there/var/keys")
    assert "LINK_KEY is not the one" in there.run("web", status=1)
