"""What the two databases do differently, in one place."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from django.db import connection, models, transaction
from django.utils.dateparse import parse_date, parse_time


def is_sqlite() -> bool:
    """Does this process work on SQLite?"""
    return connection.vendor == "sqlite"


@contextmanager
def snapshot() -> Iterator[None]:
    """Read from one consistent state without ever waiting for a writer.

    A deferred transaction on SQLite, a read-only one at REPEATABLE READ on PostgreSQL. Inside an
    outer transaction (a service, a test) it reads from that one's state.
    """
    if connection.in_atomic_block:
        yield
    elif is_sqlite():
        connection.ensure_connection()
        mode = connection.transaction_mode  # type: ignore[attr-defined]
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
        try:
            with transaction.atomic():
                yield
        finally:
            connection.transaction_mode = mode  # type: ignore[attr-defined]
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def reserve_ids(model: type[models.Model], count: int) -> range | list[int]:
    """Reserve `count` primary keys of `model` for a bulk insert. Call inside the writing
    transaction.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if is_sqlite():
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            row = cursor.fetchone()
            first = (row[0] if row else 0) + 1
            return range(first, first + count)
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def in_chunks[T](items: Sequence[T], size: int = 5000) -> Iterator[Sequence[T]]:
    """Part a long list for queries with `IN`, which no database takes at any length."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def for_driver(value: Any) -> Any:
    """Return a date, time or instant as the driver takes it: as Django's text on SQLite, itself on
    PostgreSQL.
    """
    if not is_sqlite():
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else value


def read_dates_once() -> None:
    """Let SQLite's driver read every different date and time once: rows of a log repeat few of
    them.

    Call after Django has registered its own converters, when its SQLite backend was loaded.
    """
    if is_sqlite():
        from django.db.backends.sqlite3 import base  # noqa: F401  It registers the converters these replace.

        sqlite3.register_converter(
            "date", lru_cache(maxsize=8192)(lambda value: parse_date(value.decode()))
        )
        sqlite3.register_converter(
            "time", lru_cache(maxsize=8192)(lambda value: parse_time(value.decode()))
        )


def driver_values() -> Callable[[Any], Any]:
    """Return `for_driver` for many values that repeat."""
    if not is_sqlite():
        return lambda value: value
    known: dict[Any, Any] = {None: None}

    def convert(value: Any) -> Any:
        if value not in known:
            known[value] = for_driver(value)
        return known[value]

    return convert


def update_rows(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Update many rows; each gives the values of `columns`, then its primary key."""
    quoted = ", ".join(f"{connection.ops.quote_name(column)} = %s" for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {quoted} WHERE id = %s", rows)  # noqa: S608


def insert_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert many rows as fast as the database takes them: `executemany` on SQLite, COPY on
    PostgreSQL.

    `columns` are the names of database columns. Values must be what the driver takes (dates as ISO
    text on SQLite).
    """
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if is_sqlite():
            marks = ", ".join(["?"] * len(columns))
            cursor.cursor.connection.executemany(
                f"INSERT INTO {table} ({quoted}) VALUES ({marks})",  # noqa: S608
                rows,
            )
        else:
            with cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
