"""From the end of a write to the event on an open page."""

import socket
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bench.stage import stage


def measure() -> Iterator[tuple[str, float]]:
    """Yield the median of milliseconds from the end of a write to the event of the page that shows it."""
    with stage() as place:
        opened = place.json("open", "--client", "Acme", "--hours", "20")
        parts = urlsplit(opened["url"])
        with place.web(), socket.create_connection((parts.hostname, parts.port), timeout=20) as stream:
            stream.sendall(f"GET {parts.path}/live HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            stream.recv(65536)
            times = []
            for i in range(15):
                time.sleep(0.37)
                place.run("log", f"call {i}, 6m", "@acme")
                place_at = _changed_at(place)
                seen = b""
                while b"event: change" not in seen:
                    seen += stream.recv(65536)
                times.append((datetime.now(UTC) - place_at).total_seconds() * 1000)
            yield "live_median_ms", statistics.median(times)


def _changed_at(place) -> datetime:
    """Return when the database says the retainer changed last."""
    import sqlite3

    with sqlite3.connect(f"{place.environment['HOURTAB_VAR']}/hourtab.sqlite3") as link:
        (text,) = link.execute("SELECT changed_at FROM retainers_retainer").fetchone()
    link.close()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
