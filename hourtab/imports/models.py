"""Files brought in: what was in them, what became of every row, and how to take it back."""

import secrets

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Workspace
from hourtab.ledger.models import Source
from hourtab.retainers.models import Retainer, new_ref


def _ref() -> str:
    return new_ref() + secrets.choice("23456789")


class Import(models.Model):
    """One file brought in. Its bytes are kept until it is applied, a day at most; its outcome for ever.

    `outcomes` lists `[line, outcome, reason]` for every row and `flags` `[line, what to look at]`; no text of a row that
    was not for us is kept.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("not applied yet")
        APPLIED = "applied", _("applied")
        UNDONE = "undone", _("undone")

    ref = models.CharField(max_length=12, unique=True, default=_ref, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="imports")
    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="imports")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="imports")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    answers = models.JSONField(default=dict)
    window_from = models.DateField(null=True)
    window_until = models.DateField(null=True)
    counts = models.JSONField(default=dict)
    outcomes = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    listings = models.JSONField(default=list)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.ref})"

    def get_absolute_url(self) -> str:
        """Return the page that shows its preview or its result."""
        return reverse("import", args=[self.ref])
