"""The tenant and the people in it. Every other object is reached through its workspace."""

import secrets
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.lib.addressed import Addressed
from hourtab.lib.append_only import AppendOnly
from hourtab.lib.choices import HOUR_FORMATS, WEEKDAYS, validate_web, validate_zone
from hourtab.lib.colours import validate_colour
from hourtab.lib.versioned import Versioned


class UserManager(BaseUserManager["User"]):
    """Makes users, who are known by their address alone."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user with a hashed password."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who signs in."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.name or self.email


def _digest_key() -> bytes:
    return secrets.token_bytes(32)


class Workspace(Versioned):
    """The provider's business: the tenant.

    `first_weekday` counts from Monday (0); null is as its locale has it. `default_terms` are what
    the form that opens a retainer begins with. `plan` is the slug of its plan (`plans`), empty for
    the installation's own.
    """

    name = models.CharField(_("name"), max_length=100)
    zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_zone]
    )
    locale = models.CharField(_("dates and numbers"), max_length=12, default="en-GB")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    hour_format = models.CharField(_("hours"), max_length=8, choices=HOUR_FORMATS, default="hm")
    colour = models.CharField(_("colour"), max_length=7, blank=True, validators=[validate_colour])
    logo = models.BinaryField(null=True, editable=False)
    profession = models.CharField(_("profession"), max_length=40, blank=True)
    requires_second_factor = models.BooleanField(
        _("everybody signs in with a second factor"), default=False
    )
    first_weekday = models.PositiveSmallIntegerField(
        _("weeks begin on"), choices=WEEKDAYS, null=True, blank=True
    )
    sender_name = models.CharField(_("sender of mails"), max_length=80, blank=True)
    reply_to = models.EmailField(_("replies go to"), blank=True)
    footer = models.CharField(_("footer of public pages"), max_length=300, blank=True)
    imprint_url = models.URLField(_("imprint"), blank=True, validators=[validate_web])
    privacy_url = models.URLField(_("privacy notice"), blank=True, validators=[validate_web])
    default_terms = models.JSONField(default=dict, editable=False)
    plan = models.CharField(max_length=20, blank=True, editable=False)
    private_words = models.TextField(_("private words"), blank=True)
    exported_at = models.DateTimeField(null=True, editable=False)
    delete_after = models.DateTimeField(null=True, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    digest_key = models.BinaryField(default=_digest_key, editable=False)
    members = models.ManyToManyField(User, through="Member", related_name="workspaces")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do: everything, everything but the workspace itself, or only read."""

    OWNER = "owner", _("Owner")
    EDITOR = "editor", _("Editor")
    VIEWER = "viewer", _("Viewer")


class MemberQuerySet(models.QuerySet["Member"]):
    """Members; who left stays as the name beside what they did."""

    def standing(self) -> "MemberQuerySet":
        """Return those who belong to their workspace now, and may sign in."""
        return self.filter(left_at=None, user__is_active=True)


class Member(models.Model):
    """A user in a workspace. Who left or was removed stays as a row, so that what they did keeps
    its name.

    One who `is_limited` sees some clients alone (`clients.Access`), and nothing of the others.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.VIEWER)
    is_limited = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    left_at = models.DateTimeField(null=True, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="member_once")]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def may_edit(self) -> bool:
        """May this member change retainers, entries and links?"""
        return self.role in (Role.OWNER, Role.EDITOR)

    @property
    def is_owner(self) -> bool:
        """May this member change the workspace itself?"""
        return self.role == Role.OWNER


class SentForm(models.Model):
    """A form that a member sent, as `lib.once` tells it from others: their own memory, which no
    other member's forms push anything out of.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sent_forms")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "digest"], name="form_once")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.digest[:8]}"


class Invitation(Addressed):
    """An address that was invited into a workspace; its link works once, for whoever signs in with
    that address.

    `clients` lists the keys of the clients a limited member will see; null for all of them.
    """

    PURPOSE, PLACE = b"invitation", "/join/"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    to = models.EmailField()
    role = models.CharField(max_length=8, choices=Role, default=Role.EDITOR)
    clients = models.JSONField(null=True)
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.to} into {self.workspace}"

    def stands(self, now: datetime) -> bool:
        """May it still be accepted at `now`?"""
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > now


class Event(AppendOnly):
    """Something somebody did beside the ledger, which keeps its own record: to links, members,
    security, settings or data.

    `who` is the name at that time, also where the member is gone; empty for what nobody signed in
    for. `changes` says of each field what it was and what it is.
    """

    class Kind(models.TextChoices):
        RETAINER_OPENED = "retainer_opened", _("Retainer opened")
        TERMS_OF_OVERAGE = "overage_terms", _("Rules for going over changed")
        WEIGHTS = "weights", _("What counts more or less changed")
        RULES = "rules", _("Rules for files changed")
        ALERTS = "alerts", _("Alerts changed")
        LINK_MADE = "link_made", _("Link made")
        LINK_CHANGED = "link_changed", _("Link changed")
        LINK_ROTATED = "link_rotated", _("Link got a new address")
        LINK_REVOKED = "link_revoked", _("Link revoked")
        INVITED = "invited", _("Invited")
        INVITATION_WITHDRAWN = "invitation_withdrawn", _("Invitation withdrawn")
        JOINED = "joined", _("Joined")
        MEMBER_CHANGED = "member_changed", _("Role changed")
        MEMBER_REMOVED = "member_removed", _("Removed")
        MEMBER_LEFT = "member_left", _("Left")
        OWNERSHIP = "ownership", _("Ownership transferred")
        CLIENT_RENAMED = "client_renamed", _("Client renamed")
        CONTACT = "contact", _("Contact changed")
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
        SECURITY = "security", _("How somebody signs in changed")
        KEY_MADE = "key_made", _("Key made")
        KEY_REVOKED = "key_revoked", _("Key revoked")
        SETTINGS = "settings", _("Settings changed")
        PLAN = "plan", _("Plan changed")
        EXPORTED = "exported", _("Everything exported")
        DELETION = "deletion", _("Deletion asked for")
        DELETION_OFF = "deletion_off", _("Deletion called off")
        ERASED = "erased", _("A person's data erased")

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    who = models.CharField(max_length=150, blank=True)
    about = models.CharField(max_length=300, blank=True)
    changes = models.JSONField(default=dict)

    class Meta(AppendOnly.Meta):
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["workspace", "-at"], name="event_list")]

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.kind}"
