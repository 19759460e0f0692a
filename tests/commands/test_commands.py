"""The console command, as its own process, on its own database."""

import json
import os
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.builders import toggl
from tests.environment import ON_POSTGRES

WEEK = (
    "06-01 09:00 1:30 Prep call",
    "06-02 10:00 2:00 Workshop",
    "06-02 10:00 2:00 Workshop",
    "06-04 14:00 0:45 Notes",
)


@pytest.fixture
def week(tmp_path: Path) -> str:
    path = tmp_path / "week.csv"
    path.write_bytes(toggl(*WEEK))
    return str(path)


def test_open_log_balance_verify(installation) -> None:
    ref, token = installation.open()
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
    logged = installation.json(
        "log", "Session", "3", "prep:", "prior", "notes,", "45m", "@acme", "2027-06-03"
    )
    assert (logged["ref"], logged["on"], logged["seconds"], logged["description"]) == (
        ref,
        "2027-06-03",
        2700,
        "Session 3 prep: prior notes",
    )
    balance = installation.json("balance", ref, "--on", "2027-06-30")
    assert (balance["starts_on"], balance["used"], balance["remaining"], balance["headline"]) == (
        "2027-06-01",
        2700,
        69300,
        "45 m of 20 h used · 19 h 15 m remain",
    )
    assert "45 m of 20 h used" in installation.run("balance", ref, "--on", "2027-06-30").replace(
        "\u00a0", " "
    )
    assert installation.json("verify") == {"retainers": 1, "findings": {}}


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("open", "--client", "Acme", "--hours", "-3"), 2, "is negative"),
        (("open", "--client", "Acme", "--hours", "9999999"), 2, "longer than"),
        (
            ("open", "--client", "Acme", "--hours", "20", "--start", "2027-02-30"),
            2,
            "is not a date",
        ),
        (
            ("open", "--client", "Acme", "--hours", "20", "--zone", "Mars/Olympus"),
            2,
            "is not a time zone",
        ),
        (("open", "--client", "  ", "--hours", "20"), 2, "1 to 120 characters"),
        (("open",), 2, "required"),
        (("log", "notes, 45m"), 1, "Run: hourtab migrate"),
        (("balance", "nothing"), 1, "Run: hourtab migrate"),
    ],
)
def test_bad_input_is_a_sentence_and_a_status(new_installation, words, status, sentence) -> None:
    assert sentence in new_installation.run(*words, status=status)


def test_refusals_on_a_database_that_exists(installation) -> None:
    ref, _ = installation.open()
    assert f"There is no retainer “zzz”. Known: {ref}." in installation.run(
        "balance", "zzz", status=2
    )
    assert "Say how long" in installation.run("log", "notes @acme", status=2)
    assert "starts on 2027-01-01" in installation.run(
        "log", "notes, 45m @acme 2026-12-31", status=1
    )
    assert "there is no balance on 2026-01-01" in installation.run(
        "balance", ref, "--on", "2026-01-01", status=1
    )
    assert "This database is not new" in installation.run("demo", status=1)
    assert "There is no import" in installation.run("undo", "zzz", status=2)
    assert "KEY=VALUE" in installation.run(
        "import", "x.csv", "--retainer", ref, "--answer", "colour=red", status=2
    )


def test_import_reports_applies_and_undoes(installation, week) -> None:
    ref, _ = installation.open()
    before = installation.json("balance", ref, "--on", "2027-06-30")
    dry = installation.json("import", week, "--retainer", ref, "--dry-run")
    assert dry["import"] is None
    assert installation.json("balance", ref, "--on", "2027-06-30") == before
    done = installation.json("import", week, "--retainer", ref)
    assert done["rows"] == {
        "read": 4,
        "new": 4,
        "changed": 0,
        "gone": 0,
        "unchanged": 0,
        "conflict": 0,
        "not_for_this_retainer": 0,
        "not_an_entry": 0,
    }
    assert done["seconds"] == {"file": 22500, "new": 22500, "stored": 22500} == dry["seconds"]
    assert (done["tool"], done["outcome"], done["window"]) == (
        "toggl",
        "import",
        ["2027-06-01", "2027-06-04"],
    )
    again = installation.json("import", week, "--retainer", ref)
    assert (again["rows"]["unchanged"], again["rows"]["new"], again["seconds"]["stored"]) == (
        4,
        0,
        22500,
    )
    installation.run("undo", done["import"])
    assert installation.json("balance", ref, "--on", "2027-06-30") == before
    assert "nothing to undo" in installation.run("undo", done["import"], status=1)
    assert installation.json("verify")["findings"] == {}


def test_one_file_feeds_every_retainer_it_names_and_undo_takes_all_back(
    installation, tmp_path
) -> None:
    acme, _ = installation.open()
    beta = installation.json("open", "--client", "Beta", "--hours", "10", "--start", "2027-01-01")[
        "ref"
    ]
    path = tmp_path / "all.csv"
    path.write_bytes(
        toggl(
            "06-01 09:00 1:30 Prep | Acme",
            "06-01 11:00 2:00 Audit | Beta",
            "06-01 14:00 1:00 Secret | Rival",
        )
    )
    dry = installation.json("import", str(path), "--dry-run")
    done = installation.json("import", str(path))
    for report in (dry, done):
        assert {part["retainer"]: part["rows"]["new"] for part in report["retainers"]} == {
            acme: 1,
            beta: 1,
        }
        assert report["not_for_this_retainer"] == [
            {"line": 4, "why": "client “Rival”, project “Programme”"}
        ]
        assert (report["balance"], report["columns"]["duration"]) == (None, "Duration")
    installation.run("undo", done["import"])
    assert installation.json("balance", beta, "--on", "2027-06-30")["used"] == 0
    assert "needs --retainer" in installation.run("import", str(path), "--all-rows", status=2)


def test_texts_to_look_at_are_a_question_that_an_answer_settles(installation, tmp_path) -> None:
    ref, _ = installation.open()
    path = tmp_path / "week.csv"
    path.write_bytes(toggl("06-01 09:00 1:30 Wrote to jo@acme.example"))
    dry = installation.json("import", str(path), "--retainer", ref, "--dry-run")
    assert (dry["outcome"], dry["questions"][0]["key"]) == ("import", "publish")
    assert {"line": 2, "why": "holds an e-mail address"} in dry["flags"]
    assert installation.json("import", str(path), "--retainer", ref, status=3)["outcome"] == "ask"
    assert (
        installation.json("import", str(path), "--retainer", ref, "--answer", "publish=yes")[
            "rows"
        ]["new"]
        == 1
    )


def test_import_refuses_with_the_place_and_asks_with_the_options(installation, tmp_path) -> None:
    ref, _ = installation.open()
    wrong = tmp_path / "wrong.csv"
    wrong.write_bytes(toggl(WEEK[0]).replace(b"2027-06-01,09:00:00", b"2027-13-01,09:00:00"))
    refused = installation.json("import", str(wrong), "--retainer", ref, status=1)
    assert refused["outcome"] == "refuse"
    assert refused["refused"] == {
        "line": 2,
        "column": "Start date",
        "value": "2027-13-01",
        "reason": "this is not a date in the calendar",
    }
    mixed = tmp_path / "mixed.csv"
    mixed.write_bytes(toggl("06-01 09:00 1:30 Call | Acme Corp", "06-01 10:00 1:00 Secret | Rival"))
    asked = installation.json("import", str(mixed), "--retainer", ref, status=3)
    assert asked["outcome"] == "ask"
    assert asked["questions"][0]["key"] == "client"
    assert asked["questions"][0]["options"] == ["Acme Corp", "Rival"]
    assert asked["seconds"] == {"file": 9000}
    dates = tmp_path / "dates.csv"
    dates.write_text("Date,Client,Hours\n03/04/2027,Acme,1.5\n")
    asked = installation.json("import", str(dates), "--retainer", ref, status=3)
    assert (asked["questions"][0]["key"], asked["seconds"]) == ("date_order", {"file": 5400})
    answered = installation.json(
        "import", str(mixed), "--retainer", ref, "--answer", "client=Acme Corp"
    )
    assert answered["rows"]["not_for_this_retainer"] == 1
    assert (
        installation.json("import", "/nowhere.csv", "--retainer", ref, status=1)["outcome"]
        == "refuse"
    )


def a_ledger(**more) -> str:
    terms = {
        "effective_on": "2027-01-01",
        "cap": 36000,
        "cadence": "month",
        "anchor_on": "2027-01-01",
    }
    return json.dumps(
        {
            "format": "hourtab-ledger/1",
            "retainer": {"starts_on": "2027-01-01"},
            "terms": [terms],
            "as_of": "2027-02-10",
        }
        | more
    )


def test_replay_reads_files_and_standard_input_and_prints_in_order(installation, tmp_path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(a_ledger())
    two.write_text(a_ledger(as_of="2027-03-10"))
    process = installation.start("replay", str(two), "-", str(one), "--json")
    out, _ = process.communicate(a_ledger(as_of="2026-01-01"))
    assert process.returncode == 0
    assert [len(json.loads(line)["cycles"]) for line in out.splitlines()] == [3, 0, 2]
    assert re.search(r"2027-02-01 +open +0:00 +10:00", installation.run("replay", str(one)))


def test_replay_refuses_all_before_it_prints_any(installation, tmp_path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(a_ledger())
    bad.write_text(a_ledger(entries=[{"id": "e1", "on": "2027-01-05", "amount": 1.5}]))
    process = installation.start("replay", str(good), str(bad), "--json")
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert f"{bad}: entries[0].amount: not a whole number of seconds" in err
    assert "closes[0].on: 2027-01-31 is before the cycle is over" in installation.run(
        "replay",
        "-",
        status=2,
        given=a_ledger(closes=[{"cycle": "2027-01-01", "on": "2027-01-31"}]),
    )


def test_a_backup_taken_while_running_is_whole(installation, tmp_path) -> None:
    installation.open()
    installation.run("log", "notes, 45m @acme 2027-06-03")
    target = tmp_path / "copy"
    binaries = ""
    if ON_POSTGRES:
        binaries = os.environ["HOURTAB_TEST_BINARIES"]
        installation.environment["PATH"] = f"{binaries}:{installation.environment['PATH']}"
    assert "LINK_KEY" in installation.run("backup", str(target))
    if ON_POSTGRES:
        listed = subprocess.run(
            [
                Path(binaries) / "pg_restore",
                "--data-only",
                "--table=ledger_revision",
                "--file=-",
                target,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert listed.stdout.count("\tnotes\t") == 1
    else:
        with sqlite3.connect(target) as copy:
            assert copy.execute("SELECT COUNT(*) FROM ledger_revision").fetchone() == (1,)
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        copy.close()
    assert oct(target.stat().st_mode & 0o777) == "0o600"
    assert "exists already" in installation.run("backup", str(target), status=2)


def test_the_demo_goes_into_a_new_database_and_says_how_to_sign_in(new_installation) -> None:
    demo = new_installation.json("demo")
    assert set(demo) == {"email", "password", "sign_in", "url"}
    assert new_installation.json("demo", "--if-new") == demo
    assert new_installation.json("verify") == {"retainers": 6, "findings": {}}
    key = Path(new_installation.environment["HOURTAB_VAR"]) / "keys" / "link_key"
    assert oct(key.stat().st_mode & 0o777) == "0o600"


def test_the_worker_turns_the_day_and_may_run_twice(installation) -> None:
    installation.open(start="2020-01-01")
    installation.run("log", "notes, 45m @acme 2026-06-03")
    for _ in range(2):
        installation.run("worker", "--once")
    assert installation.json("verify")["findings"] == {}


def test_ten_thousand_entries_replay_in_a_blink(installation, tmp_path) -> None:
    import time

    entries = [
        {
            "id": f"e{i:05d}",
            "on": f"2027-{i % 12 + 1:02d}-{i % 28 + 1:02d}",
            "amount": 60 * (i % 90),
        }
        for i in range(10_000)
    ]
    path, small = tmp_path / "large.json", tmp_path / "small.json"
    path.write_text(a_ledger(entries=entries, as_of="2028-01-10"))
    small.write_text(a_ledger())
    times = {}
    for file in (small, path):
        begin = time.perf_counter()
        installation.run("replay", str(file), "--json")
        times[file] = time.perf_counter() - begin
    assert times[path] < 12 * times[small], times


def test_another_link_key_is_refused_instead_of_breaking_every_link(installation) -> None:
    installation.open()
    for words in (("open", "--client", "B", "--hours", "3"), ("web",)):
        process = installation.start(*words, LINK_KEY="another")
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "LINK_KEY is not the one" in err


def test_a_port_in_use_is_said_and_nothing_is_left_running(installation) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "cannot be used" in installation.run(
            "serve", "--port", str(taken.getsockname()[1]), status=1
        )


def test_replay_leaves_nothing_behind(tmp_path) -> None:
    import sys

    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("HOURTAB_VAR", "DATABASE_URL", "SECRET_KEY", "LINK_KEY")
    }
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "hourtab", "replay", "-"],
        input=a_ledger(),
        text=True,
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": root},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
