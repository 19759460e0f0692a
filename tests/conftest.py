"""The cast and the stages.

Ada owns Northlight, Ben edits, Ria only reads; Olga owns another workspace; Carl has only the link.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from hypothesis import HealthCheck, settings

from tests.environment import ON_POSTGRES, SET_UP

# Machines differ in speed: no example fails for being slow.
settings.register_profile("hourtab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hourtab")

NOW = datetime(2027, 6, 22, 14, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def time_leaps(monkeypatch) -> None:
    """In tests months pass in a moment, and the clock is believed all the same."""
    from hourtab.ledger.writing import clock

    monkeypatch.setattr(clock.Clock, "LEAP", timedelta(days=100_000))


@pytest.fixture
def now() -> datetime:
    """Tuesday 22 June 2027, five past two in the afternoon, UTC."""
    return NOW


@pytest.fixture
def northlight(db):
    from hourtab.accounts.services import open_workspace

    return open_workspace("Northlight", zone="UTC")


def _member(workspace, name: str, role: str) -> Browser:
    from hourtab.accounts.models import Member, User

    user = User.objects.create(
        email=f"{name}@{workspace.name.lower()}.example", password=hashed(), name=name.title()
    )
    member = Member.objects.create(workspace=workspace, user=user, role=role)
    browser = Browser(headers={"host": "localhost"})
    sign_in(browser, user)
    browser.member = member
    return browser


@cache
def hashed() -> str:
    """The hash of everybody's password, “correct horse battery”: made once, as it is slow on
    purpose.
    """
    from django.contrib.auth.hashers import make_password

    return make_password("correct horse battery")


def sign_in(browser: Browser, user) -> None:
    """Sign in as if the password had been asked for just now."""
    browser.force_login(user)
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


@pytest.fixture
def ada(northlight):
    return _member(northlight, "ada", "owner")


@pytest.fixture
def ben(northlight):
    return _member(northlight, "ben", "editor")


@pytest.fixture
def ria(northlight):
    return _member(northlight, "ria", "viewer")


@pytest.fixture
def olga(db):
    from hourtab.accounts.services import open_workspace

    return _member(open_workspace("Elsewhere", zone="UTC"), "olga", "owner")


@pytest.fixture
def carl(db):
    return Browser(headers={"host": "localhost"})


class Installation:
    """HourTab as it runs for real: its own folder, its own database, its own processes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        kept = {
            key: value
            for key, value in os.environ.items()
            if key not in ("DATABASE_URL", "HOURTAB_VAR", "SECRET_KEY", "LINK_KEY", "EMAIL_URL")
        }
        self.environment = kept | {
            "HOURTAB_VAR": str(folder / "var"),
            "DATABASE_URL": url,
        }

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hourtab", *words]
        root = str(Path(__file__).parent.parent)
        return subprocess.Popen(
            command,
            env=self.environment | more,
            cwd=root,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
        )

    def run(self, *words: str, status: int = 0, given: str | None = None) -> str:
        process = self.start(*words)
        out, err = process.communicate(given, timeout=120)
        assert process.returncode == status, f"{words}: {process.returncode}\n{out}\n{err}"
        assert "Traceback" not in err
        return out if status in (0, 3) else err or out

    def json(self, *words: str, status: int = 0) -> Any:
        process = self.start(*words, "--json")
        out, err = process.communicate(timeout=120)
        assert process.returncode == status, f"{words}: {process.returncode}\n{out}\n{err}"
        return json.loads(out.splitlines()[0])

    def open(
        self, client: str = "Acme", hours: str = "20", start: str = "2027-01-01", *more: str
    ) -> tuple[str, str]:
        opened = self.json("open", "--client", client, "--hours", hours, "--start", start, *more)
        return opened["ref"], opened["url"].rpartition("/r/")[2]

    @contextmanager
    def serve(self, **more: str) -> Iterator[str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        process = self.start("serve", PORT=port, **more)
        url = f"http://localhost:{port}"
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{url}/robots.txt", timeout=1).close()
                    break
                except (urllib.error.URLError, OSError):
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.1)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
            assert "Traceback" not in err, err


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation whose database is up to date and empty: a copy of one that was set up
    once.
    """
    if not ON_POSTGRES:
        shutil.copy(SET_UP, tmp_path / "data.sqlite3")
    with _installed(tmp_path, SET_UP.stem) as found:
        yield found


@pytest.fixture
def new_installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation as it is before anything was done: its database is not there, or holds
    nothing.
    """
    with _installed(tmp_path, "template1") as found:
        yield found


@contextmanager
def _installed(folder: Path, template: str) -> Iterator[Installation]:
    if not ON_POSTGRES:
        yield Installation(folder, f"sqlite:///{folder}/data.sqlite3")
        return
    import psycopg

    name = f"installation_{secrets.token_hex(6)}"
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield Installation(folder, server.replace("/postgres?", f"/{name}?"))
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def mailbox(settings) -> Iterator[Any]:
    """A real mail server that HourTab sends to."""
    from tests.mailbox import smtp_peer

    with smtp_peer() as (box, url):
        settings.EMAIL_URL = url
        options = {"host": "127.0.0.1", "port": int(url.rpartition(":")[2]), "timeout": 5}
        settings.MAILERS = {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": options,
            }
        }
        settings.SITE_URL = "https://hours.example"
        yield box


@pytest.fixture
def on_postgres() -> bool:
    return connection.vendor == "postgresql"
