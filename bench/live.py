"""Open pages: from a write to the event on one of them, and on the last of 5,000; what each costs
while nothing happens.
"""

import asyncio
import contextlib
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.stage import stage

VIEWERS = 5_000
IDLE_S = 25


def measure() -> Iterator[tuple[str, float]]:
    """Yield name and value."""
    with stage() as place:
        opened = place.json("open", "--client", "Acme", "--hours", "20")
        parts = urlsplit(opened["url"])
        with (
            place.web(),
            socket.create_connection((parts.hostname, parts.port), timeout=20) as stream,
        ):
            stream.sendall(_request(parts.path))
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
        yield from asyncio.run(_many(place, parts))


async def _many(place: Any, parts: Any) -> list[tuple[str, float]]:
    """Hold 5,000 streams open in one web process."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (min(hard, 4 * VIEWERS) if hard > 0 else 4 * VIEWERS, hard)
    )
    with place.web():
        pid = _pid_at(parts.port)
        streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        await _open(parts, streams, 50)
        before = _rss_kb(pid)
        await _open(parts, streams, VIEWERS)
        await asyncio.sleep(1)
        each = (_rss_kb(pid) - before) / (VIEWERS - 50)
        busy = _cpu_s(pid)
        await asyncio.sleep(IDLE_S)
        idle = (_cpu_s(pid) - busy) / IDLE_S * 100
        last = []
        for i in range(3):
            waiting = [asyncio.create_task(_changed(reader)) for reader, _ in streams]
            done = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hourtab",
                "log",
                f"again {i}, 6m",
                "@acme",
                env=place.environment,
                stdout=subprocess.DEVNULL,
            )
            await done.wait()
            await asyncio.gather(*waiting)
            last.append((datetime.now(UTC) - _changed_at(place)).total_seconds() * 1000)
        for _reader, writer in streams:
            writer.transport.abort()
        await asyncio.sleep(3)
        left = _sockets(pid)
    return [
        ("live_kb_per_viewer", each),
        ("live_5000_last_ms", statistics.median(last)),
        ("live_5000_idle_cpu_percent", idle),
        ("live_5000_left_behind", left),
    ]


async def _open(parts: Any, streams: list[Any], count: int) -> None:
    while len(streams) < count:
        some = min(100, count - len(streams))
        streams += await asyncio.gather(*(_stream(parts) for _ in range(some)))


async def _stream(parts: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=4096)
    writer.write(_request(parts.path))
    await reader.readuntil(b"retry: ")
    return reader, writer


async def _changed(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"event: change")


def _request(path: str) -> bytes:
    return f"GET {path}/live HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _pid_at(port: int) -> int:
    """Return the process that listens at a port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {
        f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"
    }
    found = (
        folder
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and listening & set(_open_files(folder))
    )
    return int(next(found).name)


def _sockets(pid: int) -> int:
    return sum(target.startswith("socket:") for target in _open_files(Path(f"/proc/{pid}")))


def _open_files(process: Path) -> list[str]:
    found = []
    with contextlib.suppress(OSError):
        for link in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(str(link.readlink()))
    return found


def _rss_kb(pid: int) -> float:
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(float(row.split()[1]) for row in rows if row.startswith("Rss:"))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _changed_at(place: Any) -> datetime:
    """Return when the database says the retainer changed last."""
    import sqlite3

    with sqlite3.connect(f"{place.environment['HOURTAB_VAR']}/hourtab.sqlite3") as link:
        (text,) = link.execute("SELECT changed_at FROM retainers_retainer").fetchone()
    link.close()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
