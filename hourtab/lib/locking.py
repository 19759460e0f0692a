"""Locking rows.

In every transaction the order is the same: the workspace, then retainers by primary key, then
whatever hangs on them. So two that want the same rows wait for each other, and never in a circle.
"""

from collections.abc import Callable, Iterable
from functools import wraps

from django.db import OperationalError, connection, models, transaction


def locked[M: models.Model](rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """Return these rows locked until the transaction ends; joined rows are not.

    The lock leaves foreign keys alone: a stronger one stands against the checks that PostgreSQL
    makes when another transaction commits a row that points here, and ends in a deadlock.
    """
    return rows.select_for_update(of=("self",), no_key=True)


def in_order[M: models.Model](rows: Iterable[M]) -> list[M]:
    """Return each row once, in the order in which rows are locked and touched."""
    return [row for _pk, row in sorted({row.pk: row for row in rows}.items())]


TRIES = 3
_GIVEN_UP = ("40P01", "40001")
"""What PostgreSQL says when it ends a transaction for the sake of another: a deadlock, or one that
could not be serialized.
"""


def whole[**P, R](service: Callable[P, R]) -> Callable[P, R]:
    """Let a service be one transaction, everything or nothing.

    Where the database gave it up for the sake of another, it is done again from the start: nothing
    of it was stored, and who asked need not know. Inside another transaction the outermost decides.
    """

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        left = 1 if connection.in_atomic_block else TRIES
        while True:
            left -= 1
            try:
                with transaction.atomic():
                    return service(*args, **kwargs)
            except OperationalError as error:
                if not left or getattr(error.__cause__, "sqlstate", None) not in _GIVEN_UP:
                    raise

    return run
