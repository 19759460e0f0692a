"""What waits to go out. A row is written in the transaction that causes it, and rendered when it is
sent.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Workspace


def _message_id() -> str:
    return uuid.uuid4().hex


class Delivery(models.Model):
    """Something told to one receiver through one channel. It names what it is about (`kind`,
    `about`, `occasion`) and holds no text: so no token lies in it.

    `target` is whom the channel reaches by it; of mail an address. An occasion is told to a target
    once. `message_id` is fixed, so that what went out twice, because a process ended between the
    sending and the note of it, is one message to its receiver.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")

    class Kind(models.TextChoices):
        CONFIRM = "confirm", _("Confirming a subscription")
        DIGEST = "digest", _("Digest of a page")
        REQUEST = "request", _("Request for more hours")
        REMINDER = "reminder", _("Reminder of a request")
        CODE = "code", _("Code for a decision")
        RECEIPT = "receipt", _("What became of a request")
        NEWS = "news", _("News of a request, to you")
        ALERT = "alert", _("Alert")
        INVITE = "invite", _("Invitation")
        DELETION = "deletion", _("Deletion of the workspace")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        DROPPED = "dropped", _("no longer needed")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.MAIL)
    kind = models.CharField(max_length=12, choices=Kind)
    about = models.PositiveBigIntegerField()
    occasion = models.CharField(max_length=60)
    target = models.CharField(max_length=254)
    message_id = models.CharField(max_length=32, unique=True, default=_message_id, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind", "about", "occasion", "target"], name="delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["channel", "due_at"], name="delivery_due", condition=Q(state="waiting")
            ),
            models.Index(fields=["workspace", "-created_at"], name="delivery_list"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.kind} {self.about} {self.occasion}"
