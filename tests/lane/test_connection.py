"""Connections: what a stranger may make a server hold, for how long, and how all end with it."""

import http.client
import re
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.sharing.test_served import ask

pytestmark = pytest.mark.looks


@contextmanager
def a_server(installation, port: int = 0) -> Iterator[tuple[str, int, subprocess.Popen[str]]]:
    """Keep one web process running; yields its site, its port and itself."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    process = installation.start("web", "--port", str(port), PORT=str(port))
    site = f"http://localhost:{port}"
    try:
        for _ in range(600):
            with suppress(OSError):
                if ask(site, "/healthz")[0] == 200:
                    break
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        yield site, port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


OPENED: list[socket.socket] = []


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def connected(port: int, data: bytes) -> socket.socket:
    link = socket.create_connection(("localhost", port), timeout=30)
    OPENED.append(link)
    with suppress(ConnectionError):
        link.sendall(data)
    return link


def told(link: socket.socket) -> bytes:
    """Return what comes until the end of the connection."""
    seen = b""
    with suppress(ConnectionError):
        while more := link.recv(65_536):
            seen += more
    return seen


def request(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


def a_stream(port: int, token: str) -> tuple[int, socket.socket]:
    """Open a stream; return its status and connection."""
    link = connected(port, request(f"/r/{token}/live"))
    seen = b""
    with suppress(ConnectionError):
        while b"\r\n\r\n" not in seen and (more := link.recv(4096)):
            seen += more
    status = re.match(rb"HTTP/1.1 (\d+)", seen)
    return int(status[1]) if status else 0, link


def test_headers_are_bounded_in_size_and_time_and_idle_connections_end(installation) -> None:
    installation.open()
    with a_server(installation) as (site, port, _process):
        large = "".join(f"X-{n}: {'a' * 1000}\r\n" for n in range(60))
        with closing(http.client.HTTPConnection("localhost", port, timeout=10)) as link:
            for _ in range(3):
                link.request("GET", "/healthz", headers={"X-Large": "a" * 50_000})
                assert link.getresponse().read() == b"ok\n", "on one connection again and again"
        with connected(port, request("/healthz", large + "Connection: close\r\n")) as link:
            assert b" 200 OK" in told(link)
        for more in (f"X: {'a' * 66_000}\r\n", large * 2, large * 40):
            with connected(port, request("/healthz", more)) as link:
                assert b" 200 OK" not in told(link)
        with connected(port, b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 66_000) as link:
            assert b" 431 " in told(link)
        head = "POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        with connected(port, f"{head}0\r\nX: {'a' * 200_000}".encode()) as link:
            assert b" 431 " in told(link), "what follows a body is bounded, too"

        began = time.monotonic()
        silent = connected(port, b"")
        half = connected(port, b"GET /healthz HTTP/1.1\r\nHost: lo")
        blank = connected(port, b"")
        while time.monotonic() - began < 14:
            for link in (half, blank):
                with suppress(OSError):
                    link.sendall(b"c" if link is half else b"\r\n")
            time.sleep(0.5)
        silent.settimeout(0.1)
        assert told(silent) == b"", "closed before it sent anything"
        for link in (half, blank):
            link.settimeout(5)
            assert b" 408 " in told(link)
        assert 14 < time.monotonic() - began < 21
        assert ask(site, "/healthz")[0] == 200


def test_one_visitor_holds_thirty_streams_of_a_link_and_no_more(installation) -> None:
    tokens = [installation.open(client)[1] for client in ("Acme", "Brightwater")]
    with a_server(installation) as (_site, port, _process):
        streams = [a_stream(port, tokens[0]) for _ in range(32)]
        assert [status for status, _link in streams] == [200] * 30 + [429] * 2
        assert a_stream(port, tokens[1])[0] == 200, "another link is not meant"
        streams[0][1].close()
        for _ in range(50):
            status, _link = a_stream(port, tokens[0])
            if status == 200:
                break
            time.sleep(0.1)
        assert status == 200, "one that ends makes room"


def test_streams_take_nobody_the_pages(installation) -> None:
    tokens = [installation.open(f"Client {n}")[1] for n in range(5)]
    with a_server(installation) as (site, port, process):
        ask(site, f"/r/{tokens[0]}")
        held = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (held + 140, held + 140))
        streams = [a_stream(port, token) for token in tokens for _ in range(30)]
        statuses = [status for status, _link in streams]
        assert statuses.count(200) >= 30
        assert statuses[-1] in (0, 503)
        for _status, link in streams:
            if _status != 200:
                link.close()
        for path in ("/healthz", f"/r/{tokens[0]}", "/accounts/login/", f"/r/{tokens[1]}?q=a"):
            assert ask(site, path)[0] == 200, path
        crowd = [connected(port, b"") for _ in range(80)]
        assert any(b" 503 " in told(link) for link in crowd[-5:])
        for link in crowd:
            link.close()
        time.sleep(0.5)
        assert ask(site, "/accounts/login/")[0] == 200


def test_streams_end_with_the_server_at_once_and_without_a_word_in_the_log(installation) -> None:
    tokens = [installation.open(client)[1] for client in ("Acme", "Brightwater")]
    with a_server(installation) as (_site, port, process):
        streams = [a_stream(port, token) for token in tokens for _ in range(25)]
        assert {status for status, _link in streams} == {200}
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        for _status, link in streams:
            assert told(link).endswith(b"0\r\n\r\n"), "the answer is whole, nothing broke"
        _out, err = process.communicate(timeout=10)
        assert time.monotonic() - began < 1.5
        assert err == ""
    with a_server(installation, port):
        again = [a_stream(port, token) for token in tokens for _ in range(25)]
        assert {status for status, _link in again} == {200}
