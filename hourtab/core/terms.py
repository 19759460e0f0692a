"""What was agreed: the retainer and the versions of its terms."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from hourtab.core.amounts import Rounding, half_up

Cadence = Literal["week", "two_weeks", "month", "quarter", "year", "once"]
Stub = Literal["full", "prorated", "none"]
Policy = Literal["bill", "deduct", "absorb", "ask"]
Unit = Literal["hour", "session", "deliverable"]


@dataclass(frozen=True, slots=True)
class Percent:
    """A rollover maximum in percent of the base lot as granted."""

    percent: int


@dataclass(frozen=True, slots=True)
class Rollover:
    """How long unused hours live on: `cycles` more (0 = none, None = for ever), at most `max` of
    them.
    """

    cycles: int | None = 0
    max: int | Percent | None = None

    def limit(self, granted: int) -> int | None:
        """Return the most base hours that may roll on, given the base lot as granted (ledger
        §3).
        """
        return (
            half_up(granted * self.max.percent, 100) if isinstance(self.max, Percent) else self.max
        )


@dataclass(frozen=True, slots=True)
class Overage:
    """What happens to hours beyond all lots; `debt_max` bounds the debt of `deduct`, `rate` is
    minor units an hour.
    """

    policy: Policy = "ask"
    debt_max: int | None = None
    rate: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of what was agreed, effective from the start of a cycle."""

    effective_on: date
    cap: int
    cadence: Cadence
    anchor_on: date
    stub: Stub = "full"
    rollover: Rollover = field(default_factory=Rollover)
    overage: Overage = field(default_factory=Overage)
    rounding: Rounding = field(default_factory=Rounding)
    fee: int | None = None
    grace_days: int = 10


@dataclass(frozen=True, slots=True)
class Retainer:
    """One agreement with one balance. `ends_on` is its last day; amounts are seconds, or hundredths
    of a counted unit.
    """

    starts_on: date
    name: str = ""
    zone: str = "UTC"
    unit: Unit = "hour"
    ends_on: date | None = None
    currency: str | None = None

    @property
    def quantum(self) -> int:
        """The step a proration is rounded to: a minute, or one whole counted unit."""
        return 60 if self.unit == "hour" else 100
