"""Rows whose changes open pages must notice."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import F
from django.db.models.functions import Now


class Versioned(models.Model):
    """A row that a public page shows. `touch` is the last statement of a transaction that changes
    what is shown.
    """

    version = models.PositiveBigIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Store the row; of one that is there already never its version.

        A version counts in the database alone: one that was read and written back would go back
        behind what others counted meanwhile, and a page that was stored for it would pass as new.
        """
        if not self._state.adding:
            names = self._stored_names() if update_fields is None else set(update_fields)
            update_fields = names - _COUNTED
        super().save(update_fields=update_fields, **kwargs)

    def _stored_names(self) -> set[str]:
        deferred = self.get_deferred_fields()
        return {
            field.name
            for field in self._meta.concrete_fields
            if not field.primary_key and field.attname not in deferred
        }

    def touch(self, **more: Any) -> None:
        """Count the version up, with the database's clock; `more` is stored with it."""
        type(self)._default_manager.filter(pk=self.pk).update(
            version=F("version") + 1, changed_at=Now(), **more
        )


_COUNTED = {"version", "changed_at"}
