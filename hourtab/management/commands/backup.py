"""`hourtab backup`: a consistent copy of the database while everything runs."""

import os
import shutil
import sqlite3
import subprocess
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
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            _copy_sqlite(draft) if is_sqlite() else _dump_postgres(draft)
            draft.chmod(0o600)
            draft.rename(target)
        finally:
            draft.unlink(missing_ok=True)
        Mark.leave("backup", timezone.now())
        self.stdout.write(f"{target}: {target.stat().st_size:,} bytes.")
        self.stdout.write(
            "Links and sessions need the keys too: keep SECRET_KEY and LINK_KEY (or var/keys) in another place."
        )


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
