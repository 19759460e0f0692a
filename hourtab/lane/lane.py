"""The public lane: `/r/<token>` from one indexed read, in front of Django and without it.

It holds no business logic. A stored page whose versions are not the present ones counts as absent;
then Django renders it, once per link and process at a time.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.db import close_old_connections

from hourtab.lane import costs, headers
from hourtab.lane.limits import Limit, visitor_of
from hourtab.lane.live import Live
from hourtab.lane.places import PLACES, Answers, Place, place_of
from hourtab.lane.store import Reader
from hourtab.lane.wire import Kept, asked, language_in, send_answer, send_page, tables, too_many
from hourtab.lib import metrics, tokens
from hourtab.lib.requests import METHODS
from hourtab.sharing.counting import Counts, write_views
from hourtab.sharing.lookups import Lookup, lookups
from hourtab.showing import stored as pages

log = logging.getLogger("hourtab.access")

_PAGE = """
SELECT l.id, l.version, w.version,
       (SELECT SUM(r.version) FROM sharing_shown s JOIN retainers_retainer r ON r.id = s.retainer_id
         WHERE s.link_id = l.id),
       p.release, p.link_version, p.workspace_version, p.retainers_version, p.good_until, p.tag,
       CASE WHEN p.tag = %s THEN NULL ELSE p.body END
FROM sharing_sharelink l
JOIN accounts_workspace w ON w.id = l.workspace_id
LEFT JOIN sharing_storedpage p ON p.link_id = l.id AND p.coding = %s
WHERE l.token_digest = %s AND l.revoked_at IS NULL
"""
_FORMER = "SELECT until FROM sharing_formeraddress WHERE token_digest = %s"

WRONG_A_MINUTE = 60
MOST_STREAMS = 30
"""Streams of one link to one visitor, in one process: an office, not a flood."""
_FULL = b"Too many pages are open. This one is not told of changes for a while."
KEPT_PAGES = 500
FLUSH_AFTER = 30.0


class Lane:
    """An ASGI application for everything public; what needs more than a stored page goes on to
    `site`.
    """

    def __init__(self, reader: Reader, site: Any, *, renderers: int = 4) -> None:
        self.reader = reader
        self.site = site
        self.live = Live(reader)
        self.renderers = ThreadPoolExecutor(renderers, thread_name_prefix="render")
        self.locks: dict[str, asyncio.Lock] = {}
        self.costly = asyncio.Semaphore(costs.COSTLY_AT_ONCE)
        self.kept: OrderedDict[tuple[str, str], Kept] = OrderedDict()
        self.known: OrderedDict[str, None] = OrderedDict()
        self.lookups = lookups()
        self.asked = {place.prefix: Limit(place.a_minute) for place in PLACES}
        self.wrong = Limit(WRONG_A_MINUTE)
        self.streams: Counter[tuple[str, str]] = Counter()
        self.ending: asyncio.Task[None] | None = None
        self.views: Counts = Counter()
        self.flusher: asyncio.Task[None] | None = None
        self.running: dict[tuple[str, str], asyncio.Task[tuple[bool, Kept | None]]] = {}
        self.following: dict[
            tuple[str, str], asyncio.Future[asyncio.Task[tuple[bool, Kept | None]]]
        ] = {}
        self.state: int | None = None
        self.has_state = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        place = place_of(scope["path"])
        if place is None:
            await self._inactive(scope, send)
            return
        if place.answers is Answers.LIMITED:
            await self._other(place, scope, receive, send)
            return
        token, slash, rest = scope["path"].removeprefix(place.prefix).partition("/")
        method = scope["method"]
        asks_site = scope["query_string"] and not slash
        if not asks_site and (metrics.is_counted() or log.isEnabledFor(logging.INFO)):
            part = f"/{rest}" if rest in place.parts else ""
            send = _noting(f"{place.prefix}…{part}", method, send)
        if (slash and rest not in place.parts) or not tokens.PATTERN.fullmatch(token):
            await self._inactive(scope, send)
        elif method not in place.methods and (
            slash or method != "POST" or scope["query_string"] != place.posted
        ):
            await self._not_allowed(place, scope, send)
        elif asks_site:
            await self._ask_site(place, token, scope, receive, send)
        elif slash:
            await self._stream(tokens.digest_of(token), scope, receive, send)
        else:
            try:
                await self._read(place, token, scope, receive, send)
            except Exception:
                log.exception("A public page could not be answered.")
                await send_answer(
                    scope,
                    send,
                    503,
                    headers.raw(Retry_After="5"),
                    pages.busy_page(language_in(scope)),
                )

    def end_streams(self) -> None:
        """Let all streams end; asked for by every connection when the server stops."""
        if self.ending is None:
            self.ending = asyncio.create_task(self.live.end())

    async def close(self) -> None:
        """Stop watching, and write the views that were counted."""
        if self.ending is not None:
            await self.ending
        await self.live.close()
        if self.flusher is not None:
            self.flusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.flusher
        await self._flush()
        await self.reader.close()

    async def _stream(self, digest: str, scope: Any, receive: Any, send: Any) -> None:
        who = (visitor_of(scope), digest)
        if self.streams[who] >= MOST_STREAMS:
            await too_many(scope, send)
            return
        if scope.get("state", {}).get("is_crowded"):
            await send_answer(scope, send, 503, headers.raw(Retry_After="30"), _FULL)
            return
        self.streams[who] += 1
        try:
            if not await self.live.stream(digest, scope, receive, send):
                await self._miss(scope, send)
        finally:
            self.streams[who] -= 1
            if not self.streams[who]:
                del self.streams[who]

    async def _read(self, place: Place, token: str, scope: Any, receive: Any, send: Any) -> None:
        digest = tokens.digest_of(token)
        seen, coding, is_view = asked(scope)
        kept = await self._page(digest, coding)
        if kept is None:
            if await self._is_former(digest):
                await self._ask_site(place, token, scope, receive, send)
            else:
                await self._miss(scope, send)
            return
        if is_view:
            self._count(kept.link)
        await send_page(kept, seen, coding, scope, send)

    def _state(self) -> int | None:
        """Return the state of the database; requests that came in together, in one turn of the
        loop, ask for it once.
        """
        if not self.has_state:
            self.state, self.has_state = self.reader.state(), True
            asyncio.get_running_loop().call_soon(self._forget_state)
        return self.state

    def _forget_state(self) -> None:
        self.has_state = False

    async def _page(self, digest: str, coding: str) -> Kept | None:
        """Return the page as it is now; None where no link answers."""
        kept = self.kept.get((digest, coding))
        state = self._state()
        if (
            kept is not None
            and state is not None
            and kept.state == state
            and kept.good_until > time.time()
        ):
            return kept
        answers, found = await (
            self._look_up_together(digest, coding)
            if state is None
            else self._look_up(digest, coding, state)
        )
        if not answers:
            self.kept.pop((digest, coding), None)
            return None
        return found or await self._render(digest, coding)

    async def _look_up_together(self, digest: str, coding: str) -> tuple[bool, Kept | None]:
        """Look up a page in one query with all who ask for it meanwhile.

        Whoever asks while a query runs waits for the next one: the one that runs may have begun
        before what they know of.
        """
        key = (digest, coding)
        if (running := self.running.get(key)) is None:
            task = self.running[key] = asyncio.create_task(self._look_up(digest, coding, None))
            task.add_done_callback(lambda _done: self._run_next(key))
            return await asyncio.shield(task)
        following = self.following.get(key)
        if following is None:
            following = self.following[key] = running.get_loop().create_future()
        task = await asyncio.shield(following)
        return await asyncio.shield(task)

    def _run_next(self, key: tuple[str, str]) -> None:
        """Begin the query that was waited for, or note that none runs."""
        self.running.pop(key, None)
        if following := self.following.pop(key, None):
            task = self.running[key] = asyncio.create_task(self._look_up(*key, None))
            task.add_done_callback(lambda _done: self._run_next(key))
            following.set_result(task)

    async def _look_up(
        self, digest: str, coding: str, state: int | None
    ) -> tuple[bool, Kept | None]:
        """Say whether a link answers, and return its stored page; None where that must be
        rendered.
        """
        kept = self.kept.get((digest, coding))
        rows = await self.reader.rows(_PAGE, (kept.tag if kept else "", coding, digest))
        if not rows:
            return False, None
        (
            link,
            version,
            workspace,
            retainers,
            release,
            p_link,
            p_workspace,
            p_retainers,
            good_until,
            tag,
            body,
        ) = rows[0]
        self._know(digest)
        present = (version, workspace, retainers, pages.release())
        if present != (p_link, p_workspace, p_retainers, release) or good_until <= time.time():
            return True, None
        if body is None and kept is not None:
            kept.state, kept.good_until = state, good_until
            return True, kept
        return True, self._keep(
            digest,
            coding,
            Kept(link, tag, good_until, bytes(body), state, *tables(tag, coding, body)),
        )

    async def _render(self, digest: str, coding: str) -> Kept | None:
        """Have Django render the page; whoever asks meanwhile waits for that one."""
        lock = self.locks.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                answers, found = await self._look_up(digest, coding, self.reader.state())
                if found is not None or not answers:
                    return found
                loop = asyncio.get_running_loop()
                page = await loop.run_in_executor(self.renderers, _render, digest)
                if page is None:
                    return None
                body = page.coded(coding)
                fresh = Kept(
                    page.link_id,
                    page.tag,
                    page.good_until,
                    body,
                    None,
                    *tables(page.tag, coding, body),
                )
                return self._keep(digest, coding, fresh)
        finally:
            if not lock.locked():
                self.locks.pop(digest, None)

    def _keep(self, digest: str, coding: str, page: Kept) -> Kept:
        self.kept[(digest, coding)] = page
        self.kept.move_to_end((digest, coding))
        if len(self.kept) > KEPT_PAGES:
            self.kept.popitem(last=False)
        return page

    def _know(self, key: str) -> None:
        """Remember an address that answered: it is served whatever else its visitors try."""
        self.known[key] = None
        self.known.move_to_end(key)
        if len(self.known) > 10_000:
            self.known.popitem(last=False)

    async def _is_former(self, digest: str) -> bool:
        rows = await self.reader.rows(_FORMER, (digest,))
        return bool(rows)

    async def _ask_site(
        self, place: Place, address: str, scope: Any, receive: Any, send: Any
    ) -> None:
        """Let Django answer, within a budget per minute and address (see `costs`), where there is
        something at that address; what is costly two at a time.
        """
        key, lookup = tokens.digest_of(address), self.lookups[place.prefix]
        if key not in self.known and not await self._exists(lookup, address):
            await self._miss(scope, send)
            return
        cost = costs.cost_of(scope)
        if not self.asked[place.prefix].take(key, cost):
            await too_many(scope, send)
            return
        # A part of the address is right: wrong guesses at the rest bar from this one alone.
        guess = "" if lookup.is_exact else f"{visitor_of(scope)} {lookup.value_of(address)}"
        is_guess = bool(guess) and key not in self.known
        if is_guess and not self.wrong.take(guess):
            await too_many(scope, send)
            return

        async def watched(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] != 404:
                self._know(key)
                if is_guess:
                    self.wrong.give_back(guess)
            await send(message)

        if cost == 1:
            await self.site(scope, receive, watched)
            return
        try:
            await asyncio.wait_for(self.costly.acquire(), costs.WAITS_SECONDS)
        except TimeoutError:
            body, table = pages.busy_page(language_in(scope)), headers.raw(Retry_After="10")
            await send_answer(scope, send, 503, table, body)
            return
        try:
            await self.site(scope, receive, watched)
        finally:
            self.costly.release()

    async def _exists(self, lookup: Lookup, address: str) -> bool:
        try:
            return bool(await self.reader.rows(lookup.query, (lookup.value_of(address),)))
        except Exception:
            log.exception("An address could not be looked up; Django answers.")
            return True

    async def _miss(self, scope: Any, send: Any) -> None:
        """Answer who asked for what is not there, so often a minute and no more. It is looked up
        first: a neighbour who asks for what is there is let through.
        """
        if self.wrong.take(visitor_of(scope)):
            await self._inactive(scope, send)
        else:
            await too_many(scope, send)

    async def _other(self, place: Place, scope: Any, receive: Any, send: Any) -> None:
        """Let Django answer at a place that has no stored pages."""
        address, slash, rest = scope["path"].removeprefix(place.prefix).partition("/")
        if not (22 <= len(address) < 60) or (slash and rest not in place.parts):
            await self._inactive(scope, send)
        elif scope["method"] not in place.methods:
            await self._not_allowed(place, scope, send)
        else:
            await self._ask_site(place, address, scope, receive, send)

    async def _not_allowed(self, place: Place, scope: Any, send: Any) -> None:
        said = b"This is not done here." if "POST" in place.methods else b"This page is only read."
        await send_answer(scope, send, 405, headers.raw(Allow=", ".join(place.methods)), said)

    async def _inactive(self, scope: Any, send: Any) -> None:
        await send_answer(scope, send, 404, headers.raw(), pages.inactive_page(language_in(scope)))

    def _count(self, link: int) -> None:
        self.views[(link, datetime.now(UTC).date())] += 1
        if self.flusher is None or self.flusher.done():
            self.flusher = asyncio.create_task(self._flush_later())

    async def _flush_later(self) -> None:
        await asyncio.sleep(FLUSH_AFTER)
        await self._flush()

    async def _flush(self) -> None:
        counts, self.views = self.views, Counter()
        if counts:
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self.renderers, write_views, counts
                )
            except Exception:
                log.exception("The views could not be written; they are kept for later.")
                self.views.update(counts)


def _noting(place: str, method: str, send: Any) -> Any:
    """Return a `send` that logs and counts the answer it begins."""
    began = time.perf_counter()
    method = method if method in METHODS else "other"

    async def noted(message: Any) -> None:
        if message["type"] == "http.response.start":
            seconds, status = time.perf_counter() - began, message["status"]
            if metrics.is_counted():
                metrics.count(place, method, status, seconds)
            said = {"method": method, "place": place, "status": status, "ms": round(seconds * 1000)}
            log.info("%(method)s %(place)s %(status)s %(ms)s ms", said, extra=said)
        await send(message)

    return noted


def _render(digest: str) -> pages.Rendered | None:
    close_old_connections()
    return pages.render_and_store(digest)
