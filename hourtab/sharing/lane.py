"""The public lane: `/r/<token>` from one indexed read, in front of Django and without it.

It holds no business logic. A stored page whose versions are not the present ones counts as absent; then Django
renders it, once per link and process at a time.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections

from hourtab.sharing import headers, pages, tokens
from hourtab.sharing.live import Live
from hourtab.sharing.store import Reader

log = logging.getLogger("hourtab.access")

_PAGE = """
SELECT l.id, l.version, w.version,
       (SELECT SUM(r.version) FROM sharing_shown s JOIN retainers_retainer r ON r.id = s.retainer_id WHERE s.link_id = l.id),
       p.release, p.link_version, p.workspace_version, p.retainers_version, p.good_until, p.tag,
       CASE WHEN p.tag = %s THEN NULL ELSE p.body END
FROM sharing_sharelink l
JOIN accounts_workspace w ON w.id = l.workspace_id
LEFT JOIN sharing_storedpage p ON p.link_id = l.id AND p.coding = %s
WHERE l.token_digest = %s AND l.revoked_at IS NULL
"""

_QUERIES_A_MINUTE = 120


class Lane:
    """An ASGI application for everything under `/r/` and `/s/`; what needs more than a stored page goes on to `site`."""

    def __init__(self, reader: Reader, site: Any, *, renderers: int = 4) -> None:
        self.reader = reader
        self.site = site
        self.live = Live(reader)
        self.renderers = ThreadPoolExecutor(renderers, thread_name_prefix="render")
        self.locks: dict[str, asyncio.Lock] = {}
        self.asked: OrderedDict[str, list[float]] = OrderedDict()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["path"].startswith("/s/"):
            await self._statement(scope, receive, send)
            return
        token, slash, rest = scope["path"][3:].partition("/")
        log.info("%s /r/… %s", scope["method"], rest)
        if (slash and rest != "live") or not tokens.PATTERN.fullmatch(token):
            await self._inactive(scope, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await _send(scope, send, 405, headers.raw(Allow="GET, HEAD"), b"This page is only read.")
        elif slash:
            await self.live.stream(tokens.digest_of(token), scope, receive, send)
        elif scope["query_string"]:
            await self._ask_site(token, scope, receive, send)
        else:
            try:
                await self._page(tokens.digest_of(token), scope, send)
            except Exception:
                log.exception("A public page could not be answered.")
                await _send(scope, send, 503, headers.raw(Retry_After="5"), pages.busy_page())

    async def _page(self, digest: str, scope: Any, send: Any) -> None:
        seen, coding = "", "identity"
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                seen = value.decode("latin-1")
            elif name == b"accept-encoding" and _takes_gzip(value):
                coding = "gzip"
        known = _tag_in(seen, coding)
        found = await self._look_up(digest, coding, known)
        if found is None:
            await self._inactive(scope, send)
            return
        tag, body = found
        if tag is None:
            fresh = await self._render(digest, coding, known)
            if fresh is None:
                await self._inactive(scope, send)
                return
            tag, body = fresh
        etag = _etag(tag, coding)
        if tag == known:
            await _send(scope, send, 304, headers.raw(ETag=etag), b"")
            return
        extra = {"ETag": etag, **({"Content_Encoding": "gzip"} if coding == "gzip" else {})}
        await _send(scope, send, 200, headers.raw(**extra), bytes(body or b""))

    async def _look_up(self, digest: str, coding: str, known: str) -> tuple[str | None, bytes | None] | None:
        """Return tag and body of the stored page, (None, None) where it must be rendered, None where no link answers."""
        rows = await self.reader.rows(_PAGE, (known, coding, digest))
        if not rows:
            return None
        _, link, workspace, retainers, release, p_link, p_workspace, p_retainers, good_until, tag, body = rows[0]
        if (link, workspace, retainers, pages.release()) != (
            p_link,
            p_workspace,
            p_retainers,
            release,
        ) or good_until <= time.time():
            return None, None
        return tag, body

    async def _render(self, digest: str, coding: str, known: str) -> tuple[str, bytes] | None:
        """Have Django render the page; whoever asks meanwhile waits for that one."""
        lock = self.locks.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                found = await self._look_up(digest, coding, known)
                if found is None:
                    return None
                if found[0] is not None:
                    return found[0], found[1] or b""
                loop = asyncio.get_running_loop()
                rendered = await loop.run_in_executor(self.renderers, _render, digest)
                return (rendered.tag, rendered.coded(coding)) if rendered else None
        finally:
            if not lock.locked():
                self.locks.pop(digest, None)

    async def _ask_site(self, token: str, scope: Any, receive: Any, send: Any) -> None:
        """Let Django answer pages 2…n, within a number per minute and link."""
        now = time.monotonic()
        asked = self.asked.setdefault(token, [])
        asked[:] = [at for at in asked if at > now - 60][-_QUERIES_A_MINUTE:]
        if len(self.asked) > 10_000:
            self.asked.popitem(last=False)
        if len(asked) >= _QUERIES_A_MINUTE:
            await _send(scope, send, 429, headers.raw(Retry_After="30"), b"Too many requests. Please wait a moment.")
            return
        asked.append(now)
        await self.site(scope, receive, send)

    async def _statement(self, scope: Any, receive: Any, send: Any) -> None:
        """Let Django answer the address of a statement."""
        address = scope["path"][3:]
        log.info("%s /s/…", scope["method"])
        if "/" in address or not 22 < len(address) < 60:
            await self._inactive(scope, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await _send(scope, send, 405, headers.raw(Allow="GET, HEAD"), b"This page is only read.")
        else:
            await self._ask_site(address, scope, receive, send)

    async def _inactive(self, scope: Any, send: Any) -> None:
        await _send(scope, send, 404, headers.raw(), pages.inactive_page())


def _render(digest: str) -> pages.Rendered | None:
    close_old_connections()
    return pages.render_and_store(digest)


def _takes_gzip(value: bytes) -> bool:
    for part in value.lower().split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _etag(tag: str, coding: str) -> str:
    return f'"{tag}-{coding[0]}"'


def _tag_in(header: str, coding: str) -> str:
    """Return the tag the client holds in this coding; empty where it holds none."""
    suffix = f"-{coding[0]}"
    for part in header.split(","):
        name = part.strip().removeprefix("W/").strip('"')
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return ""


async def _send(scope: Any, send: Any, status: int, table: list[tuple[bytes, bytes]], body: bytes) -> None:
    if status != 304:
        table.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": table})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
