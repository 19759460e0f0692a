"""Bringing a database up to date, safely from several processes at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from hourtab.lib.database import is_sqlite
from hourtab.lib.keys import private_folder
from hourtab.management.command import is_migrated


def migrate_if_needed(verbosity: int = 0) -> bool:
    """Apply what is missing; returns whether anything was. Other processes wait for the first."""
    if is_migrated():
        return False
    with _alone():
        if is_migrated():
            return False
        call_command("migrate", verbosity=verbosity, interactive=False)
        call_command("createcachetable", verbosity=0)
    return True


def make_ready() -> None:
    """Make what a web process needs beside the database: the table of the cache, the static files.
    One at a time.
    """
    with _alone():
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def _alone() -> Iterator[None]:
    if is_sqlite():
        with (private_folder(settings.VAR) / "migrate.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7204031)")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(7204031)")
