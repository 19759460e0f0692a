"""Rows whose changes open pages must notice."""

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

    def touch(self) -> None:
        """Count the version up, with the database's clock."""
        type(self)._default_manager.filter(pk=self.pk).update(
            version=F("version") + 1, changed_at=Now()
        )
