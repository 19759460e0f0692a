"""Several people at once, each with a connection of their own."""

import threading
import time
from collections.abc import Callable, Sequence

from django.db import connection, transaction

from hourtab.ledger.errors import LedgerError
from hourtab.ledger.writing import record
from hourtab.retainers.models import Retainer

type Job = Callable[[], object]

REACHES_THE_LOCK = 0.3
"""Seconds in which whoever was started has read what is read before the lock."""


def at_once(retainers: Sequence[Retainer], *jobs: Job) -> list[str]:
    """Do these at the same moment: all have begun before one of them gets at the retainers.

    Returns for each `done`, or the sentence it was refused with; anything else is raised.
    """
    return _held_up(retainers, lambda: None, jobs)


def overtaken(retainers: Sequence[Retainer], first: Job, job: Job) -> str:
    """Do a job that has begun when `first` is done, and gets at the retainers after it."""
    return _held_up(retainers, first, [job])[0]


def _held_up(retainers: Sequence[Retainer], first: Job, jobs: Sequence[Job]) -> list[str]:
    said: list[str | BaseException] = [""] * len(jobs)

    def do(place: int) -> None:
        try:
            jobs[place]()
            said[place] = "done"
        except LedgerError as refused:
            said[place] = str(refused)
        except BaseException as error:
            said[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=[place]) for place in range(len(jobs))]
    with transaction.atomic():
        record.lock_all(retainers)
        for thread in threads:
            thread.start()
        time.sleep(REACHES_THE_LOCK)
        first()
    for thread in threads:
        thread.join(60)
    for outcome in said:
        if isinstance(outcome, BaseException):
            raise outcome
    return [str(outcome) for outcome in said]
