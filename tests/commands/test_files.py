"""What HourTab writes to disk: for its owner alone, and nothing that stays behind."""

import fcntl
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hourtab.management.commands.backup import DRAFT, draft_of
from tests.environment import ON_POSTGRES

on_sqlite = pytest.mark.skipif(ON_POSTGRES, reason="There is no file of the database.")


def open_to_others(folder: Path) -> list[str]:
    """What others may read, but for the static files, which everybody gets."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if stat.S_IMODE(path.lstat().st_mode) & 0o077 and "static" not in path.parts
    ]


@on_sqlite
def test_whatever_the_umask_everything_is_for_its_owner_alone(new_installation, tmp_path) -> None:
    there = tmp_path / "srv/hourtab"
    new_installation.environment |= {
        "HOURTAB_VAR": str(there / "var"),
        "DATABASE_URL": f"sqlite:///{there}/data/hourtab.sqlite3",
    }
    before = os.umask(0o022)
    try:
        with new_installation.serve() as _site:
            assert (there / "data/hourtab.sqlite3-wal").exists()
            assert open_to_others(tmp_path) == []
        new_installation.run("open", "--client", "Acme", "--hours", "10")
        new_installation.run("export", "--to", str(there / "all.zip"))
        new_installation.run("backup", str(there / "copy"))
    finally:
        os.umask(before)
    assert open_to_others(tmp_path) == []


def test_an_export_over_a_file_that_was_open_to_all_is_not(installation, tmp_path) -> None:
    installation.open()
    file = tmp_path / "all.zip"
    file.touch(mode=0o644)
    installation.run("export", "--to", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_backup_is_for_its_owner_alone_from_the_first_byte(tmp_path) -> None:
    before = os.umask(0)
    try:
        with draft_of(tmp_path / "copy") as draft:
            assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert list(tmp_path.iterdir()) == []


def test_what_killed_backups_left_goes_with_the_next_one_and_nothing_else(
    installation, tmp_path
) -> None:
    if ON_POSTGRES:
        installation.environment["PATH"] = (
            f"{os.environ['HOURTAB_TEST_BINARIES']}:{installation.environment['PATH']}"
        )
    installation.open()
    backups = tmp_path / "backups"
    backups.mkdir()
    killed = backups / f".hourtab-2027-06-21.sqlite3.99{DRAFT}"
    running = backups / f".hourtab-2027-06-22.sqlite3.98{DRAFT}"
    others = backups / ".profile"
    for path in (killed, Path(f"{killed}-journal"), running, others):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 3600,) * 2)
    with running.open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        installation.run("backup", str(backups / "hourtab-today"))
    assert {path.name for path in backups.iterdir()} == {
        running.name,
        ".profile",
        "hourtab-today",
    }


def test_the_command_of_the_document_removes_old_copies_and_drafts(tmp_path) -> None:
    root = Path(__file__).parent.parent.parent
    line = next(
        line.strip().removeprefix("ExecStart=")
        for line in (root / "docs/self-hosting.md").read_text().splitlines()
        if "ExecStart=/usr/bin/find /backups" in line
    )
    days = {
        "hourtab-old.sqlite3": 20,
        "hourtab-new.sqlite3": 2,
        f".hourtab-killed.sqlite3.7{DRAFT}": 3,
        f".hourtab-running.sqlite3.8{DRAFT}": 0,
        "notes.txt": 30,
    }
    for name, age in days.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age * 86400,) * 2)
    words = [word.strip("'").replace("/backups", str(tmp_path)) for word in line.split()]
    subprocess.run(words, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {
        "hourtab-new.sqlite3",
        f".hourtab-running.sqlite3.8{DRAFT}",
        "notes.txt",
    }


def said_by(*words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hourtab", *words],
        env=os.environ | {"SECRET_KEY": "x", "LINK_KEY": "y"} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_database_that_is_not_there_is_not_one_that_was_not_set_up(tmp_path) -> None:
    var = {"HOURTAB_VAR": str(tmp_path)}
    nowhere = "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2"
    for words in (("verify",), ("web",)):
        said = said_by(*words, DATABASE_URL=nowhere, **var)
        assert "The database does not answer: " in said, words
        assert "whether its server runs" in said
        assert "hourtab migrate" not in said
    # /proc takes no files: it stands for a file system that is read-only.
    said = said_by("verify", DATABASE_URL="sqlite:////proc/hourtab.sqlite3", **var)
    assert "The database file /proc/hourtab.sqlite3 cannot be used: " in said
    assert "hourtab migrate" not in said
    (tmp_path / "no.sqlite3").write_bytes(b"This is no database." * 100)
    said = said_by("verify", DATABASE_URL=f"sqlite:///{tmp_path}/no.sqlite3", **var)
    assert "cannot be used: file is not a database" in said
    said = said_by("verify", DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3", **var)
    assert said == "This database has not been set up. Run: hourtab migrate\n"


def test_a_folder_that_cannot_be_made_is_said() -> None:
    said = said_by("verify", HOURTAB_VAR="/proc/nowhere", SECRET_KEY="", DATABASE_URL="")
    assert said.startswith("The folder /proc/nowhere")
    assert "HOURTAB_VAR" in said
