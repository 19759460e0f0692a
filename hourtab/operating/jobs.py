"""The pulse of the worker."""

from datetime import datetime

from hourtab.operating.models import Mark


def beat(now: datetime) -> int:
    """Note that a worker is alive."""
    Mark.leave("worker", now)
    return 0
