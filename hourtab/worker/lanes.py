"""Lanes: jobs that stand in each other's way wait for each other, and for nobody else.

A lane is a thread with a connection of its own, so a mail server that answers slowly or a file that
takes minutes holds up neither midnight nor another lane. Threads and not processes: a small machine
has no memory for five of us, and what waits (for a server, a lock, a disk) lets the others run.
Where a lane is to have a process of its own, `hourtab worker --lane` gives it one.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import OperationalError, close_old_connections, connections
from django.utils import timezone

from hourtab.worker.rows import stopping

log = logging.getLogger(__name__)

LEAVING = 5.0
"""So many seconds a lane has to finish what it is at, once the worker is to end."""


class Lane(StrEnum):
    """What waits for each other."""

    CLOCK = "clock"
    WATCH = "watch"
    MAIL = "mail"
    IMPORTS = "imports"
    HOUSEKEEPING = "housekeeping"


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again. It finds what is due and does it; returns how much."""

    name: str
    lane: Lane
    every: timedelta
    do: Callable[[datetime], int]


def work(jobs: Sequence[Job], is_over: Callable[[], bool]) -> bool:
    """Do these jobs until the worker is to end, each lane by itself; return whether all lanes have
    finished what they were at.

    What was cut off is whole: a transaction that was not committed never was, and what was leased
    is taken up again when its lease is over.
    """
    lanes = [
        threading.Thread(
            target=_keep_doing,
            args=([job for job in jobs if job.lane == lane],),
            name=f"lane {lane}",
            daemon=True,
        )
        for lane in dict.fromkeys(job.lane for job in jobs)
    ]
    for lane in lanes:
        lane.start()
    while not stopping.wait(1) and not is_over():
        pass
    stopping.set()
    until = time.monotonic() + LEAVING
    for lane in lanes:
        lane.join(max(0.0, until - time.monotonic()))
    return not any(lane.is_alive() for lane in lanes)


def do_once(jobs: Iterable[Job]) -> None:
    """Do each of these jobs once, one after the other."""
    for job in jobs:
        _do(job)


def _keep_doing(jobs: Sequence[Job]) -> None:
    due = dict.fromkeys((job.name for job in jobs), 0.0)
    try:
        while not stopping.is_set():
            for job in jobs:
                if due[job.name] <= time.monotonic() and not stopping.is_set():
                    _do(job)
                    due[job.name] = time.monotonic() + job.every.total_seconds()
            stopping.wait(1)
    finally:
        connections.close_all()


def _do(job: Job) -> None:
    try:
        close_old_connections()
        done = job.do(timezone.now())
    except OperationalError as error:
        # Every job would say so with a stack trace, every second.
        log.error("Could not %s: %s Tried again next time.", job.name, _first_line(error))
    except Exception:
        log.exception("Could not %s; tried again next time.", job.name)
    else:
        if done:
            log.info("%s: %s", job.name, done)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
