"""Live pages: one watcher per process tells all viewers when what they look at has changed.

Nothing is pushed through the database and no change can be missed. A few times a second the watcher
asks which versions changed in the last minute, and compares them with those it knows. A change that
was committed later than that (it was written early in a long transaction, or the watcher stood
still) is found by comparing all that is watched, every few seconds. Who is to be told stays in a set
until it was.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hourtab.lane import headers
from hourtab.lane.store import Reader
from hourtab.sharing import watched
from hourtab.showing import stored as pages
from hourtab.showing.stored import Versions

log = logging.getLogger(__name__)

PERIOD = 0.2
HEARTBEAT = 20.0
STALLED_AFTER = 5.0
LOOKED_BACK = 60.0
"""Seconds that the quick look goes back, by the clock of the database."""
COMPARED_EVERY = 5.0
_AT_ONCE = 1000
RECONNECT_MS = (500, 5_000)
"""Viewers come back after a restart at moments of their own between these, so that they do not come
all at once.
"""


@dataclass(slots=True)
class Watched:
    """A link with viewers: what it depends on, its present tag, when its date or itself ends, and
    who waits for the next.
    """

    digest: str
    depends_on: frozenset[tuple[str, int]]
    tag: str
    date_key: tuple[str, ...]
    zones: tuple[str, ...]
    ends_at: datetime | None
    viewers: set[Any] = field(default_factory=set)


class Live:
    """The registry of viewers and the watcher that serves them."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.watched: dict[str, Watched] = {}
        self.by_part: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.versions: dict[tuple[str, int], int] = {}
        self.untold: set[str] = set()
        self.state: int | None = None
        self.compared_state: int | None = None
        self.compared_at = 0.0
        self.minute = -1
        self.watcher: asyncio.Task[None] | None = None
        self.is_ending = False

    async def stream(self, digest: str, scope: Any, receive: Any, send: Any) -> bool:
        """Hold one viewer's stream until it goes, or until the link ends; return False, with nothing
        sent, where no link answers.
        """
        link = self.watched.get(digest) or await self._watch(digest)
        if link is None:
            return False
        if self.watcher is None or self.watcher.done():
            self.watcher = asyncio.create_task(self._run())
        link.viewers.add(send)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _STREAM})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return True
            await send(_hello(link.tag if _last_seen(scope) != link.tag else ""))
            if self.is_ending:
                await send(_LAST)
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            # The server does not wait for a viewer whose line is stuck.
            if not self.is_ending:
                raise
        finally:
            link.viewers.discard(send)
            if not link.viewers and self.watched.get(digest) is link:
                self._forget(link)
        return True

    async def end(self) -> None:
        """End all streams: their viewers come back, to whoever serves then."""
        self.is_ending = True
        await self._send_all(
            [send for link in self.watched.values() for send in link.viewers], _LAST
        )

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
        rows, until = await self.reader.rows(watched.LINK, (digest,)), None
        if not rows:
            former = await self.reader.rows(watched.FORMER, (digest,))
            if not former:
                return None
            rows, until = (
                await self.reader.rows(watched.LINK, (former[0][0],)),
                _instant(former[0][1]),
            )
            if not rows:
                return None
        link_id, link_version, workspace_id, workspace_version, expires_at = rows[0]
        now = datetime.now(UTC)
        ends_at = min((at for at in (until, _instant(expires_at)) if at), default=None)
        if ends_at is not None and ends_at <= now:
            return None
        shown = await self.reader.rows(watched.SHOWN, (link_id,))
        versions = {("l", link_id): link_version, ("w", workspace_id): workspace_version}
        versions |= {("r", pk): version for pk, version, _ in shown}
        zones = tuple(zone for _, _, zone in shown)
        total = Versions(link_version, workspace_version, sum(version for _, version, _ in shown))
        tag = pages.tag_of(link_id, total, zones, now)
        return Watched(
            digest, frozenset(versions), tag, pages.local_dates(zones, now), zones, ends_at
        ), versions

    def _forget(self, link: Watched) -> None:
        self.watched.pop(link.digest, None)
        self.untold.discard(link.digest)
        for part in link.depends_on:
            self.by_part[part].discard(link.digest)
            if not self.by_part[part]:
                del self.by_part[part]
                self.versions.pop(part, None)

    async def _run(self) -> None:
        """Watch while anybody is looking."""
        beat = time.monotonic()
        while self.watched:
            await asyncio.sleep(PERIOD)
            try:
                await self._look()
                await self._tell_all()
                if time.monotonic() - beat >= HEARTBEAT:
                    beat = time.monotonic()
                    await self._send_all(
                        [send for link in self.watched.values() for send in link.viewers],
                        _STILL_HERE,
                    )
            except Exception:
                log.exception("The watcher stumbled; it goes on.")
                await asyncio.sleep(1)

    async def _look(self) -> None:
        """Find the links whose versions or dates are not what their viewers know, and those that
        have ended.
        """
        state = self.reader.state()
        if state is None or state != self.state:
            self._note(
                await self.reader.rows(watched.changed(self.reader.vendor), (LOOKED_BACK,) * 3)
            )
            self.state = state
        if time.monotonic() - self.compared_at >= COMPARED_EVERY:
            began = time.monotonic()
            if state is None or state != self.compared_state:
                await self._compare()
            self.compared_at, self.compared_state = began, state
        self._note_dates(datetime.now(UTC))

    async def _compare(self) -> None:
        """Compare the versions of all that is watched, however long ago they changed."""
        for kind, table in watched.TABLES.items():
            keys = [pk for of, pk in self.versions if of == kind]
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ", ".join(["%s"] * len(some))
                query = f"SELECT '{kind}', id, version FROM {table} WHERE id IN ({marks})"  # noqa: S608
                self._note(await self.reader.rows(query, some))

    def _note(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Take over versions; whoever looks at one that is new is to be told, whatever fails after
        this.
        """
        for kind, pk, version in rows:
            part = (kind, pk)
            if part in self.versions and self.versions[part] != version:
                self.versions[part] = version
                self.untold |= self.by_part[part]

    def _note_dates(self, now: datetime) -> None:
        """Days begin, and links end, on whole minutes, give or take one."""
        if now.minute == self.minute:
            return
        dates: dict[tuple[str, ...], tuple[str, ...]] = {}
        for link in self.watched.values():
            if link.zones not in dates:
                dates[link.zones] = pages.local_dates(link.zones, now)
            if dates[link.zones] != link.date_key or (link.ends_at and link.ends_at <= now):
                self.untold.add(link.digest)
        self.minute = now.minute

    async def _tell_all(self) -> None:
        """Tell whom it concerns. One link that cannot be read keeps no other from being told, and
        is tried again.
        """
        failed: Exception | None = None
        for digest in list(self.untold):
            # What changes from here on is told again.
            self.untold.discard(digest)
            try:
                await self._tell(digest)
            except Exception as error:
                failed = error
                if digest in self.watched:
                    self.untold.add(digest)
        if failed is not None:
            raise failed

    async def _tell(self, digest: str) -> None:
        link = self.watched.get(digest)
        found = await self._read(digest)
        if link is None:
            return
        if found is None:
            await self._send_all(
                link.viewers, {"type": "http.response.body", "body": b"event: end\ndata: end\n\n"}
            )
            self._forget(link)
            return
        fresh, versions = found
        self._depend(link, fresh.depends_on, versions)
        link.tag, link.date_key, link.zones, link.ends_at = (
            fresh.tag,
            fresh.date_key,
            fresh.zones,
            fresh.ends_at,
        )
        await self._send_all(link.viewers, _event(link.tag))

    def _depend(
        self, link: Watched, parts: frozenset[tuple[str, int]], versions: dict[tuple[str, int], int]
    ) -> None:
        """Watch what the link shows now, where that is something else than before."""
        for part in link.depends_on - parts:
            self.by_part[part].discard(link.digest)
        for part in parts - link.depends_on:
            self.by_part[part].add(link.digest)
            self.versions.setdefault(part, versions[part])
        link.depends_on = parts

    async def _send_all(self, viewers: Iterable[Any], message: dict[str, Any]) -> None:
        """Send to all. Whoever takes nothing for a while, because its line is stuck, is told no
        more.
        """
        loop = asyncio.get_running_loop()
        waiting: dict[asyncio.Task[None], Any] = {}
        for count, send in enumerate(list(viewers)):
            # Most sends only fill a buffer: an eager task has done that before it would have been
            # scheduled.
            task = asyncio.Task(send(message), loop=loop, eager_start=True)
            if not task.done():
                waiting[task] = send
            elif not task.cancelled():
                task.exception()
            if count % 500 == 499:
                await asyncio.sleep(0)
        if waiting:
            _done, stuck = await asyncio.wait(waiting, timeout=STALLED_AFTER)
            for task in stuck:
                task.cancel()
                for link in self.watched.values():
                    link.viewers.discard(waiting[task])


_STREAM = headers.raw(
    Content_Type="text/event-stream; charset=utf-8",
    X_Accel_Buffering="no",
    Cache_Control="no-store",
)


def _chunk(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


_STILL_HERE = _chunk(b": still here\n\n")
_LAST = {"type": "http.response.body", "body": b""}


def _event(tag: str) -> dict[str, Any]:
    return _chunk(f"id: {tag}\nevent: change\ndata: {tag}\n\n".encode())


def _hello(tag: str) -> dict[str, Any]:
    """Tell when to come back after a break, and the present tag where the viewer shows another."""
    retry = f"retry: {random.randint(*RECONNECT_MS)}\n\n"  # noqa: S311 - nothing secret: a moment
    return _chunk(retry.encode() + (_event(tag)["body"] if tag else b""))


def _instant(value: Any) -> datetime | None:
    """Return an instant as SQLite (text in UTC) or PostgreSQL gives it."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _last_seen(scope: Any) -> str:
    """Return the tag the viewer shows: from its last event, else from the page it opened."""
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            return str(value.decode("latin-1"))
    query = scope["query_string"].decode("latin-1")
    return query.removeprefix("seen=") if query.startswith("seen=") else ""
