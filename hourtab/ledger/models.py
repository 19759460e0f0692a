"""The record: entries with their revisions, hours granted, decisions, statements, and the cached
cycles.

Only `ledger` writes here. Revisions are added, never changed; an entry is the pointer to its latest
one. Every write is a link of the retainer's chain.
"""

from datetime import timedelta
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Workspace
from hourtab.lib.append_only import AppendOnly, AppendOnlyError, AppendOnlyQuerySet
from hourtab.retainers.models import Retainer


class Source(models.Model):
    """Where rows come from: an account of a time tracker, or a table of its own, with what was
    answered about its files.

    `name` tells several accounts of one tool apart; it is empty while there is only one.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="sources")
    tool = models.CharField(max_length=30)
    name = models.CharField(max_length=80, blank=True)
    answers = models.JSONField(default=dict)

    class Meta:
        ordering = ["tool", "name"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "tool", "name"], name="source_once")
        ]

    def __str__(self) -> str:
        return self.name or self.tool


class WriteQuerySet(AppendOnlyQuerySet["Write"]):
    """Writes are never changed; one that is under way is sealed once."""

    def seal(self, **fields: Any) -> int:
        """Note what a write did, at its end: for `ledger.record` alone."""
        return models.QuerySet.update(self.filter(hash=""), **fields)

    def erase_reasons(self) -> int:
        """Take out for ever why they were made, which no hash covers: for `ledger.erasing`
        alone.
        """
        return models.QuerySet.update(self, reason="")


class Write(AppendOnly):
    """One write of the ledger: who did what, when and why, what it did to the balance, and its link
    of the chain.

    `hash` is SHA-256 of the hash before and the digests of what was written, in order (ledger §5):
    first `records`, what is no entry, then the revisions in the order of their keys. `batch` names
    the import that wrote it. `levels` says how it left every unclosed cycle: by its first day, what
    was used and what was available.
    """

    class Kind(models.TextChoices):
        OPEN = "open", _("Retainer opened")
        LOG = "log", _("Time logged")
        EDIT = "edit", _("Line changed")
        WITHDRAW = "withdraw", _("Line taken out")
        RESTORE = "restore", _("Line put back")
        CORRECT = "correct", _("Line of a closed cycle corrected")
        IMPORT = "import", _("File brought in")
        UNDO = "undo", _("Import taken back")
        TOPUP = "topup", _("Hours added")
        APPROVE = "approve", _("Extra hours approved")
        TRANSFER = "transfer", _("Hours of a cycle changed")
        DECIDE = "decide", _("Decided on extra time")
        CLOSE = "close", _("Cycle closed")
        REOPEN = "reopen", _("Cycle reopened")
        TERMS = "terms", _("Terms changed")
        PAUSE = "pause", _("Pause")
        HOLD = "hold", _("Work planned")
        CLEAR = "clear", _("Planned work cleared")
        END = "end", _("End of the retainer")
        ERASE = "erase", _("Texts erased")

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="writes")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    label = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    batch = models.CharField(max_length=13, blank=True)
    records = models.JSONField(default=list)
    count = models.PositiveIntegerField(default=0)
    before = models.BigIntegerField(null=True)
    after = models.BigIntegerField(null=True)
    levels = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)

    objects = WriteQuerySet.as_manager()  # type: ignore[misc]

    class Meta(AppendOnly.Meta):
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["retainer", "number"], name="write_once")]
        indexes = [
            models.Index(fields=["batch"], name="write_batch", condition=~models.Q(batch="")),
            models.Index(fields=["retainer", "at"], name="write_of_when"),
            models.Index(fields=["at"], name="write_when"),
        ]

    def __str__(self) -> str:
        return f"{self.retainer_id}.{self.number} {self.kind}"


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

    `key` orders it among others of its day and time and never changes. `on`, `began` (`Work.began`)
    and `is_withdrawn` repeat the latest revision; `posts_on` is a day of the cycle it posts in:
    `on`, or, of a late entry, that cycle's first. An entry that `corrects` another is a difference
    of what that one charged. What a source says of it is kept apart from what it says now:
    `source_on` and `source_digest` are the source's row, `is_listed` whether the source still has
    it. `source_ref` is the source's own number of it: a hint for telling an edit from a new row,
    never what makes two rows the same.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="entries")
    key = models.CharField(max_length=48)
    on = models.DateField()
    began = models.BigIntegerField(default=-1)
    number = models.PositiveIntegerField(default=1)
    is_withdrawn = models.BooleanField(default=False)
    posts_on = models.DateField()
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrections", db_index=False
    )
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False
    )
    source_on = models.DateField(null=True)
    source_digest = models.CharField(max_length=32, blank=True)
    source_ref = models.CharField(max_length=60, blank=True)
    is_listed = models.BooleanField(default=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["retainer", "key"], name="entry_key_once")]
        indexes = [
            models.Index(fields=["retainer", "posts_on"], name="entry_log"),
            models.Index(fields=["retainer", "on", "began", "key"], name="entry_order"),
            models.Index(
                fields=["corrects"],
                name="entry_corrects",
                condition=models.Q(corrects__isnull=False),
            ),
            models.Index(
                fields=["source", "retainer", "source_on"],
                name="entry_source",
                condition=models.Q(source__isnull=False),
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


class RevisionQuerySet(AppendOnlyQuerySet["Revision"]):
    """Revisions are never changed; only their texts can be erased."""

    def erase(self, texts: str) -> int:
        """Take the texts out for ever, and keep their salted digest: for `ledger` alone."""
        blank = {
            "project": "",
            "person": "",
            "description": "",
            "reason": "",
            "salt": "",
            "erased": texts,
        }
        return models.QuerySet.update(self, **blank)


class Revision(AppendOnly):
    """What an entry said since a write. Amounts are seconds, or hundredths of a counted unit;
    signed in a correction.

    `weighted_by` names the rule that gave it its weight, `line` the line of the file that an import
    took it from. `posted` is the start of the cycle a late entry posts in. A correction keeps in
    `wanted` the figures that the corrected line is to have. `digest` is that of its figures and of
    the salted digest of its texts (ledger §5); where the texts were erased, `erased` keeps the
    latter.
    """

    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="revisions", db_index=False
    )
    number = models.PositiveIntegerField(default=1)
    on = models.DateField()
    started = models.TimeField(null=True)
    amount = models.BigIntegerField()
    weight = models.PositiveIntegerField(default=100)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.RETAINER)
    category = models.CharField(max_length=60, blank=True)
    project = models.CharField(max_length=200, blank=True)
    person = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    outcome = models.CharField(max_length=24, blank=True)
    weighted_by = models.CharField(max_length=120, blank=True)
    is_withdrawn = models.BooleanField(default=False)
    posted = models.DateField(null=True)
    wanted = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    write = models.ForeignKey(Write, on_delete=models.PROTECT, related_name="revisions")
    line = models.PositiveIntegerField(null=True)
    salt = models.CharField(max_length=32)
    erased = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    objects = RevisionQuerySet.as_manager()  # type: ignore[misc]

    class Meta(AppendOnly.Meta):
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="revision_once")]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.number}"


class TopUp(AppendOnly):
    """Extra hours granted: bought, or given as goodwill. `until` null means its own cycle,
    `is_forever` no expiry.

    `price` is what all of them cost, in minor units; null where nothing was said.
    """

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
    price = models.PositiveBigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [models.UniqueConstraint(fields=["retainer", "key"], name="topup_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.amount}"


class Authorisation(AppendOnly):
    """Approval to go over by `amount` in all, for work from `starts_on` to `ends_on`, both included
    (ledger §4).

    `rate` is minor units an hour, or for each counted unit; 0 is at no charge. `approved_by` is the
    name that was typed.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="authorisations")
    key = models.CharField(max_length=40)
    amount = models.PositiveBigIntegerField()
    rate = models.PositiveBigIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.TextField(blank=True)
    is_emergency = models.BooleanField(default=False)
    approved_by = models.CharField(max_length=100)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["retainer", "key"], name="authorisation_once")
        ]

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


class Decision(AppendOnly):
    """What becomes of awaiting overage of the cycle that starts on `cycle_on`; the cycle of
    `posted_on` carries it.
    """

    class Outcome(models.TextChoices):
        BILL = "bill", _("bill it")
        DEDUCT = "deduct", _("take it from the next hours")
        ABSORB = "absorb", _("do not charge it")

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="decisions")
    key = models.CharField(max_length=40)
    cycle_on = models.DateField()
    posted_on = models.DateField()
    amount = models.PositiveBigIntegerField()
    outcome = models.CharField(max_length=6, choices=Outcome)
    rate = models.PositiveBigIntegerField(null=True)
    on = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["retainer", "key"], name="decision_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.outcome} {self.amount}"


class Hold(models.Model):
    """Planned work without an entry: it reserves hours in the cycle of `starts_on` until the day
    after `ends_on`.

    `cleared_at` ends it earlier. It is drawn hatched, and is in no total but the planned one.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="holds")
    key = models.CharField(max_length=40)
    text = models.CharField(max_length=200)
    amount = models.PositiveBigIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["starts_on", "key"]
        constraints = [models.UniqueConstraint(fields=["retainer", "key"], name="hold_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.amount}"


class StatementQuerySet(AppendOnlyQuerySet["Statement"]):
    """Statements are never changed; only why one was reopened can be erased."""

    def erase_reasons(self) -> int:
        """Take out for ever why they were made anew: for `ledger.erasing` alone."""
        return models.QuerySet.update(self, reason="")


class Statement(AppendOnly):
    """A cycle as it was closed: frozen, numbered per retainer, versioned.

    `closed_on` is the date of the first version in all of them. `lines` are `[revision, charged,
    covered, overage, balance]` in the order of the calculation: the texts stand in the revisions,
    which never change.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="statements")
    number = models.PositiveIntegerField()
    version = models.PositiveIntegerField(default=1)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    closed_on = models.DateField()
    made_at = models.DateTimeField()
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.TextField(blank=True)
    terms = models.JSONField()
    totals = models.JSONField()
    opening = models.JSONField()
    closing = models.JSONField()
    lines = models.JSONField()

    objects = StatementQuerySet.as_manager()  # type: ignore[misc]

    class Meta(AppendOnly.Meta):
        ordering = ["number", "version"]
        constraints = [
            models.UniqueConstraint(fields=["retainer", "number", "version"], name="statement_once")
        ]

    def __str__(self) -> str:
        return f"{self.retainer_id} {self.number}.{self.version}"


class Cycle(models.Model):
    """A cycle as computed last: a cache. It affects cost, never meaning, and may be deleted at any
    time.

    `totals` is the cycle of the statement document, `closing` the state the next cycle opens with
    (null while open), `breakdown` what its hours went into and when they were used.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.CASCADE, related_name="cycles")
    index = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    totals = models.JSONField()
    breakdown = models.JSONField(default=dict)
    closing = models.JSONField(null=True)

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["retainer", "index"], name="cycle_once")]

    def __str__(self) -> str:
        return f"{self.retainer} {self.starts_on}"


class Clock(models.Model):
    """What is known of this machine's clock, in one row: when the worker looked at it last and
    believed it, and since when it is doubted.
    """

    # a clock that goes on by more than this at once is doubted
    LEAP = timedelta(days=1)

    seen_at = models.DateTimeField(null=True)
    doubted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"seen {self.seen_at}, doubted {self.doubted_at}"
