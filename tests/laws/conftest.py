"""A database that refuses one row, as a damaged or impossible one would be."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection


@contextmanager
def refused(event: str, table: str, column: str, value: int) -> Iterator[None]:
    """Let the database refuse to insert, update or delete the row of that value, until the end."""
    row = "OLD" if event == "DELETE" else "NEW"
    head = f"CREATE TRIGGER bad_row BEFORE {event} ON {table} FOR EACH ROW"
    condition = f"WHEN ({row}.{column} = {value})"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"{head} {condition} BEGIN SELECT RAISE(ABORT, 'a bad row'); END")
        else:
            raising = "BEGIN RAISE EXCEPTION 'a bad row'; END"
            cursor.execute(
                f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$"
            )
            cursor.execute(f"{head} {condition} EXECUTE FUNCTION refuse()")
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER bad_row")
        else:
            cursor.execute("DROP FUNCTION refuse() CASCADE")


@pytest.fixture
def refuse() -> Callable[..., AbstractContextManager[None]]:
    return refused
