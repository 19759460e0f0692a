"""How long a file may be read: seconds of the processor, so that a busy machine refuses nothing.

The readers are bounded in what they read, and yet nobody has thought of every file. They ask here
now and then, and a file that takes too long is refused. Not a process of its own with limits of
the system: starting one costs more than reading the file does, its rows would be copied from one
to the other, and a web server of many threads must not fork.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils.translation import gettext as _

from hourtab.imports.errors import Refusal

LONGEST = 30.0
"""Seconds: ten times what 200,000 rows take."""
EVERY = 1_000
"""Rows, days, cells after which a reader asks again."""

_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))


@contextmanager
def patience(seconds: float = LONGEST) -> Iterator[None]:
    """Let what is read in here take so many seconds of this thread at most."""
    token = _ends.set(min(_ends.get(), time.thread_time() + seconds))
    try:
        yield
    finally:
        _ends.reset(token)


def keep_on(line: int | None = None) -> None:
    """Refuse the file where its time is over."""
    if time.thread_time() > _ends.get():
        raise Refusal(_("The file takes too long to read. Split it by month."), line=line)
