"""The record: entries with their revisions, hours granted, and the cached cycles.

Only `ledger.services` writes here. Revisions are added, never changed; an entry is the pointer to its latest one.
"""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Workspace
from hourtab.lib.append_only import AppendOnly, AppendOnlyError, AppendOnlyQuerySet
from hourtab.retainers.models import Retainer


class Source(models.Model):
    """Where rows come from: an account of a time tracker, or a table of its own, with what was answered about its files.

    `name` tells several accounts of one tool apart; it is empty while there is only one.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="sources")
    tool = models.CharField(max_length=30)
    name = models.CharField(max_length=80, blank=True)
    answers = models.JSONField(default=dict)

    class Meta:
        ordering = ["tool", "name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "tool", "name"], name="source_once")]

    def __str__(self) -> str:
        return self.name or self.tool


class Scope(models.TextChoices):
    """How an entry relates to the retainer's hours."""

    RETAINER = "retainer", _("Counts against the hours")
    PROJECT = "project", _("Project work, billed apart")
    COURTESY = "courtesy", _("At no charge")
    INTERNAL = "internal", _("Internal, never shown")


class EntryQuerySet(AppendOnlyQuerySet["Entry"]):
    """Entries move their pointer and are never deleted."""

    def point(self, **fields: Any) -> int:
        """Move the pointers: for `ledger` alone, beside the revision that explains it."""
        return models.QuerySet.update(self, **fields)


class Entry(models.Model):
    """The identity of a line of the work log, and where its latest revision stands.

    `key` orders it among others of its day and time and never changes. `on`, `started` and `is_withdrawn` repeat the
    latest revision. What a source says of it is kept apart from what it says now: `source_on` and `source_digest`
    are the source's row, `is_listed` whether the source still has it. `source_ref` is the source's own number of it: a
    hint for telling an edit from a new row, never what makes two rows the same.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="entries")
    key = models.CharField(max_length=48)
    on = models.DateField()
    started = models.TimeField(null=True)
    number = models.PositiveIntegerField(default=1)
    is_withdrawn = models.BooleanField(default=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False)
    source_on = models.DateField(null=True)
    source_digest = models.CharField(max_length=32, blank=True)
    source_ref = models.CharField(max_length=60, blank=True)
    is_listed = models.BooleanField(default=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["retainer", "key"], name="entry_key_once")]
        indexes = [
            models.Index(fields=["retainer", "on"], name="entry_log"),
            models.Index(
                fields=["source", "retainer", "source_on"], name="entry_source", condition=models.Q(source__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.key}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; an entry that exists changes only by a revision."""
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise: a withdrawn entry leaves a tombstone."""
        raise AppendOnlyError


class Revision(AppendOnly):
    """What an entry said from `at` on. Amounts are seconds, or hundredths of a counted unit.

    `batch` and `line` name the import and the line of its file that wrote it. `digest` is the salted digest of its
    texts and figures (ledger §5), so that a chain over revisions survives the erasure of a text.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField(default=1)
    on = models.DateField()
    started = models.TimeField(null=True)
    amount = models.PositiveBigIntegerField()
    weight = models.PositiveIntegerField(default=100)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.RETAINER)
    category = models.CharField(max_length=60, blank=True)
    project = models.CharField(max_length=200, blank=True)
    person = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    outcome = models.CharField(max_length=24, blank=True)
    is_withdrawn = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    batch = models.CharField(max_length=12, blank=True)
    line = models.PositiveIntegerField(null=True)
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)

    class Meta(AppendOnly.Meta):
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="revision_once")]
        indexes = [models.Index(fields=["batch"], name="revision_batch", condition=~models.Q(batch=""))]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.number}"


class TopUp(AppendOnly):
    """Extra hours granted: bought, or given as goodwill. `until` null means its own cycle, `is_forever` no expiry."""

    class Kind(models.TextChoices):
        TOPUP = "topup", _("Extra hours")
        GOODWILL = "goodwill", _("Goodwill hours")

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="topups")
    key = models.CharField(max_length=40)
    on = models.DateField()
    amount = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TOPUP)
    until = models.DateField(null=True)
    is_forever = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [models.UniqueConstraint(fields=["retainer", "key"], name="topup_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.amount}"


class Transfer(AppendOnly):
    """A signed change of one cycle's own hours, fixed when it was made."""

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="transfers")
    key = models.CharField(max_length=40)
    on = models.DateField()
    amount = models.BigIntegerField()
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [models.UniqueConstraint(fields=["retainer", "key"], name="transfer_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.amount}"


class Cycle(models.Model):
    """A cycle as computed last: a cache. It affects cost, never meaning, and may be deleted at any time.

    `totals` is the cycle of the statement document, `closing` the state the next cycle opens with (null while open).
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.CASCADE, related_name="cycles")
    index = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    totals = models.JSONField()
    closing = models.JSONField(null=True)

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["retainer", "index"], name="cycle_once")]

    def __str__(self) -> str:
        return f"{self.retainer} {self.starts_on}"
