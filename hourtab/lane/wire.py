"""What the lane reads from a request, and what it sends: headers and bodies, without a
framework.
"""

from dataclasses import dataclass
from typing import Any

from hourtab.lane import headers


@dataclass(slots=True)
class Kept:
    """A page in memory: as it was when the database was in `state`."""

    link: int
    tag: str
    good_until: float
    body: bytes
    state: int | None
    full: list[tuple[bytes, bytes]]
    unchanged: list[tuple[bytes, bytes]]


def asked(scope: Any) -> tuple[str, str, bool]:
    """Return the tags a client holds, the coding it takes, and whether somebody looks (rather than
    a script).
    """
    seen, coding, is_view = "", "identity", scope["method"] == "GET"
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            seen = value.decode("latin-1")
        elif name == b"accept-encoding" and _takes_gzip(value):
            coding = "gzip"
        elif name == b"sec-fetch-mode" and value != b"navigate":
            is_view = False
    return seen, coding, is_view


async def send_page(kept: Kept, seen: str, coding: str, scope: Any, send: Any) -> None:
    """Send a page, or that it is the one the client holds."""
    if seen and kept.tag == _tag_in(seen, coding):
        await send({"type": "http.response.start", "status": 304, "headers": kept.unchanged})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": kept.full})
    await send(
        {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else kept.body}
    )


def language_in(scope: Any) -> str:
    """Return what the browser says of its languages."""
    return next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"),
        "",
    )


def _takes_gzip(value: bytes) -> bool:
    for part in value.lower().split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


type Table = list[tuple[bytes, bytes]]


def tables(tag: str, coding: str, body: bytes) -> tuple[Table, Table]:
    """Return the headers of a page, and those of the answer that it is unchanged (RFC 9110,
    15.4.5).
    """
    etag = f'"{tag}-{coding[0]}"'
    more = {"Content_Encoding": "gzip"} if coding == "gzip" else {}
    full = headers.raw(ETag=etag, Cache_Control=headers.CHECKED, **more)
    full.append((b"content-length", str(len(body)).encode()))
    unchanged = {"ETag": etag, "Cache-Control": headers.CHECKED, "Vary": headers.PUBLIC["Vary"]}
    return full, [(name.lower().encode(), value.encode()) for name, value in unchanged.items()]


def _tag_in(header: str, coding: str) -> str:
    """Return the tag the client holds in this coding; empty where it holds none."""
    suffix = f"-{coding[0]}"
    for part in header.split(",") if header else ():
        name = part.strip().removeprefix("W/").strip('"')
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return ""


async def too_many(scope: Any, send: Any) -> None:
    """Send that it was enough for now."""
    await send_answer(
        scope, send, 429, headers.raw(Retry_After="60"), b"Too many requests. Please wait a moment."
    )


async def send_answer(scope: Any, send: Any, status: int, table: Table, body: bytes) -> None:
    """Send an answer; to HEAD its headers alone."""
    table.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": table})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
