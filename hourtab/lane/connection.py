"""One connection to the server: uvicorn's, with bounds on what a stranger can make it hold.

httptools keeps whatever it is sent until the headers are whole, and uvicorn lets a connection that
sends nothing stay for ever. Behind a proxy its bounds come first; these hold without one.
"""

from asyncio import Transport
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LARGEST_HEAD = 64 * 1024
"""Bytes of a request before its body. One that begins in the same piece as the end of another may
have as much again."""
HEAD_WITHIN = 15.0
"""Seconds from a request's first byte until its headers are whole."""
FIRST_BYTE_WITHIN = 10.0
"""Seconds from a connection until its first byte; between requests uvicorn's own bound holds."""
KEPT_FREE = 50
"""Descriptors that no connection gets: files, and connections to the database."""
FOR_PAGES = 50
"""Further ones that no event stream gets: whoever holds streams open keeps nobody from a page."""

_TOO_LARGE = b"431 Request Header Fields Too Large", b"The headers of this request are too large."
_TOO_SLOW = b"408 Request Timeout", b"The headers of this request took too long."
_FULL = b"503 Service Unavailable", b"There are too many connections. Please try again in a moment."


class Connection(HttpToolsProtocol):
    """A connection whose headers are bounded in size and time, and that leaves descriptors free."""

    deadline: TimerHandle | None = None
    has_begun = False
    head = 0
    begun = 0
    quiet = 0
    is_in_head = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a connection where enough descriptors are free, and wait for its first byte."""
        super().connection_made(transport)
        self.free = _free_beyond(transport)
        if self.free < KEPT_FREE:
            self._refuse(_FULL)
        else:
            self._expect_within(FIRST_BYTE_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, in pieces no larger than a head may be."""
        for start in range(0, len(data), LARGEST_HEAD):
            if self.parser is None or self.transport.is_closing():
                return
            self._take(data[start : start + LARGEST_HEAD])

    def _take(self, piece: bytes) -> None:
        is_idle = not self.is_in_head and (self.cycle is None or not self.cycle.more_body)
        if is_idle and not self.has_begun:
            self.has_begun = True
            self._expect_within(HEAD_WITHIN)
        self.begun = 0
        super().data_received(piece)
        if not self.is_in_head:
            # What ends a body (its trailers) is kept like headers are.
            self.quiet += len(piece)
            if self.cycle is not None and self.cycle.more_body and self.quiet > LARGEST_HEAD:
                self._refuse(_TOO_LARGE)
            return
        if self.begun == 0:
            self.head += len(piece)
        else:
            self.head = len(piece) if self.begun == 1 and is_idle else 0
        if self.head >= LARGEST_HEAD:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Note that the headers of a request begin."""
        super().on_message_begin()
        self.scope["state"]["is_crowded"] = self.free < KEPT_FREE + FOR_PAGES
        self.begun += 1
        self.is_in_head = True
        if not self.has_begun:
            self.has_begun = True
            self._expect_within(HEAD_WITHIN)

    def on_headers_complete(self) -> None:
        """Note that the headers of a request are whole."""
        self.is_in_head = self.has_begun = False
        self.quiet = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self.quiet = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Close where the rest of a body that nobody waits for is still to come."""
        if self.cycle.response_complete and self.cycle.more_body:
            self.transport.close()
        super().on_response_complete()

    def shutdown(self) -> None:
        """Let event streams end, too, when the server does: they would be waited for in vain."""
        if end_streams := self.app_state.get("end_streams"):
            end_streams()
        super().shutdown()

    def _expect_within(self, seconds: float) -> None:
        self._stop_waiting()
        self.deadline = self.loop.call_later(seconds, self._too_late, seconds)

    def _stop_waiting(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _too_late(self, seconds: float) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # It waits behind an answer that is not whole yet, and may not have been read.
            self._expect_within(seconds)
        elif self.has_begun:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.close()

    def _refuse(self, why: tuple[bytes, bytes]) -> None:
        self._stop_waiting()
        status, said = why
        has_answered = self.cycle is not None and self.cycle.response_started
        if not has_answered or self.cycle.response_complete:
            self.transport.write(
                b"HTTP/1.1 %b\r\ncontent-type: text/plain; charset=utf-8\r\n"
                b"content-length: %d\r\nretry-after: 5\r\nconnection: close\r\n\r\n%b"
                % (status, len(said), said)
            )
        self.transport.close()


def _free_beyond(transport: Any) -> int:
    """Return how many descriptors are free beyond this one: a new one is the lowest that is free,
    so all below are taken.
    """
    if resource is None:
        return KEPT_FREE + FOR_PAGES
    most, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return KEPT_FREE + FOR_PAGES
    return int(most - 1 - transport.get_extra_info("socket").fileno())
