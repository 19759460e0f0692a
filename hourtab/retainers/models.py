"""One agreement with one balance, and the versions of what was agreed."""

import secrets
from datetime import date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Workspace
from hourtab.clients.models import Client
from hourtab.core import terms as core
from hourtab.core.amounts import LONGEST, Rounding
from hourtab.core.cycles import Calendar
from hourtab.lib.append_only import AppendOnly
from hourtab.lib.choices import validate_zone
from hourtab.lib.versioned import Versioned

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_ref() -> str:
    """Return a short reference without letters that look alike."""
    return "".join(secrets.choice(_LETTERS) for _ in range(7))


class Retainer(Versioned):
    """One agreement with one balance. What was agreed stands in its terms, what happened in the
    ledger.

    `as_of` and `as_of_source` (`import:Toggl`, `undo:`) say when the balance last changed and where
    that came from; `balanced_on` is the local date its cached cycles were computed for.
    `notice_hours` is how long before a session it may be called off for free.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="retainers")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="retainers")
    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    name = models.CharField(_("name"), max_length=120)
    zone = models.CharField(_("time zone"), max_length=60, validators=[validate_zone])
    unit = models.CharField(
        max_length=12,
        default="hour",
        choices=[("hour", "hour"), ("session", "session"), ("deliverable", "deliverable")],
    )
    currency = models.CharField(max_length=3, default="EUR")
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    notice_hours = models.PositiveIntegerField(_("notice"), null=True, blank=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    as_of = models.DateTimeField(null=True, editable=False)
    as_of_source = models.CharField(max_length=40, blank=True, editable=False)
    balanced_on = models.DateField(null=True, editable=False)

    class Meta:
        ordering = ["client__name", "name"]

    def __str__(self) -> str:
        return f"{self.client}, {self.name}"

    def get_absolute_url(self) -> str:
        """Return the provider's page of it."""
        return reverse("retainer", args=[self.ref])

    @property
    def tzinfo(self) -> tzinfo:
        """The zone that decides what “today” is."""
        return ZoneInfo(self.zone)

    def today(self, now: datetime) -> date:
        """Return the local date at `now`."""
        return now.astimezone(self.tzinfo).date()

    def as_core(self) -> core.Retainer:
        """Return it as the calculation takes it."""
        unit: Any = self.unit
        return core.Retainer(
            self.starts_on, self.name, self.zone, unit, self.ends_on, self.currency
        )

    def agreed(self) -> "list[Terms]":
        """Return the versions of its terms that stand, in order: of several for one day the last,
        unless taken back.
        """
        latest = {row.effective_on: row for row in sorted(self.terms.all(), key=lambda row: row.pk)}
        return [latest[day] for day in sorted(latest) if not latest[day].is_withdrawn]

    def forget_terms(self) -> None:
        """Read terms and pauses again when they are asked for: they were changed."""
        for name in ("terms", "pauses"):
            getattr(self, "_prefetched_objects_cache", {}).pop(name, None)

    def versions(self) -> list[core.Terms]:
        """Return the versions of its terms as the calculation takes them."""
        return [row.as_core() for row in self.agreed()]

    def paused_cycles(self) -> frozenset[date]:
        """Return the first days of its paused cycles."""
        latest = {row.cycle_on: row for row in sorted(self.pauses.all(), key=lambda row: row.pk)}
        return frozenset(day for day, row in latest.items() if not row.is_lifted)

    def calendar(self) -> Calendar:
        """Return its cycles."""
        return Calendar(self.as_core(), self.versions(), self.paused_cycles())


class Terms(AppendOnly):
    """A version of what was agreed, effective from the start of a cycle. Seconds and minor units.

    A later row for the same day replaces the earlier one, or takes it back (`is_withdrawn`).
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="terms")
    effective_on = models.DateField()
    cap = models.PositiveBigIntegerField(validators=[MaxValueValidator(LONGEST)])
    cadence = models.CharField(max_length=10, default="month")
    anchor_on = models.DateField()
    stub = models.CharField(max_length=10, default="full")
    rollover_cycles = models.PositiveIntegerField(null=True, default=0)
    rollover_max = models.PositiveBigIntegerField(null=True, default=None)
    rollover_percent = models.PositiveIntegerField(null=True, default=None)
    overage_policy = models.CharField(max_length=8, default="ask")
    debt_max = models.PositiveBigIntegerField(null=True, default=None)
    overage_rate = models.PositiveBigIntegerField(null=True, default=None)
    rounding_step = models.PositiveIntegerField(default=0)
    rounding_mode = models.CharField(max_length=8, default="up")
    rounding_minimum = models.PositiveIntegerField(default=0)
    fee = models.PositiveBigIntegerField(null=True, default=None)
    grace_days = models.PositiveIntegerField(default=10)
    agreed_at = models.DateTimeField(auto_now_add=True)
    agreed_by = models.CharField(max_length=150, blank=True)
    is_withdrawn = models.BooleanField(default=False)

    class Meta(AppendOnly.Meta):
        ordering = ["effective_on", "pk"]

    def __str__(self) -> str:
        return f"{self.retainer} from {self.effective_on}"

    def as_core(self) -> core.Terms:
        """Return them as the calculation takes them."""
        percent = None if self.rollover_percent is None else core.Percent(self.rollover_percent)
        values: Any = self
        return core.Terms(
            effective_on=self.effective_on,
            cap=self.cap,
            cadence=values.cadence,
            anchor_on=self.anchor_on,
            stub=values.stub,
            rollover=core.Rollover(self.rollover_cycles, percent or self.rollover_max),
            overage=core.Overage(values.overage_policy, self.debt_max, self.overage_rate),
            rounding=Rounding(self.rounding_step, values.rounding_mode, self.rounding_minimum),
            fee=self.fee,
            grace_days=self.grace_days,
        )

    @classmethod
    def from_core(cls, retainer: Retainer, agreed: core.Terms, by: str = "") -> "Terms":
        """Return an unsaved row for `agreed`."""
        limit = agreed.rollover.max
        return cls(
            retainer=retainer,
            effective_on=agreed.effective_on,
            cap=agreed.cap,
            cadence=agreed.cadence,
            anchor_on=agreed.anchor_on,
            stub=agreed.stub,
            rollover_cycles=agreed.rollover.cycles,
            rollover_max=None if isinstance(limit, core.Percent) else limit,
            rollover_percent=limit.percent if isinstance(limit, core.Percent) else None,
            overage_policy=agreed.overage.policy,
            debt_max=agreed.overage.debt_max,
            overage_rate=agreed.overage.rate,
            rounding_step=agreed.rounding.step,
            rounding_mode=agreed.rounding.mode,
            rounding_minimum=agreed.rounding.minimum,
            fee=agreed.fee,
            grace_days=agreed.grace_days,
            agreed_by=by,
        )


class Pause(AppendOnly):
    """A whole cycle without hours of its own, or (`is_lifted`) with them again."""

    retainer = models.ForeignKey(Retainer, on_delete=models.PROTECT, related_name="pauses")
    cycle_on = models.DateField()
    is_lifted = models.BooleanField(default=False)

    class Meta(AppendOnly.Meta):
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.retainer} pauses from {self.cycle_on}"


class Category(models.Model):
    """A kind of work that is known at a retainer: `Session prep: notes` is read as one of these."""

    retainer = models.ForeignKey(Retainer, on_delete=models.CASCADE, related_name="categories")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["retainer", "name"], name="category_once")]

    def __str__(self) -> str:
        return self.name


class WeightRule(models.Model):
    """Work of a kind (`category`, empty for any), or outside the office hours, counts at `percent`
    of its time.
    """

    retainer = models.ForeignKey(Retainer, on_delete=models.CASCADE, related_name="weight_rules")
    name = models.CharField(_("called"), max_length=60)
    percent = models.PositiveIntegerField(_("counts at, in percent"))
    category = models.CharField(_("kind of work"), max_length=60, blank=True)
    is_after_hours = models.BooleanField(_("only outside the office hours"), default=False)

    class Meta:
        ordering = ["-percent", "name"]
        constraints = [
            models.UniqueConstraint(fields=["retainer", "name"], name="weight_rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.percent} %"


class OfficeHours(models.Model):
    """When work counts plainly: weekdays (`01234` is Monday to Friday) from `opens` until `closes`,
    in the retainer's zone.

    `holidays` names a place whose public holidays are days off: `DE`, or `DE-BY`; empty for none.
    """

    retainer = models.OneToOneField(Retainer, on_delete=models.CASCADE, related_name="office_hours")
    days = models.CharField(_("days"), max_length=7, default="01234")
    opens = models.TimeField(_("from"), default=time(8))
    closes = models.TimeField(_("to"), default=time(18))
    holidays = models.CharField(_("public holidays of"), max_length=12, blank=True)

    class Meta:
        verbose_name_plural = "office hours"

    def __str__(self) -> str:
        return f"{self.days} {self.opens:%H:%M}–{self.closes:%H:%M} {self.holidays}"
