"""Several web processes behind one port: each serves what another wrote, and one that is killed is
no loss.
"""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.sharing.test_served import ask

PROCESSES = 3


@contextmanager
def several(installation) -> Iterator[tuple[str, int, int]]:
    """Keep three web processes running; yields the site, its port and the process that keeps
    them.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = installation.start(
        "web", "--port", str(port), "--processes", str(PROCESSES), PORT=str(port)
    )
    site = f"http://localhost:{port}"
    try:
        for _ in range(900):
            with suppress(OSError):
                if ask(site, "/robots.txt")[0] == 200 and len(children(process.pid)) >= PROCESSES:
                    break
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        yield site, port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def children(pid: int) -> list[int]:
    """Return the processes that serve: those that hold the listening socket."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def listen(port: int, token: str) -> socket.socket:
    stream = socket.create_connection(("localhost", port), timeout=40)
    stream.sendall(f"GET /r/{token}/live HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    seen = b""
    while b"retry: " not in seen:
        seen += stream.recv(4096)
    return stream


def hear(stream: socket.socket) -> bool:
    """Wait for the news of a change; False where the connection broke."""
    seen = b""
    with suppress(ConnectionError):
        while b"event: change" not in seen:
            if not (more := stream.recv(4096)):
                return False
            seen += more
        return True
    return False


def test_a_change_through_one_is_on_the_pages_of_all_and_a_killed_one_loses_nobody(
    installation,
) -> None:
    _, token = installation.open(start="2020-01-01")
    with several(installation) as (site, port, keeper):
        viewers = [listen(port, token) for _ in range(24)]
        before = time.monotonic()
        installation.run("log", "notes, 45m @acme")
        assert all(hear(viewer) for viewer in viewers)
        assert time.monotonic() - before < 60
        pages = {ask(site, f"/r/{token}")[2] for _ in range(12)}
        assert len(pages) == 1
        assert b"45" in pages.pop()

        victim = children(keeper)[0]
        os.kill(victim, signal.SIGKILL)
        installation.run("log", "a call, 30m @acme")
        heard = [hear(viewer) for viewer in viewers]
        again = [listen(port, token) for kept in heard if not kept]
        assert len(again) + sum(heard) == len(viewers)
        assert sum(heard) > 0
        for _ in range(600):
            serving = children(keeper)
            if len(serving) == PROCESSES and victim not in serving:
                break
            time.sleep(0.1)
        assert len(serving) == PROCESSES, "one that ends is started anew"
        installation.run("log", "another, 15m @acme")
        left = [viewer for viewer, kept in zip(viewers, heard, strict=True) if kept]
        assert all(hear(viewer) for viewer in (*again, *left))
        for viewer in (*viewers, *again):
            viewer.close()
