"""Counting requests for Prometheus, where METRICS_KEY asks for it; without it nothing is counted,
and nothing imported.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_making = threading.Lock()
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def is_counted() -> bool:
    """Does somebody want to know?"""
    return bool(settings.METRICS_KEY)


@contextmanager
def shared() -> Iterator[None]:
    """Let the processes that start inside count into one folder, so that each of them can answer
    for all.
    """
    if not is_counted() or _FOLDER in os.environ:
        yield
        return
    folder = tempfile.mkdtemp(prefix="hourtab-metrics-")
    os.environ[_FOLDER] = folder
    try:
        yield
    finally:
        os.environ.pop(_FOLDER, None)
        shutil.rmtree(folder, ignore_errors=True)


def count(place: str, method: str, status: int, seconds: float) -> None:
    """Count one answer. `place` is a route without anybody's data in it."""
    requests, times = instruments()
    requests.labels(place, method, str(status)).inc()
    times.labels(place).observe(seconds)


def library() -> Any:
    """Return prometheus_client. Raises `ImproperlyConfigured` where it is not installed."""
    try:
        import prometheus_client
    except ImportError:
        missing = "METRICS_KEY is set, and prometheus-client is missing. Run: pip install prometheus-client"
        raise ImproperlyConfigured(missing) from None
    return prometheus_client


def instruments() -> tuple[Any, Any]:
    """Return what counts requests, and what measures them; two threads must not make them at
    once.
    """
    with _making:
        return _instruments()


@cache
def _instruments() -> tuple[Any, Any]:
    found = library()
    return (
        found.Counter(
            "hourtab_requests",
            "Answers, by route, method and status.",
            ["place", "method", "status"],
        ),
        found.Histogram("hourtab_request_seconds", "How long answers took, by route.", ["place"]),
    )
