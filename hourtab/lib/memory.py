"""Memory: what the interpreter does about it while millions of small objects are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Keep the cycle collector from looking through everything again and again; objects are freed
    as always.

    For bounded work that makes many objects and no cycles. Nested or in several threads at once it
    may be switched on again early, which only costs time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
