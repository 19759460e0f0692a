"""WSGI under ASGI, by a2wsgi, guarded against what was seen to go wrong there."""

import asyncio
import contextlib
import tempfile
from typing import Any

from a2wsgi import WSGIMiddleware

from hourtab.lane.places import KB, LARGEST_BODY, MB, PASTED, largest_body

LONGEST_UPLOAD = 60.0
_IN_MEMORY = 1024 * 1024
_CHUNK = 256 * 1024


class Bridge:
    """Django behind ASGI.

    Headers with an underscore are dropped (they can pose as a proxy's), a body is taken whole into
    a file before Django sees it (an upload that breaks off must not look like a complete file) and
    refused where it is larger than its address takes (Django would unpack a form into thirty times
    its size), and a client that has gone does not keep a thread waiting.
    """

    def __init__(self, wsgi: Any) -> None:
        self.wsgi = WSGIMiddleware(wsgi, workers=32)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        kept = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        declared = next((value for name, value in kept if name == b"content-length"), None)
        most = _most(scope["path"], kept)
        if declared is not None and (not declared.isdigit() or int(declared) > most):
            await _refuse_size(kept, declared, most, receive, send)
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            try:
                async with asyncio.timeout(LONGEST_UPLOAD):
                    size = await _spool(receive, body, most)
            except TimeoutError:
                await _refuse(send, 408, b"The upload took too long. Nothing was stored.")
                return
            if size is None:
                return
            if size > most:
                await _refuse_size(kept, b"", most, receive, send)
                return
            if declared is not None and int(declared) != size:
                await _refuse(send, 400, b"The upload broke off. Nothing was stored.")
                return
            body.seek(0)
            others = [
                (name, value)
                for name, value in kept
                if name not in (b"content-length", b"transfer-encoding")
            ]
            replay: Any = {**scope, "headers": [*others, (b"content-length", str(size).encode())]}
            await self.wsgi(replay, _replay(body, size, receive), _forgiving(send))


def _most(path: str, table: list[tuple[bytes, bytes]]) -> int:
    """Return how many bytes are taken: of a form without files no more than may be pasted."""
    kind = next((value for name, value in table if name == b"content-type"), b"")
    is_form = kind.lower().startswith(b"application/x-www-form-urlencoded")
    return min(largest_body(path), PASTED) if is_form else largest_body(path)


async def _refuse_size(
    table: list[tuple[bytes, bytes]], declared: bytes, most: int, receive: Any, send: Any
) -> None:
    """Say that it was too much. A browser reads the answer only once it has sent all, so what is
    not endless is let pass unread; whoever asks first is told at once.
    """
    asks_first = (b"expect", b"100-continue") in table
    if not asks_first and declared.isdigit() and int(declared) <= LARGEST_BODY:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_UPLOAD):
                while (await receive()).get("more_body", False):
                    pass
    size = f"{most // MB} MB" if most >= MB else f"{most // KB} kB"
    said = f"This is more than {size}, the most that is taken here. Nothing was stored."
    await _refuse(send, 413, said.encode())


async def _spool(receive: Any, body: Any, most: int) -> int | None:
    """Take the body; None where the client went away before its end."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            return size
        body.write(chunk)
        if not message.get("more_body", False):
            return size


def _replay(body: Any, size: int, receive: Any) -> Any:
    given = 0

    async def again() -> dict[str, Any]:
        nonlocal given
        if given < size or (size == 0 and given == 0):
            chunk = body.read(_CHUNK)
            given += len(chunk) or 1
            return {"type": "http.request", "body": chunk, "more_body": given < size}
        message: dict[str, Any] = await receive()
        return message

    return again


def _forgiving(send: Any) -> Any:
    gone = False

    async def quietly(message: dict[str, Any]) -> None:
        nonlocal gone
        if gone:
            return
        try:
            await send(message)
        except Exception:
            gone = True

    return quietly


async def _refuse(send: Any, status: int, text: bytes) -> None:
    table = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": table})
    await send({"type": "http.response.body", "body": text})
