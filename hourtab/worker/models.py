"""What a job could not do."""

from django.db import models


class Stumble(models.Model):
    """A row that a job could not do: which, since when, how often, and when it is tried again.

    `problem` is the kind of the error and never its message, which may hold what somebody wrote.
    """

    job = models.CharField(max_length=60)
    row = models.PositiveBigIntegerField()
    since = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    again_at = models.DateTimeField()
    problem = models.CharField(max_length=80)

    class Meta:
        ordering = ["again_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["job", "row"], name="stumble_once")]

    def __str__(self) -> str:
        return f"{self.job}: {self.row} ({self.problem})"
