"""The public link of a client's retainers, and the pages rendered for it."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Workspace
from hourtab.clients.models import Client
from hourtab.lib import tokens
from hourtab.lib.addressed import Addressed, new_nonce
from hourtab.lib.choices import HOUR_FORMATS
from hourtab.lib.versioned import Versioned
from hourtab.retainers.models import Retainer

SPLITS = (
    ("category", _("by kind of work")),
    ("project", _("by project")),
    ("person", _("by person")),
    ("", _("not shown")),
)


class ShareLink(Versioned):
    """One public address, and what it shows. The row alone reveals no working link (see `tokens`).

    `sealed` turns the token that follows from `nonce` into another one that the link had on another
    instance.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="links")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="links")
    retainers = models.ManyToManyField(Retainer, through="Shown", related_name="links")
    label = models.CharField(
        _("label"), max_length=100, blank=True, help_text=_("Only you see it.")
    )
    given_to = models.CharField(
        _("given to"),
        max_length=100,
        blank=True,
        help_text=_("Only you see it: who has this link."),
    )
    nonce = models.BinaryField(default=new_nonce, editable=False)
    sealed = models.BinaryField(default=bytes(16), editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    shows_descriptions = models.BooleanField(_("What was done, line by line"), default=True)
    shows_categories = models.BooleanField(_("Kinds of work"), default=True)
    shows_people = models.BooleanField(_("Who did the work"), default=False)
    shows_projects = models.BooleanField(_("Project work, billed apart"), default=False)
    shows_courtesy = models.BooleanField(_("Work at no charge"), default=True)
    shows_worked = models.BooleanField(
        _("The time worked, where another time counts"), default=True
    )
    shows_past = models.BooleanField(_("Past cycles"), default=True)
    shows_documents = models.BooleanField(_("Statements, files and the fingerprint"), default=True)
    shows_requests = models.BooleanField(
        _("Requests for more hours, and what became of them"), default=True
    )
    splits_by = models.CharField(
        _("What the time went into"), max_length=8, choices=SPLITS, default="category", blank=True
    )
    has_feeds = models.BooleanField(_("Feeds: JSON, calendar, badge"), default=False)
    unfurls = models.BooleanField(_("The balance in link previews"), default=False)
    takes_subscribers = models.BooleanField(_("A digest by mail"), default=True)
    locale = models.CharField(_("language, dates and numbers"), max_length=12, blank=True)
    hour_format = models.CharField(_("hours"), max_length=8, choices=HOUR_FORMATS, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.label or f"Link {self.pk}"

    @property
    def token(self) -> str:
        """The secret part of the address, derived anew each time."""
        return tokens.token_of(bytes(self.nonce), bytes(self.sealed))

    @property
    def path(self) -> str:
        """The address without the site."""
        return f"/r/{self.token}"

    @property
    def is_former(self) -> bool:
        """Does this speak of the link by an address it had before (see `pages.find`)?"""
        return tokens.digest_of(self.token) != self.token_digest

    def is_active(self, now: datetime) -> bool:
        """Does it answer at `now`?"""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class Shown(models.Model):
    """One retainer on a link, in its place."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="shown")
    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="shown")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["link", "retainer"], name="shown_once")]

    def __str__(self) -> str:
        return f"{self.link_id}: {self.retainer}"


class FormerAddress(models.Model):
    """The address a link had before, which still answers until `until`."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="former")
    nonce = models.BinaryField(editable=False)
    sealed = models.BinaryField(editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.link_id} until {self.until:%Y-%m-%d}"


class ViewDay(models.Model):
    """How often a link was opened on one day (UTC). Nothing else is known of a viewer."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    views = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-on"]
        constraints = [models.UniqueConstraint(fields=["link", "on"], name="view_day_once")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.on}: {self.views}"


class Subscription(Addressed):
    """Somebody's wish for a digest of a page by mail, theirs to confirm and to end."""

    PURPOSE, PLACE = b"subscription", "/d/"

    class Rhythm(models.TextChoices):
        WEEK = "week", _("every week")
        CYCLE = "cycle", _("when a cycle ends")

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="subscriptions")
    to = models.EmailField()
    rhythm = models.CharField(max_length=5, choices=Rhythm, default=Rhythm.WEEK)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["link", "to"], name="subscription_once")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.rhythm}"

    @property
    def is_standing(self) -> bool:
        """Is it confirmed and not ended?"""
        return self.confirmed_at is not None and self.ended_at is None


class StoredPage(models.Model):
    """A page as rendered from the versions it names: valid while they are the present ones, else as
    if not there.

    `good_until` is the instant, in seconds since 1970, at which the date on it is over.
    """

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="pages")
    coding = models.CharField(max_length=8)
    release = models.CharField(max_length=40)
    link_version = models.PositiveBigIntegerField()
    workspace_version = models.PositiveBigIntegerField()
    retainers_version = models.PositiveBigIntegerField()
    tag = models.CharField(max_length=40)
    good_until = models.BigIntegerField()
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "coding"], name="page_once")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.coding} {self.tag}"
