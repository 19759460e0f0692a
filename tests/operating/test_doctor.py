"""What the doctor finds, on a real installation: each finding a sentence and a way out."""

import socket
import sqlite3
import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone

from hourtab.operating.doctor import has_safe_wal, look_over
from hourtab.operating.models import Mark
from tests.builders import a_retainer
from tests.mailbox import smtp_peer


def levels(found: dict) -> dict[str, str]:
    return {finding["about"]: finding["level"] for finding in found["findings"]}


def test_an_installation_that_runs_is_well_and_says_what_to_look_at(installation, tmp_path) -> None:
    installation.open()
    ill = installation.json("doctor", status=1)
    assert levels(ill)["worker"] == "wrong"
    assert next(finding for finding in ill["findings"] if finding["about"] == "worker")[
        "way_out"
    ].startswith("Run: hourtab worker")
    installation.run("worker", "--once")
    well = installation.json("doctor")
    assert well["wrong"] == 0
    expected = {"mail", "backup"}
    if "sqlite" in levels(well) and not has_safe_wal(sqlite3.sqlite_version_info):
        expected.add("sqlite")
    assert {about for about, level in levels(well).items() if level == "look"} == expected
    assert next(finding for finding in well["findings"] if finding["about"] == "LINK_KEY")[
        "said"
    ].startswith("LINK_KEY lies in")
    assert all(finding["way_out"] for finding in well["findings"] if finding["level"] != "ok")
    if not installation.environment["DATABASE_URL"].startswith("postgres"):
        installation.run("backup", str(tmp_path / "copy.sqlite3"))
        assert levels(installation.json("doctor"))["backup"] == "ok"
    said = installation.run("doctor")
    assert "ok     worker: A worker was seen" in said
    for secret in (tmp_path / "var/keys").iterdir():
        assert secret.read_text().strip() not in said


def test_keys_that_others_can_read_a_site_without_tls_and_a_dead_mail_server_are_wrong(
    installation, tmp_path
) -> None:
    installation.open()
    installation.run("worker", "--once")
    (tmp_path / "var/keys/link_key").chmod(0o644)
    (tmp_path / "var").chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = probe.getsockname()[1]
    installation.environment |= {
        "SITE_URL": "http://hours.example",
        "EMAIL_URL": f"smtp://127.0.0.1:{dead}",
    }
    found = installation.json("doctor", status=1)
    assert {about for about, level in levels(found).items() if level == "wrong"} == {
        "site",
        "LINK_KEY",
        "files",
        "mail",
    }
    (said,) = [item for item in found["findings"] if item["about"] == "files"]
    assert said["way_out"] == f"chmod -R o= {tmp_path}/var"
    (tmp_path / "var/keys/link_key").chmod(0o600)
    (tmp_path / "var").chmod(0o700)
    with smtp_peer() as (_box, url):
        installation.environment |= {"SITE_URL": "https://hours.example", "EMAIL_URL": url}
        assert levels(installation.json("doctor"))["mail"] == "ok"


def test_a_plan_that_is_none_and_a_file_that_holds_none_are_said(installation, tmp_path) -> None:
    installation.open()
    installation.run("worker", "--once")
    installation.environment["PLAN"] = "gold"
    found = {
        finding["about"]: finding for finding in installation.json("doctor", status=1)["findings"]
    }
    assert (found["plans"]["level"], found["plans"]["said"]) == (
        "wrong",
        "PLAN=gold is none of the plans.",
    )
    (tmp_path / "plans.toml").write_text("[gold\n")
    installation.environment["PLANS"] = str(tmp_path / "plans.toml")
    found = {
        finding["about"]: finding for finding in installation.json("doctor", status=1)["findings"]
    }
    assert "cannot be used" in found["plans"]["said"]


def test_a_database_that_is_not_set_up_or_does_not_answer_is_said(new_installation) -> None:
    found = new_installation.json("doctor", status=1)
    assert levels(found)["migrations"] == "wrong"
    new_installation.environment["DATABASE_URL"] = (
        "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2"
    )
    new_installation.environment |= {"SECRET_KEY": "x", "LINK_KEY": "y"}
    found = new_installation.json("doctor", status=1)
    assert levels(found)["database"] == "wrong"
    assert "worker" not in levels(found)


@pytest.mark.django_db
def test_a_clock_behind_the_ledger_and_a_worker_that_stopped_are_wrong(northlight) -> None:
    from tests.builders import log

    now = timezone.now()
    retainer = a_retainer(northlight, starts="2026-01-01")
    log(retainer, "2026-01-02", "1h", now=now + timedelta(hours=1))
    Mark.leave("worker", now - timedelta(hours=2))
    Mark.leave("backup", now - timedelta(days=3))
    found = {finding.about: finding for finding in look_over(now)}
    assert found["clock"].level == "wrong"
    assert "Something was written in the future" in found["clock"].said
    assert found["worker"].level == "wrong"
    assert found["backup"].level == "look"


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_which_sqlite_writes_safely_is_known(version, is_safe) -> None:
    assert has_safe_wal(version) is is_safe


def test_monitors_hear_whether_it_lives_and_whether_it_serves(installation) -> None:
    installation.open()
    with installation.serve() as site:
        for path in ("healthz", "readyz"):
            with urllib.request.urlopen(f"{site}/{path}") as answer:
                assert (answer.status, answer.read()) == (200, b"ok\n")
                assert "Set-Cookie" not in answer.headers
