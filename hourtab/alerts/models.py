"""What is watched of a retainer, what was told about it, and to whom."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member
from hourtab.clients.models import Contact
from hourtab.lib.addressed import Addressed
from hourtab.lib.append_only import AppendOnly
from hourtab.retainers.models import Retainer


class Kind(models.TextChoices):
    """What an alert is about."""

    USED = "used", _("Hours used: at the thresholds")
    NONE = "none", _("No hours available")
    PACE = "pace", _("At this pace the hours run out before the reset")
    EXPIRES = "expires", _("Hours are about to expire")
    RESETS = "resets", _("The reset is near")
    STALE = "stale", _("Nothing new for two weeks")


def usual_thresholds() -> list[int]:
    """Return the percentages at which an alert goes out unless something else is agreed."""
    return [50, 80, 100]


def usual_kinds() -> list[str]:
    """Return what the provider is told of unless something else is wanted."""
    return [str(kind) for kind in Kind]


class Watch(models.Model):
    """What is watched of a retainer: thresholds in percent, what the provider and what the client's
    sponsors are told.

    `write` is the number of the last write that was looked at, `version` and `seen_on` the state of
    the retainer then.
    """

    retainer = models.OneToOneField(Retainer, on_delete=models.CASCADE, related_name="watch")
    thresholds = models.JSONField(default=usual_thresholds)
    tells_us = models.JSONField(default=usual_kinds)
    tells_sponsors = models.JSONField(default=list)
    write = models.PositiveIntegerField(default=0)
    version = models.PositiveBigIntegerField(default=0)
    seen_on = models.DateField(null=True)

    class Meta:
        verbose_name_plural = "watches"

    def __str__(self) -> str:
        return f"{self.retainer}: {self.thresholds}"


class WatchedCycle(models.Model):
    """What was told of a cycle already: `reached` are the thresholds it stands above, `told` the
    other kinds.
    """

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="cycles")
    starts_on = models.DateField()
    reached = models.JSONField(default=list)
    told = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["watch", "starts_on"], name="watched_cycle_once")
        ]

    def __str__(self) -> str:
        return f"{self.watch_id} {self.starts_on}: {self.reached}"


class Alert(AppendOnly):
    """Something worth a word, once. `used` and `available` are the cycle's then; `write` is what
    caused it, 0 the calendar.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=7, choices=Kind)
    cycle_on = models.DateField()
    threshold = models.PositiveIntegerField(null=True)
    used = models.BigIntegerField()
    available = models.BigIntegerField()
    write = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.retainer_id} {self.kind} {self.threshold or ''}"


class Listener(Addressed):
    """A member or a contact who is told of a retainer's alerts, until they mute them with one
    click.
    """

    PURPOSE, PLACE = b"mute", "/m/"

    retainer = models.ForeignKey(Retainer, on_delete=models.CASCADE, related_name="listeners")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="+")
    muted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["retainer", "member"], name="listener_member_once"),
            models.UniqueConstraint(fields=["retainer", "contact"], name="listener_contact_once"),
        ]

    def __str__(self) -> str:
        return f"{self.retainer_id}: {self.name}"

    @property
    def to(self) -> str:
        """The address mail goes to; empty where there is none."""
        return self.member.user.email if self.member else self.contact.email if self.contact else ""

    @property
    def name(self) -> str:
        """Who it is."""
        return str(self.member or self.contact)
