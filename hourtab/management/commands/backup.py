"""`hourtab backup`: a consistent copy of the database while everything runs."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import connection
from django.utils import timezone

from hourtab.lib.database import is_sqlite
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused
from hourtab.operating.models import Mark

DRAFT = ".hourtab-part"
"""How the hidden file ends that a backup is while it is written. docs/self-hosting.md names it."""
JUST_MADE = 60.0


class Command(Base):
    """Back up the database."""

    help = "Write a consistent copy of the database to FILE, while HourTab runs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it beside the target first, so that an interrupted backup leaves no half file."""
        target: Path = options["file"]
        if target.exists():
            raise Refused(f"{target} exists already. Name a new file.", 2)
        if not target.absolute().parent.is_dir():
            raise Refused(f"The folder {target.absolute().parent} does not exist.", 2)
        forget_stale(target.absolute().parent)
        with draft_of(target) as draft:
            _copy_sqlite(draft) if is_sqlite() else _dump_postgres(draft)
            draft.rename(target)
        Mark.leave("backup", timezone.now())
        self.stdout.write(f"{target}: {target.stat().st_size:,} bytes.")
        self.stdout.write(
            "Links and sessions need the keys too: keep SECRET_KEY and LINK_KEY (or var/keys) in another place."
        )


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """Give a file beside the target to write into, readable by its owner alone from the first byte.

    It is held by a lock as long as this process lives, and gone afterwards unless it was renamed.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}{DRAFT}")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        os.close(handle)


def forget_stale(folder: Path) -> None:
    """Delete what backups that were killed left here: drafts that no living process holds."""
    for path in folder.glob(f".*{DRAFT}"):
        with suppress(OSError), path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # One that was made a moment ago may not have its lock yet.
            if time.time() - path.stat().st_mtime > JUST_MADE:
                path.unlink()
                path.with_name(f"{path.name}-journal").unlink(missing_ok=True)


def _copy_sqlite(target: Path) -> None:
    source = sqlite3.connect(
        f"file:{quote(str(settings.DATABASES['default']['NAME']))}?mode=ro", uri=True
    )
    copy = sqlite3.connect(target)
    try:
        source.backup(copy, pages=-1)
    finally:
        copy.close()
        source.close()


def _dump_postgres(target: Path) -> None:
    tool = shutil.which("pg_dump")
    if tool is None:
        raise Refused(
            "pg_dump was not found. Install PostgreSQL's client tools, or back up with your provider's snapshots."
        )
    parameters: dict[str, Any] = connection.get_connection_params()
    environment = os.environ | {"PGPASSWORD": str(parameters.get("password", ""))}
    where = [
        f"--{name}={parameters[key]}"
        for name, key in (("host", "host"), ("port", "port"), ("username", "user"))
        if parameters.get(key)
    ]
    done = subprocess.run(  # noqa: S603
        [tool, "--format=custom", f"--file={target}", *where, str(parameters["dbname"])],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(f"pg_dump failed: {done.stderr.strip()}")
