"""The stored page against the floor, its 304, its growth with the log, and the first view after a
change.
"""

import gzip
import os
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bench.stage import (
    Stage,
    free_port,
    postgres,
    requests_per_second,
    running,
    slowest_vs_median,
    stage,
    toggl,
)

ROUNDS = 5
LINES, FEW, MANY = 50, 200, 200_000


def measure() -> Iterator[tuple[str, float]]:
    """Yield name and value."""
    port = free_port()
    floor = f"http://127.0.0.1:{port}/"
    words = [
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--log-level",
        "error",
        "bench.hello:application",
    ]
    gunicorn = [sys.executable, "-m", "gunicorn", *words]
    with (
        stage() as small,
        stage() as few,
        stage() as large,
        running(gunicorn, floor, dict(os.environ)),
    ):
        page, other, grown = _filled(small, LINES), _filled(few, FEW), _filled(large, MANY)
        with small.web(), few.web(), large.web():
            yield from _against(floor, page, grown)
            yield "page_p99_vs_p50", slowest_vs_median(page)
            yield "page_kb", _weight(page)
            first, last = (
                statistics.median(_first_views(few, other)),
                statistics.median(_first_views(large, grown)),
            )
            yield "render_growth_200k", last / first
            yield "first_view_ms", statistics.median(_first_views(small, page))
    with postgres() as uri, stage(uri) as place, running(gunicorn, floor, dict(os.environ)):
        page = _filled(place, LINES)
        with place.web():
            urllib.request.urlopen(page).close()
            pairs = [(requests_per_second(page), requests_per_second(floor)) for _ in range(ROUNDS)]
            yield "page_pg_vs_hello", statistics.median(ours / hello for ours, hello in pairs)


def _filled(place: Stage, rows: int) -> str:
    """Open a retainer with so many lines of today; return its link."""
    today = date.today().isoformat()  # noqa: DTZ011 - the retainer's zone is UTC, a day more or less does not matter
    opened = place.json("open", "--client", "Acme", "--hours", "20", "--start", today)
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, rows, 100_000):
            path = toggl(Path(folder) / f"{first}.csv", min(rows, 100_000), today, first=first)
            place.run("import", str(path), "--retainer", opened["ref"], "--only-add")
    return str(opened["url"])


def _against(floor: str, page: str, grown: str) -> Iterator[tuple[str, float]]:
    with urllib.request.urlopen(page) as answer:
        tag = answer.headers["ETag"]
    urllib.request.urlopen(grown).close()
    taken: list[tuple[float, ...]] = []
    for _ in range(ROUNDS):
        taken.append(
            (
                requests_per_second(floor),
                requests_per_second(page),
                requests_per_second(page, headers={"If-None-Match": tag}),
                requests_per_second(grown),
            )
        )
    yield "page_vs_hello", statistics.median(page / hello for hello, page, _, _ in taken)
    yield (
        "page_304_vs_hello",
        statistics.median(unchanged / hello for hello, _, unchanged, _ in taken),
    )
    yield "page_growth_200k", statistics.median(page / large for _, page, _, large in taken)


def _weight(url: str) -> float:
    """Return the kB of a page with everything it needs, compressed."""
    body = _read(url)
    parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', body.decode()))
    site = url.partition("/r/")[0]
    return (
        sum(
            len(gzip.compress(content, 6))
            for content in (body, *(_read(site + part) for part in parts))
        )
        / 1000
    )


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        return bytes(answer.read())


def _first_views(place: Any, url: str) -> list[float]:
    """Return milliseconds of the first view after a change."""
    times = []
    for _ in range(7):
        place.run("log", "a call, 6m", "@acme")
        begin = time.perf_counter()
        _read(url)
        times.append((time.perf_counter() - begin) * 1000)
    return times
