"""Keys: what a program signs in with."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member


class Scope(models.TextChoices):
    """What a key may be used for."""

    LOG = "log", _("Log time")
    IMPORT = "import", _("Bring files in")


class ApiKey(models.Model):
    """A key of a member, who it acts as: it may never do more than they may, and ends with their
    membership.

    The key itself is shown once and not kept: `digest` is its SHA-256, `hint` its first characters,
    to tell keys apart.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    hint = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    def stands(self, now: datetime) -> bool:
        """May it be used at `now`?"""
        return self.revoked_at is None and self.expires_at > now

    def scope_labels(self) -> list[Any]:
        """Return what it may be used for, in words."""
        return [Scope(scope).label for scope in self.scopes]
