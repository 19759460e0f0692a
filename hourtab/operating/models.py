"""What an installation remembers of its own running."""

from datetime import datetime

from django.db import models


class Mark(models.Model):
    """When something was last done: `worker` is its pulse, `worker mail` that
    of one lane, `backup` the last copy."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def leave(cls, name: str, now: datetime) -> None:
        """Note that it was done now."""
        cls.objects.update_or_create(name=name, defaults={"at": now})

    @classmethod
    def of(cls, name: str) -> datetime | None:
        """Return when it was last done; None for never."""
        return cls.objects.filter(name=name).values_list("at", flat=True).first()
