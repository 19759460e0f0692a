"""The lane's own way to the database: read-only, beside Django's connections, from the event
loop.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import quote

from django.db import connection
from psycopg_pool import AsyncConnectionPool

type Row = tuple[Any, ...]


class Reader(Protocol):
    """Runs a query and returns its rows."""

    vendor: str

    async def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Return all rows."""

    def state(self) -> int | None:
        """Return a number that changes whenever anybody has written anything; None where that
        cannot be told at once.
        """

    async def close(self) -> None:
        """Let go of the database."""


class SqliteReader:
    """One read-only connection; an indexed read takes less time than handing it to a thread."""

    vendor = "sqlite"

    def __init__(self, path: str) -> None:
        uri = path if path.startswith("file:") else f"file:{quote(path)}?mode=ro"
        self.connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5
        )
        self.connection.execute("PRAGMA query_only = 1")

    async def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Return all rows."""
        return self.connection.execute(query.replace("%s", "?"), tuple(values)).fetchall()

    def state(self) -> int | None:
        """Return SQLite's `data_version`, which changes with every commit of another connection."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    async def close(self) -> None:
        """Close the connection."""
        self.connection.close()


class PostgresReader:
    """A pool of four connections in autocommit."""

    vendor = "postgresql"

    def __init__(self, parameters: dict[str, Any]) -> None:
        wanted = {
            key: value
            for key, value in parameters.items()
            if key not in ("cursor_factory", "context", "prepare_threshold")
        }
        self.pool = AsyncConnectionPool(
            kwargs=wanted | {"autocommit": True, "prepare_threshold": 2},
            min_size=1,
            max_size=4,
            open=False,
        )
        self.opened = False

    async def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Return all rows."""
        if not self.opened:
            await self.pool.open()
            self.opened = True
        async with self.pool.connection() as link:
            return await (await link.execute(query, list(values))).fetchall()

    def state(self) -> int | None:
        """Return None: to ask costs a round trip, as much as the query itself."""
        return None

    async def close(self) -> None:
        """Close the pool."""
        await self.pool.close()


def reader() -> Reader:
    """Return a reader of the database Django uses."""
    if connection.vendor == "sqlite":
        return SqliteReader(str(connection.settings_dict["NAME"]))
    return PostgresReader(connection.get_connection_params())
