"""Rows that are written once: no update, no delete, through whatever door of the ORM."""

from typing import Any, NoReturn

from django.db import models


class AppendOnlyError(TypeError):
    """This row is part of the record: it is never changed or deleted. Add a new one instead."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class AppendOnlyQuerySet[M: models.Model](models.QuerySet[M]):
    """Reads and inserts; every way to change or delete raises `AppendOnlyError`."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    update = delete = bulk_update = update_or_create = _raw_delete = _refuse


class AppendOnly(models.Model):
    """A model whose rows are only ever added."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row; raise `AppendOnlyError` where it exists."""
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `AppendOnlyError`."""
        raise AppendOnlyError
