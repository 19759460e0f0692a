"""The stored page against the floor, its 304, its growth with the log, and the first view after a change."""

import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bench.stage import free_port, requests_per_second, running, stage, toggl

ROUNDS = 3


def measure() -> Iterator[tuple[str, float]]:
    """Yield name and value."""
    today = date.today().isoformat()  # noqa: DTZ011 - the retainer's zone is UTC, a day more or less does not matter
    port = free_port()
    floor = f"http://127.0.0.1:{port}/"
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--log-level",
        "error",
        "bench.hello:application",
    ]
    with stage() as small, stage() as large, tempfile.TemporaryDirectory() as folder:
        urls = {}
        for place, rows in ((small, 50), (large, 200_000)):
            opened = place.json("open", "--client", "Acme", "--hours", "20", "--start", today)
            for first in range(0, rows, 100_000):
                path = toggl(Path(folder) / f"{rows}-{first}.csv", min(rows, 100_000), today, first=first)
                place.run("import", str(path), "--retainer", opened["ref"], "--only-add")
            urls[rows] = opened["url"]
        hello, page, not_modified, grown = [], [], [], []
        with running(gunicorn, floor, dict(os.environ)), small.web(), large.web():
            tag = urllib.request.urlopen(urls[50]).headers["ETag"]
            urllib.request.urlopen(urls[200_000]).close()
            for _ in range(ROUNDS):
                hello.append(requests_per_second(floor))
                page.append(requests_per_second(urls[50]))
                not_modified.append(requests_per_second(urls[50], headers={"If-None-Match": tag}))
                grown.append(requests_per_second(urls[200_000]))
            yield "page_vs_hello", statistics.median(page) / statistics.median(hello)
            yield "page_304_vs_hello", statistics.median(not_modified) / statistics.median(hello)
            yield "page_growth_200k", statistics.median(page) / statistics.median(grown)
            yield "first_view_ms", statistics.median(_first_views(small, urls[50]))


def _first_views(place, url: str) -> list[float]:
    """Return milliseconds of the first view after a change."""
    times = []
    for _ in range(9):
        place.run("log", "a call, 6m", "@acme")
        begin = time.perf_counter()
        urllib.request.urlopen(url).read()
        times.append((time.perf_counter() - begin) * 1000)
    return times
