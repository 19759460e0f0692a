"""Doing something for many rows, so that one bad row stops nobody else's.

Each row has a transaction of its own. One that fails is noted (`Stumble`), left out until its pause
is over, and then tried after all others: however many fail, they never starve the rest.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from django.db import models, transaction

from hourtab.lib.database import in_chunks
from hourtab.worker.models import Stumble

log = logging.getLogger(__name__)

stopping = Event()
"""Set once this process is to end: what goes over rows ends after the one it is at."""
LOADED_AT_ONCE = 200
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


class EndOfRound(Exception):
    """Raised by what is done for a row: the others would fail for the same reason."""


def each[M: models.Model](
    job: str,
    rows: models.QuerySet[M],
    do: Callable[[M], int],
    now: datetime,
    *,
    most: int | None = None,
    in_transaction: bool = True,
) -> int:
    """Do something for each of `rows`, at most for `most` of them; return the sum of the results.

    What waits for somebody outside (a mail server) takes no transaction: it would hold up every
    other writer meanwhile.
    """
    this, done = _Round(job, now), 0
    for keys in in_chunks(this.keys_of(rows, most), LOADED_AT_ONCE):
        for key, load in _loaded(rows, keys):
            try:
                done += this.attempt(key, partial(_with, do, load), in_transaction)
            except EndOfRound:
                return done
            if stopping.is_set():
                return done
    return done


def in_batches[M: models.Model](
    job: str,
    rows: models.QuerySet[M],
    do: Callable[[Sequence[int]], int],
    now: datetime,
    *,
    size: int,
    most: int | None = None,
) -> int:
    """Do something for the keys of `rows`, `size` of them in one transaction; return the sum.

    A batch that fails is done again row by row, so that it is the bad row alone that is left out.
    """
    this, done = _Round(job, now), 0
    for keys in in_chunks(this.keys_of(rows, most), size):
        if stopping.is_set():
            break
        try:
            with transaction.atomic():
                found = do(keys)
            this.forget(keys)
            done += found
        except Exception:
            log.warning("Could not %s for %s rows at once; one by one.", job, len(keys))
            done += sum(this.attempt(key, partial(do, [key]), True) for key in keys)
    return done


class _Round:
    """One round of a job: which rows failed before, and what to do with those that fail now."""

    def __init__(self, job: str, now: datetime) -> None:
        self.job, self.now = job, now
        self.failed = dict(Stumble.objects.filter(job=job).values_list("row", "again_at"))

    def keys_of(self, rows: models.QuerySet[Any], most: int | None) -> Sequence[int]:
        """Return the keys of the rows to do now, those that failed before at the end."""
        ordered = rows if rows.query.order_by else rows.order_by("pk")
        if not self.failed:
            return list(ordered.values_list("pk", flat=True)[:most])
        known = Stumble.objects.filter(job=self.job).values("row")
        fresh = list(ordered.exclude(pk__in=known).values_list("pk", flat=True)[:most])
        due = [key for key, at in self.failed.items() if at <= self.now][:LOADED_AT_ONCE]
        again = set(rows.filter(pk__in=due).values_list("pk", flat=True))
        self.forget([key for key in due if key not in again])
        return [*fresh, *(key for key in due if key in again)]

    def attempt(self, key: int, do: Callable[[], int], in_transaction: bool) -> int:
        """Do something for one row; one that fails is noted."""
        try:
            with transaction.atomic() if in_transaction else nullcontext():
                done = do()
        except EndOfRound:
            raise
        except Exception as error:
            log.exception("Could not %s: row %s; it is put last.", self.job, key)
            self._note(key, error)
            return 0
        self.forget([key])
        return done

    def forget(self, keys: Iterable[int]) -> None:
        """Forget that these rows failed: they were done, or need not be done any more."""
        if known := [key for key in keys if key in self.failed]:
            Stumble.objects.filter(job=self.job, row__in=known).delete()

    def _note(self, key: int, error: Exception) -> None:
        before = Stumble.objects.filter(job=self.job, row=key).first()
        row = before or Stumble(job=self.job, row=key, since=self.now, times=0)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.times, 10))
        row.times, row.again_at = row.times + 1, self.now + pause
        row.problem = type(error).__name__[:80]
        row.save()


def _loaded[M: models.Model](
    rows: models.QuerySet[M], keys: Sequence[int]
) -> Iterator[tuple[int, Callable[[], M]]]:
    """Yield how to come by each row: loaded with the others, or by itself where one of them cannot
    be loaded.
    """
    try:
        found = {row.pk: row for row in rows.filter(pk__in=keys)}
    except Exception:
        for key in keys:
            yield key, partial(rows.get, pk=key)
        return
    for key in keys:
        if key in found:
            yield key, partial(found.__getitem__, key)


def _with[M: models.Model](do: Callable[[M], int], load: Callable[[], M]) -> int:
    return do(load())
