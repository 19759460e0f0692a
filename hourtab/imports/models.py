"""Files brought in: what was in them, what became of every row, where rows go, and how to take an
import back.
"""

import secrets
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Workspace
from hourtab.ledger.models import Scope, Source
from hourtab.retainers.models import Retainer, new_ref


def _ref() -> str:
    return new_ref() + secrets.choice("23456789")


class SourceRule(models.Model):
    """Where rows of a source go: what must hold of a row, and what follows.

    `conditions` gives, per condition, the texts of which one must fit. A rule that came of
    answering a question (`is_answer`) is replaced by the next answer for its retainer; rules made
    by hand come before it.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField(default=0)
    conditions = models.JSONField(default=dict)
    retainer = models.ForeignKey(
        Retainer, on_delete=models.PROTECT, null=True, blank=True, related_name="source_rules"
    )
    leaves_out = models.BooleanField(default=False)
    scope = models.CharField(max_length=8, blank=True)
    category = models.CharField(max_length=60, blank=True)
    is_answer = models.BooleanField(default=False)
    made_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["is_answer", "position", "pk"]

    def __str__(self) -> str:
        said = (
            f"{name}: {', '.join(texts) or _('none')}" for name, texts in self.conditions.items()
        )
        return " · ".join(said) or str(_("every row"))

    @property
    def follows(self) -> list[str]:
        """What follows where it fits, in words."""
        where = _("left out") if self.leaves_out else self.retainer or ""
        scope = Scope(self.scope).label if self.scope else ""
        return [str(part) for part in (where, scope, self.category) if part]


class Import(models.Model):
    """One file brought in. Its bytes are kept until it is applied, a day at most; what became of
    its rows for ever.

    `retainer` is the only one it may feed, null where it may feed all of the workspace. `outcomes`
    lists, per outcome, reason and retainer, the lines of the file; `digests` the keyed digest of
    every entry row in the order of lines; `facts` what rules could go by in the rows that were
    stored. No text of a row that was not for us is kept.

    A long file is worked on by the worker: `task` says what it has to do, `progress` how far it is,
    `preview` what it found, and `leased_until` until when another worker keeps away.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("not applied yet")
        APPLIED = "applied", _("applied")
        UNDONE = "undone", _("undone")

    class Task(models.TextChoices):
        EXAMINE = "examine", _("being read")
        APPLY = "apply", _("being applied")
        UNDO = "undo", _("being taken back")

    ref = models.CharField(max_length=12, unique=True, default=_ref, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="imports")
    retainer = models.ForeignKey(
        Retainer, on_delete=models.PROTECT, null=True, related_name="imports"
    )
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="imports")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    answers = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    rules_digest = models.CharField(max_length=16, blank=True)
    window_from = models.DateField(null=True)
    window_until = models.DateField(null=True)
    counts = models.JSONField(default=dict)
    outcomes = models.JSONField(default=list)
    digests = models.BinaryField(default=b"")
    facts = models.JSONField(default=dict)
    flags = models.JSONField(default=list)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    task = models.CharField(max_length=8, choices=Task, blank=True)
    progress = models.JSONField(default=dict)
    preview = models.JSONField(null=True)
    problem = models.TextField(blank=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        indexes = [models.Index(fields=["task"], name="import_task", condition=~models.Q(task=""))]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.ref})"

    def get_absolute_url(self) -> str:
        """Return the page that shows its preview or its result."""
        return reverse("import", args=[self.ref])


class ImportPart(models.Model):
    """What an import did to one retainer. `listings` says what the source had said before of the
    entries it moved.
    """

    brought_by = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="import_parts")
    counts = models.JSONField(default=dict)
    before = models.BigIntegerField(default=0)
    after = models.BigIntegerField(default=0)
    listings = models.JSONField(default=list)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["brought_by", "retainer"], name="import_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.brought_by_id} {self.retainer_id}"


def lines_of(ranges: str) -> list[int]:
    """Return the lines that `2-4,7` stands for."""
    found: list[int] = []
    for part in filter(None, ranges.split(",")):
        first, _dash, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def ranges_of(lines: Any) -> str:
    """Return lines in order as `2-4,7`."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
