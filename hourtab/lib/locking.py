"""Locking rows.

In every transaction the order is the same: the workspace, then retainers by primary key, then
whatever hangs on them. So two that want the same rows wait for each other, and never in a circle.
"""

from collections.abc import Iterable

from django.db import models


def locked[M: models.Model](rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """Return these rows locked until the transaction ends; joined rows are not.

    The lock leaves foreign keys alone: a stronger one stands against the checks that PostgreSQL
    makes when another transaction commits a row that points here, and ends in a deadlock.
    """
    return rows.select_for_update(of=("self",), no_key=True)


def in_order[M: models.Model](rows: Iterable[M]) -> list[M]:
    """Return each row once, in the order in which rows are locked and touched."""
    return [row for _pk, row in sorted({row.pk: row for row in rows}.items())]
