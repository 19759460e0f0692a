"""Looking an installation over: settings, keys, mail, clock, database, disk, worker, backups. Each
finding says the way out.
"""

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from smtplib import SMTPException
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import mailers
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max, Model, QuerySet

from hourtab.accounts.plans import plans
from hourtab.ledger.models import Statement, Write
from hourtab.lib.database import is_sqlite
from hourtab.operating.models import Mark
from hourtab.outbox.models import Delivery
from hourtab.sharing.services import key_fits
from hourtab.worker.lanes import Lane
from hourtab.worker.models import Stumble

type Level = Literal["ok", "look", "wrong"]
LEAST_FREE = 500 * 2**20
STALE_WORKER = timedelta(minutes=5)
OLD_BACKUP = timedelta(days=2)
OLDEST_POSTGRES = 130000
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and the way out where it is not well."""

    about: str
    level: Level
    said: str
    way_out: str = ""


def look_over(now: datetime) -> Iterator[Finding]:
    """Yield what every check finds. Where the database does not answer, what needs it is left
    out.
    """
    yield from (_site(), *_keys(), _files(), _disk(), _plans())
    database = _database()
    yield database
    if is_sqlite():
        yield _sqlite()
    if database.level == "wrong":
        return
    pending = _migrations()
    yield pending
    if pending.level == "wrong":
        return
    yield from (check(now) for check in _WITH_DATABASE)


def _site() -> Finding:
    site = urlsplit(settings.SITE_URL)
    if site.scheme == "https" or site.hostname in ("localhost", "127.0.0.1"):
        return Finding("site", "ok", f"Pages are at {settings.SITE_URL}.")
    way_out = "Put a reverse proxy with TLS in front, and set SITE_URL=https://…"
    return Finding(
        "site",
        "wrong",
        f"Pages are at {settings.SITE_URL}, without TLS: whoever listens reads along.",
        way_out,
    )


def _keys() -> Iterator[Finding]:
    for name in ("SECRET_KEY", "LINK_KEY"):
        path = settings.VAR / "keys" / name.lower()
        if not path.exists():
            yield Finding(name, "ok", f"{name} comes from the environment.")
        elif stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(name, "wrong", f"{path} can be read by others.", f"chmod 600 {path}")
        else:
            yield Finding(
                name,
                "ok",
                f"{name} lies in {path}, readable by its owner alone. Keep a copy elsewhere.",
            )


def _files() -> Finding:
    database = [settings.DATABASES["default"]["NAME"]] if is_sqlite() else []
    looked_at = [
        settings.VAR,
        settings.MAIL_DIR,
        *(Path(f"{name}{end}") for name in database for end in ("", "-wal", "-shm")),
    ]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in looked_at if path.exists()}
    others = [str(path) for path, mode in modes.items() if mode & 0o007]
    group = [str(path) for path, mode in modes.items() if mode & 0o070 and not mode & 0o007]
    if others:
        return Finding(
            "files",
            "wrong",
            f"Everybody on this machine can get at {', '.join(others)}: sessions, mails, hours.",
            f"chmod -R o= {' '.join(others)}",
        )
    if group:
        return Finding(
            "files",
            "look",
            f"The group can get at {', '.join(group)}.",
            f"Unless it is meant to: chmod -R g= {' '.join(group)}",
        )
    return Finding("files", "ok", "Database and mails are for their owner alone.")


def _disk() -> Finding:
    free = shutil.disk_usage(settings.VAR if settings.VAR.exists() else settings.VAR.parent).free
    said = f"{free // 2**20:,} MiB are free where {settings.VAR} lies."
    return (
        Finding("disk", "ok", said)
        if free >= LEAST_FREE
        else Finding("disk", "wrong", said, "Make room, or move HOURTAB_VAR.")
    )


def _plans() -> Finding:
    try:
        known = plans()
    except ImproperlyConfigured as error:
        return Finding(
            "plans", "wrong", str(error), "Mend the file; docs/self-hosting.md shows one."
        )
    if settings.PLAN != "unlimited" and settings.PLAN not in known:
        return Finding(
            "plans",
            "wrong",
            f"PLAN={settings.PLAN} is none of the plans.",
            f"Known are: {', '.join(known)}.",
        )
    return Finding(
        "plans",
        "ok",
        f"Workspaces have the plan {settings.PLAN}, where they have none of their own.",
    )


def _database() -> Finding:
    try:
        connection.ensure_connection()
        if is_sqlite():
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA quick_check(1)")
                (said,) = cursor.fetchone()
            if said != "ok":
                return Finding(
                    "database",
                    "wrong",
                    f"SQLite finds its file damaged: {said}.",
                    "Restore the latest backup.",
                )
            return Finding(
                "database",
                "ok",
                f"SQLite {sqlite3.sqlite_version}, {settings.DATABASES['default']['NAME']}.",
            )
        version = connection.connection.info.server_version
        said = f"PostgreSQL {version // 10000}.{version % 10000}."
        if version < OLDEST_POSTGRES:
            return Finding(
                "database", "look", said, "Update it: this version gets no fixes any more."
            )
        return Finding("database", "ok", said)
    except (DatabaseError, OSError) as error:
        reason = str(error).strip().splitlines()
        return Finding(
            "database",
            "wrong",
            f"It does not answer: {reason[0] if reason else 'no reason given'}",
            "Check DATABASE_URL.",
        )


def _sqlite() -> Finding:
    if has_safe_wal(sqlite3.sqlite_version_info):
        return Finding("sqlite", "ok", f"SQLite {sqlite3.sqlite_version} writes safely.")
    return Finding(
        "sqlite",
        "look",
        f"SQLite {sqlite3.sqlite_version} can damage its file, rarely, when several processes write.",
        "Use a Python with SQLite 3.51.3 or newer (or 3.50.7, 3.44.6), or PostgreSQL.",
    )


def has_safe_wal(version: tuple[int, ...]) -> bool:
    """Does this SQLite have the fix for the reset of the write-ahead log, which could lose pages
    where one connection wrote while another made a checkpoint (https://sqlite.org/wal.html)?
    """
    return (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        return Finding(
            "migrations", "wrong", f"{missing} migrations are missing.", "Run: hourtab migrate"
        )
    return Finding("migrations", "ok", "The database is up to date.")


def _links(now: datetime) -> Finding:
    if key_fits():
        return Finding("links", "ok", "LINK_KEY is the one the links were made with.")
    way_out = "Set the LINK_KEY of this database again; it is in the backup of the keys."
    return Finding(
        "links",
        "wrong",
        "LINK_KEY is not the one the links of this database were made with: none of them works.",
        way_out,
    )


def _clock(now: datetime) -> Finding:
    latest = max(filter(None, (_newest(Write, "at"), _newest(Statement, "made_at"))), default=now)
    if latest > now + AHEAD:
        return Finding(
            "clock",
            "wrong",
            f"Something was written in the future: at {latest:%Y-%m-%d %H:%M} UTC, and this clock "
            f"says {now:%Y-%m-%d %H:%M}. Cycles may have been closed before they were over.",
            "Set the clock, then run hourtab verify: it names the statements that do not fit.",
        )
    if not is_sqlite():
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (there,) = cursor.fetchone()
        if (apart := abs((there - datetime.now(UTC)).total_seconds())) > 30:
            return Finding(
                "clock",
                "wrong",
                f"This clock and the database's are {apart:.0f} s apart.",
                "Let both follow NTP.",
            )
    return Finding("clock", "ok", f"It is {now:%Y-%m-%d %H:%M} UTC.")


def _newest(model: type[Model], name: str) -> datetime | None:
    """Return the latest instant of a table."""
    found: datetime | None = QuerySet(model).aggregate(newest=Max(name))["newest"]
    return found


def _mail(now: datetime) -> Finding:
    if not settings.EMAIL_URL:
        way_out = "Set EMAIL_URL, so that mail leaves this machine."
        return Finding(
            "mail",
            "look",
            f"No mail server is set; mails are written to {settings.MAIL_DIR}.",
            way_out,
        )
    server = mailers.default
    try:
        server.open()
    except (OSError, SMTPException) as error:
        return Finding(
            "mail",
            "wrong",
            f"The mail server does not take us: {error}",
            "Check EMAIL_URL, and what stands between.",
        )
    finally:
        server.close()
    failed = Delivery.objects.filter(
        state=Delivery.State.FAILED, created_at__gt=now - timedelta(days=7)
    ).count()
    if failed:
        return Finding(
            "mail",
            "look",
            f"The mail server answers; {failed} mails failed within a week.",
            "See Settings › Mail.",
        )
    return Finding("mail", "ok", "The mail server answers.")


def _worker(now: datetime) -> Finding:
    seen = Mark.of("worker")
    if seen is None or now - seen > STALE_WORKER:
        when = f"since {seen:%Y-%m-%d %H:%M} UTC" if seen else "yet"
        way_out = "Run: hourtab worker (hourtab serve starts one)."
        return Finding(
            "worker", "wrong", f"No worker was seen {when}: nothing closes, no mail goes.", way_out
        )
    waiting = Delivery.objects.filter(
        state=Delivery.State.WAITING, due_at__lt=now - timedelta(hours=1)
    ).count()
    if waiting:
        return Finding(
            "worker",
            "look",
            f"{waiting} mails have been due for more than an hour.",
            "See Settings › Mail for what is said.",
        )
    late = [lane for lane in Lane if now - (Mark.of(f"worker {lane}") or seen) > STALE_WORKER]
    if late:
        said = ", ".join(f"{lane} (since {Mark.of(f'worker {lane}'):%H:%M} UTC)" for lane in late)
        return Finding(
            "worker",
            "look",
            f"Lanes of the worker that are busy or do not run: {said}.",
            "A long file may take minutes. Else see the worker's log, and start it again.",
        )
    return Finding("worker", "ok", f"A worker was seen at {seen:%H:%M} UTC.")


def _jobs(now: datetime) -> Finding:
    stumbles = list(Stumble.objects.order_by("since", "pk")[:5])
    if not stumbles:
        return Finding("jobs", "ok", "Every job did everything that was due.")
    said = "; ".join(
        f"{row.job}: row {row.row} ({row.problem}, {row.times} times since"
        f" {row.since:%Y-%m-%d %H:%M} UTC)"
        for row in stumbles
    )
    more = Stumble.objects.count() - len(stumbles)
    return Finding(
        "jobs",
        "look",
        f"Could not {said}{f'; and {more} more' if more else ''}.",
        "See the worker's log. Each is tried again within the hour, after all others.",
    )


def _backup(now: datetime) -> Finding:
    made = Mark.of("backup")
    if made is None or now - made > OLD_BACKUP:
        said = (
            f"The last backup is of {made:%Y-%m-%d}."
            if made
            else "No backup was made with hourtab backup yet."
        )
        return Finding(
            "backup",
            "look",
            said,
            "Run hourtab backup FILE every night, and keep the files elsewhere.",
        )
    return Finding("backup", "ok", f"The last backup is of {made:%Y-%m-%d %H:%M} UTC.")


_WITH_DATABASE: tuple[Callable[[datetime], Finding], ...] = (
    _links,
    _clock,
    _mail,
    _worker,
    _jobs,
    _backup,
)
