"""Live pages: one watcher per process tells all viewers when what they look at has changed.

Nothing is pushed through the database and no sequence can be missed: the watcher asks a few times a second which
versions changed in the last minute, and compares them with those it knows.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hourtab.sharing import headers, pages
from hourtab.sharing.pages import Versions
from hourtab.sharing.store import Reader

log = logging.getLogger(__name__)

PERIOD = 0.2
HEARTBEAT = 20.0

_LINK = """
SELECT l.id, l.version, w.id, w.version FROM sharing_sharelink l JOIN accounts_workspace w ON w.id = l.workspace_id
WHERE l.token_digest = %s AND l.revoked_at IS NULL
"""
_SHOWN = """
SELECT r.id, r.version, r.zone FROM sharing_shown s JOIN retainers_retainer r ON r.id = s.retainer_id
WHERE s.link_id = %s ORDER BY s.position, s.id
"""
_CHANGED = {
    "sqlite": "changed_at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-60 seconds')",
    "postgresql": "changed_at > statement_timestamp() - interval '60 seconds'",
}
_TABLES = {"w": "accounts_workspace", "l": "sharing_sharelink", "r": "retainers_retainer"}


@dataclass(slots=True)
class Watched:
    """A link with viewers: what it depends on, its present tag, and who waits for the next."""

    digest: str
    depends_on: frozenset[tuple[str, int]]
    tag: str
    date_key: tuple[str, ...]
    zones: tuple[str, ...]
    viewers: set[Any] = field(default_factory=set)


class Live:
    """The registry of viewers and the watcher that serves them."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.watched: dict[str, Watched] = {}
        self.by_part: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.versions: dict[tuple[str, int], int] = {}
        self.watcher: asyncio.Task[None] | None = None

    async def stream(self, digest: str, scope: Any, receive: Any, send: Any) -> None:
        """Hold one viewer's stream until it goes, or until the link ends."""
        link = self.watched.get(digest) or await self._watch(digest)
        if link is None:
            await send({"type": "http.response.start", "status": 404, "headers": headers.raw()})
            await send({"type": "http.response.body", "body": pages.inactive_page()})
            return
        if self.watcher is None or self.watcher.done():
            self.watcher = asyncio.create_task(self._run())
        link.viewers.add(send)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _STREAM})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            await send(_event(link.tag) if _last_seen(scope) != link.tag else _chunk(b": hello\n\n"))
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            link.viewers.discard(send)
            if not link.viewers:
                self._forget(link)

    async def close(self) -> None:
        """Stop watching."""
        if self.watcher is not None:
            self.watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.watcher

    async def _watch(self, digest: str) -> Watched | None:
        found = await self._read(digest)
        if found is None:
            return None
        link, versions = found
        if digest in self.watched:
            return self.watched[digest]
        self.watched[digest] = link
        for part in link.depends_on:
            self.by_part[part].add(digest)
            self.versions.setdefault(part, versions[part])
        return link

    async def _read(self, digest: str) -> tuple[Watched, dict[tuple[str, int], int]] | None:
        rows = await self.reader.rows(_LINK, (digest,))
        if not rows:
            return None
        link_id, link_version, workspace_id, workspace_version = rows[0]
        shown = await self.reader.rows(_SHOWN, (link_id,))
        versions = {("l", link_id): link_version, ("w", workspace_id): workspace_version}
        versions |= {("r", pk): version for pk, version, _ in shown}
        zones = tuple(zone for _, _, zone in shown)
        now = datetime.now(UTC)
        total = Versions(link_version, workspace_version, sum(version for _, version, _ in shown))
        tag = pages.tag_of(link_id, total, zones, now)
        return Watched(digest, frozenset(versions), tag, pages.local_dates(zones, now), zones), versions

    def _forget(self, link: Watched) -> None:
        self.watched.pop(link.digest, None)
        for part in link.depends_on:
            self.by_part[part].discard(link.digest)
            if not self.by_part[part]:
                del self.by_part[part]
                self.versions.pop(part, None)

    async def _run(self) -> None:
        """Watch while anybody is looking."""
        beat = 0.0
        while self.watched:
            await asyncio.sleep(PERIOD)
            beat += PERIOD
            try:
                changed = await self._changed()
                for digest in changed:
                    await self._tell(digest)
                if beat >= HEARTBEAT:
                    beat = 0.0
                    await self._send_all(
                        [send for link in self.watched.values() for send in link.viewers], _chunk(b": still here\n\n")
                    )
            except Exception:
                log.exception("The watcher stumbled; it goes on.")
                await asyncio.sleep(1)

    async def _changed(self) -> set[str]:
        """Return the links whose versions or dates are not what their viewers know."""
        clause = _CHANGED[self.reader.vendor]
        query = " UNION ALL ".join(f"SELECT '{kind}', id, version FROM {table} WHERE {clause}" for kind, table in _TABLES.items())  # noqa: S608
        changed: set[str] = set()
        for kind, pk, version in await self.reader.rows(query):
            part = (kind, pk)
            if part in self.versions and self.versions[part] != version:
                self.versions[part] = version
                changed |= self.by_part[part]
        now = datetime.now(UTC)
        return changed | {link.digest for link in self.watched.values() if pages.local_dates(link.zones, now) != link.date_key}

    async def _tell(self, digest: str) -> None:
        link = self.watched.get(digest)
        found = await self._read(digest)
        if link is None:
            return
        if found is None:
            await self._send_all(link.viewers, {"type": "http.response.body", "body": b"event: end\ndata: end\n\n"})
            self._forget(link)
            return
        fresh, _ = found
        link.tag, link.date_key = fresh.tag, fresh.date_key
        await self._send_all(link.viewers, _event(link.tag))

    async def _send_all(self, viewers: Any, message: dict[str, Any]) -> None:
        results = await asyncio.gather(*(asyncio.wait_for(send(message), 5) for send in list(viewers)), return_exceptions=True)
        for result in results:
            if isinstance(result, asyncio.CancelledError):
                raise result


_STREAM = headers.raw(Content_Type="text/event-stream; charset=utf-8", X_Accel_Buffering="no", Cache_Control="no-store")


def _event(tag: str) -> dict[str, Any]:
    return _chunk(f"id: {tag}\nevent: change\ndata: {tag}\n\n".encode())


def _chunk(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


def _last_seen(scope: Any) -> str:
    """Return the tag the viewer shows: from its last event, else from the page it opened."""
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            return str(value.decode("latin-1"))
    query = scope["query_string"].decode("latin-1")
    return query.removeprefix("seen=") if query.startswith("seen=") else ""
