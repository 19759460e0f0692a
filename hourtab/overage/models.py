"""Asking for more hours: requests, who is asked, and everything that happened to them."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member
from hourtab.clients.models import Contact
from hourtab.deciding.models import Decidable, DecidingLink
from hourtab.lib.append_only import AppendOnly
from hourtab.retainers.models import Retainer


class OverageTerms(models.Model):
    """What is agreed beforehand about going over: a soft limit that drafts a request, and what an
    emergency may cost.

    `soft_limit` is percent of the available hours; `seen_version` and `seen_on` are the state of the
    retainer when it was last looked at. An emergency may use `emergency_ceiling` at
    `emergency_rate` at once; its approval is asked within `emergency_hours` of its beginning. No
    rate or no ceiling: no emergencies.
    """

    retainer = models.OneToOneField(
        Retainer, on_delete=models.CASCADE, related_name="overage_terms"
    )
    soft_limit = models.PositiveIntegerField(null=True, blank=True)
    emergency_rate = models.PositiveBigIntegerField(null=True, blank=True)
    emergency_ceiling = models.PositiveBigIntegerField(null=True, blank=True)
    emergency_hours = models.PositiveIntegerField(default=24)
    seen_version = models.PositiveBigIntegerField(default=0, editable=False)
    seen_on = models.DateField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "overage terms"
        indexes = [
            models.Index(
                fields=["seen_version"],
                name="soft_limits",
                condition=models.Q(soft_limit__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.retainer}: {self.soft_limit} %"

    @property
    def has_emergencies(self) -> bool:
        """May work start before it is approved?"""
        return self.emergency_rate is not None and bool(self.emergency_ceiling)


class Request(Decidable):
    """A request for more hours. Once sent its terms never change: another one replaces it.

    `extra` asks for an authorisation: up to `amount`, billed as used at `rate`, for work from
    `starts_on` to `ends_on`. `raise` asks for a top-up of the cycle of `starts_on`, free or at a
    `price` in all. Of an emergency `began_at` says when its work began, `ask_by` until when its
    approval was to be asked, `ceiling` how much of it was agreed beforehand. What was decided
    stands in `approved` (0 where it was declined) with the name that was typed; `recorded_by` is
    the member who noted a decision that was given elsewhere.
    """

    class Kind(models.TextChoices):
        EXTRA = "extra", _("Extra hours at an agreed rate, billed as used, up to a ceiling")
        RAISE = "raise", _("Raise this cycle's hours")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PENDING = "pending", _("waiting for approval")
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="requests")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.EXTRA)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    amount = models.PositiveBigIntegerField()
    rate = models.PositiveBigIntegerField(null=True)
    price = models.PositiveBigIntegerField(null=True)
    reason = models.TextField(blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    is_emergency = models.BooleanField(default=False)
    began_at = models.DateTimeField(null=True)
    ask_by = models.DateTimeField(null=True)
    ceiling = models.PositiveBigIntegerField(null=True)
    drafted_for = models.DateField(null=True)
    needs_code = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    decide_by = models.DateTimeField(null=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="replaced_by"
    )
    decided_at = models.DateTimeField(null=True)
    approved = models.PositiveBigIntegerField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)
    recorded_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["retainer", "number"], name="request_once"),
            models.UniqueConstraint(
                fields=["retainer", "drafted_for"],
                name="request_drafted_once",
                condition=models.Q(drafted_for__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["decide_by"], name="request_pending", condition=models.Q(state="pending")
            )
        ]

    def __str__(self) -> str:
        return f"{self.retainer_id}.{self.number} {self.state}"

    @property
    def key(self) -> str:
        """What its grant is called in the ledger: the same every time, so that it cannot be granted
        twice.
        """
        return f"q{self.number:03d}"

    def state_at(self, now: datetime) -> str:
        """Return its state; one that nobody decided in time is expired, noted or not."""
        if (
            self.state == self.State.PENDING
            and self.decide_by is not None
            and self.decide_by <= now
        ):
            return self.State.EXPIRED
        return self.state


class Approver(DecidingLink):
    """A contact who was asked to decide on one request, with a link for that alone."""

    PURPOSE, PLACE = b"approval", "/a/"

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="approvers")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["request", "to"], name="approver_once")]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.name}"

    @property
    def may_decide(self) -> bool:
        """Is this still a contact who decides, at the address that was written to?"""
        contact = self.contact
        return (
            contact is not None
            and contact.role == Contact.Role.APPROVER
            and contact.email.lower() == self.to.lower()
        )


class RequestEvent(AppendOnly):
    """Something that happened to a request: who did it, when, and what was said."""

    class Kind(models.TextChoices):
        DRAFTED = "drafted", _("drafted")
        STARTED = "started", _("emergency work began")
        ASKED = "asked", _("asked")
        OPENED = "opened", _("link opened, by its reader or a mail scanner")
        CODE = "code", _("code sent")
        WRONG_CODE = "wrong", _("wrong code")
        REMINDED = "reminded", _("reminded")
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")
        TOO_LATE = "too_late", _("came too late")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=9, choices=Kind)
    at = models.DateTimeField()
    who = models.CharField(max_length=150, blank=True)
    said = models.TextField(blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.request_id} {self.kind}"
