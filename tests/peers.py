"""Servers of others, as small as they can be: what a test speaks to over real HTTP."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Quiet(http.server.BaseHTTPRequestHandler):
    """A handler that prints nothing. A test's own says `do_GET` or `do_POST`, the names http.server
    calls.
    """

    def log_message(self, *args: object) -> None:
        pass

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        """Send an answer; `Content_Type` becomes `Content-Type`."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def body(self) -> bytes:
        """Take what was sent."""
        return self.rfile.read(int(self.headers["Content-Length"]))


@contextmanager
def http_peer(handler: type[Quiet]) -> Iterator[str]:
    """Keep a server running on this machine; yields its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
