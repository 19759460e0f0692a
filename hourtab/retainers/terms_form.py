"""The form of the terms: what was agreed, shown as it is and changed where it was changed."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.core.amounts import LONGEST, MINUTE, Rounding
from hourtab.core.terms import Overage, Percent, Rollover, Terms
from hourtab.lib.forms import AmountField
from hourtab.money.forms import MoneyField, tell_currency

CADENCES = [
    ("month", _("a month")),
    ("week", _("a week")),
    ("two_weeks", _("every two weeks")),
    ("quarter", _("a quarter")),
    ("year", _("a year")),
    ("once", _("once: a prepaid block")),
]
ROLLOVERS = [
    ("0", _("expire at the reset")),
    ("1", _("can be used one cycle longer")),
    ("2", _("two cycles longer")),
    ("3", _("three cycles longer")),
    ("other", _("another number of cycles longer")),
    ("ever", _("never expire")),
]
POLICIES = [
    ("ask", _("ask the client before it is charged")),
    ("bill", _("is billed")),
    ("deduct", _("is taken from the next hours")),
    ("absorb", _("is not charged")),
]
ROUNDINGS = [
    ("0", _("none: to the second")),
    ("6", _("to 6 minutes")),
    ("15", _("to 15 minutes")),
    ("30", _("to 30 minutes")),
    ("other", _("to another step")),
]
MODES = [("up", _("up")), ("nearest", _("to the nearest")), ("down", _("down"))]
STUBS = [("full", _("all hours")), ("prorated", _("hours in proportion")), ("none", _("no hours"))]
MONTHLY = ("month", "quarter", "year")
OTHER, EVER = "other", "ever"
MOST_CYCLES, MOST_PERCENT, MOST_GRACE = 1200, 10_000, 3660
"""More of these are slips of the keyboard."""


class TermsForm(forms.Form):
    """What is agreed: how much, how often, and what happens at the edges.

    It changes terms as they are: what it does not show, and what was left out of what is sent, stays
    (`agreed`).
    """

    hours = AmountField(
        label=_("Hours per cycle"),
        bare_most=LONGEST,
        positive=True,
        help_text=_("20, 7.5 or 7h 30m"),
    )
    fee = MoneyField(
        label=_("Fee per cycle"),
        required=False,
        help_text=_("For your own records; your client's page does not show it."),
    )
    reset_day = forms.IntegerField(
        label=_("Resets on day"),
        required=False,
        min_value=1,
        max_value=31,
        help_text=_("Of the month; by default the day it starts on."),
    )
    stub = forms.ChoiceField(label=_("Up to the first reset"), choices=STUBS, initial="full")
    cadence = forms.ChoiceField(label=_("Hours are granted"), choices=CADENCES, initial="month")
    rollover = forms.ChoiceField(label=_("Unused hours"), choices=ROLLOVERS, initial="0")
    rollover_cycles = forms.IntegerField(
        label=_("How many cycles longer"), required=False, min_value=0, max_value=MOST_CYCLES
    )
    rollover_max = AmountField(
        label=_("At most"),
        required=False,
        bare_most=LONGEST,
        help_text=_("The most hours that roll on; empty for no limit."),
    )
    rollover_percent = forms.IntegerField(
        label=_("Or at most, in percent"),
        required=False,
        min_value=0,
        max_value=MOST_PERCENT,
        help_text=_("Of the hours granted in the cycle."),
    )
    overage = forms.ChoiceField(label=_("Time beyond the hours"), choices=POLICIES, initial="ask")
    debt_max = AmountField(
        label=_("At most so much is taken from the next hours"),
        required=False,
        bare_most=LONGEST,
        help_text=_("What is owed beyond it is billed; empty for no limit."),
    )
    rate = MoneyField(
        label=_("Rate beyond the hours"),
        required=False,
        help_text=_("Per hour, in the currency of the workspace."),
    )
    rounding = forms.ChoiceField(label=_("Rounding per entry"), choices=ROUNDINGS, initial="0")
    rounding_step = AmountField(
        label=_("Step"), required=False, bare_most=0, help_text=_("5m or 0:05")
    )
    rounding_mode = forms.ChoiceField(
        label=_("Rounded"), required=False, choices=MODES, initial="up"
    )
    rounding_minimum = AmountField(
        label=_("An entry counts at least"),
        required=False,
        bare_most=0,
        help_text=_("15m or 0:15; empty for no minimum."),
    )
    grace_days = forms.IntegerField(
        label=_("A cycle closes after"),
        required=False,
        min_value=0,
        max_value=MOST_GRACE,
        initial=10,
        help_text=_("Days after its last one; until then late lines still belong to it."),
    )

    folded: tuple[str, ...] = (
        "fee",
        "reset_day",
        "stub",
        "cadence",
        "rollover",
        "rollover_cycles",
        "rollover_max",
        "rollover_percent",
        "overage",
        "debt_max",
        "rate",
        "rounding",
        "rounding_step",
        "rounding_mode",
        "rounding_minimum",
        "grace_days",
    )
    folded_title = _("Fee, reset day, rollover, overage, rounding, closing")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tell_currency(self, currency)

    def count_in(self, unit: str) -> None:
        """Let amounts be numbers of a counted unit, which is never rounded."""
        if unit == "hour":
            return
        for name in ("hours", "rollover_max", "debt_max"):
            field: Any = self.fields[name]
            field.unit = unit
        self.fields["hours"].label, self.fields["hours"].help_text = _("How many per cycle"), ""
        self.fields["rate"].help_text = _("For each one, in the currency of the workspace.")
        for name in ("rounding", "rounding_step", "rounding_mode", "rounding_minimum"):
            self.fields[name].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Refuse what does not go together, beside the field."""
        fields = super().clean() or self.cleaned_data
        if fields.get("reset_day") and fields.get("cadence") not in MONTHLY:
            self.add_error("reset_day", _("A reset day goes with months, quarters and years."))
        if fields.get("rollover") == OTHER and fields.get("rollover_cycles") is None:
            self._ask_for("rollover_cycles", _("Say how many cycles longer."))
        if fields.get("rounding") == OTHER and not fields.get("rounding_step"):
            self._ask_for("rounding_step", _("Say the step, for example 5m."))
        if fields.get("rollover_max") is not None and fields.get("rollover_percent") is not None:
            self.add_error("rollover_percent", _("Say the most in hours or in percent, not both."))
        return fields

    def _ask_for(self, name: str, sentence: Any) -> None:
        if name not in self.errors:
            self.add_error(name, sentence)

    def agreed(self, effective_on: date, unit: str, valid: Terms | None = None) -> Terms:
        """Return what was agreed, effective from a day: the `valid` terms with what was changed."""
        fields = self.cleaned_data
        before = valid or Terms(effective_on, 0, "month", effective_on)
        grace = self._said("grace_days", before.grace_days)
        return replace(
            before,
            effective_on=effective_on,
            cap=fields["hours"],
            cadence=fields["cadence"],
            anchor_on=self._anchor(effective_on, valid),
            stub=fields["stub"],
            rollover=Rollover(self._cycles(), self._limit(before.rollover.max)),
            overage=Overage(
                fields["overage"],
                self._said("debt_max", before.overage.debt_max),
                self._said("rate", before.overage.rate),
            ),
            rounding=self._rounding(before.rounding) if unit == "hour" else before.rounding,
            fee=self._said("fee", before.fee),
            grace_days=before.grace_days if grace is None else grace,
        )

    def _said[T](self, name: str, otherwise: T) -> T:
        """Return what a field says; what was left out of what was sent is as it was."""
        said: T = self.cleaned_data[name] if name in self.data else otherwise
        return said

    def _anchor(self, effective_on: date, valid: Terms | None) -> date:
        """Return the day the cycles are counted from.

        It stays unless the cadence or the reset day was changed: counted anew from the start of a
        later cycle, cycles that begin on the 29th to the 31st would begin on other days from then.
        """
        day = self._said("reset_day", reset_day(valid) if valid else None)
        if valid and self.cleaned_data["cadence"] == valid.cadence and day == reset_day(valid):
            return valid.anchor_on
        if not day:
            return effective_on
        return anchor_before(effective_on, day, self.cleaned_data["cadence"])

    def _cycles(self) -> int | None:
        rollover = self.cleaned_data["rollover"]
        if rollover == EVER:
            return None
        return int(self.cleaned_data["rollover_cycles"] if rollover == OTHER else rollover)

    def _limit(self, before: int | Percent | None) -> int | Percent | None:
        percent = self._said("rollover_percent", _percent(before))
        if percent is not None and self.cleaned_data["rollover_max"] is None:
            return Percent(percent)
        return self._said("rollover_max", before if isinstance(before, int) else None)

    def _rounding(self, before: Rounding) -> Rounding:
        fields = self.cleaned_data
        step = fields["rounding_step"] if fields["rounding"] == OTHER else None
        mode: Any = fields["rounding_mode"] or before.mode
        return Rounding(
            int(fields["rounding"]) * MINUTE if step is None else step,
            mode,
            self._said("rounding_minimum", before.minimum) or 0,
        )


class ChangeTermsForm(TermsForm):
    """A new version of the terms, from the start of a cycle on."""

    effective_on = forms.ChoiceField(label=_("From"))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, help_text=_("For your own history.")
    )

    field_order = ("effective_on", "hours")

    def __init__(
        self,
        *args: Any,
        starts: Sequence[tuple[str, str]],
        unit: str,
        valid: Terms,
        initial: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, initial=terms_initial(valid) | dict(initial or {}), **kwargs)
        field: Any = self.fields["effective_on"]
        field.choices = starts
        hours: Any = self.fields["hours"]
        hours.positive = valid.cap > 0
        self.count_in(unit)
        self.unit, self.valid = unit, valid

    def terms(self) -> Terms:
        """Return what is agreed from now on."""
        day = date.fromisoformat(self.cleaned_data["effective_on"])
        return self.agreed(day, self.unit, self.valid)


def terms_initial(terms: Terms) -> dict[str, Any]:
    """Return what a form shows of the terms that are valid."""
    cycles, limit, rounding = terms.rollover.cycles, terms.rollover.max, terms.rounding
    rollover = EVER if cycles is None else _listed(str(cycles), ROLLOVERS)
    minutes, odd = divmod(rounding.step, MINUTE)
    step = OTHER if odd else _listed(str(minutes), ROUNDINGS)
    return {
        "hours": terms.cap,
        "fee": terms.fee,
        "reset_day": reset_day(terms),
        "stub": terms.stub,
        "cadence": terms.cadence,
        "rollover": rollover,
        "rollover_cycles": cycles if rollover == OTHER else None,
        "rollover_max": limit if isinstance(limit, int) else None,
        "rollover_percent": _percent(limit),
        "overage": terms.overage.policy,
        "debt_max": terms.overage.debt_max,
        "rate": terms.overage.rate,
        "rounding": step,
        "rounding_step": rounding.step if step == OTHER else None,
        "rounding_mode": rounding.mode,
        "rounding_minimum": rounding.minimum or None,
        "grace_days": terms.grace_days,
    }


def reset_day(terms: Terms) -> int | None:
    """Return the day of the month on which cycles begin; None for weeks and prepaid blocks."""
    return terms.anchor_on.day if terms.cadence in MONTHLY else None


def anchor_before(start: date, day: int, cadence: str) -> date:
    """Return a day `day` of a month, not after `start`, from which cycles are counted.

    Where `start` is that day of its own month, or the last one of a month that is shorter, it begins
    a cycle: a quarter that resets on the 31st and begins on 30 April is counted from 31 January.
    """
    month = start.year * 12 + start.month - 1
    if start.day == min(day, monthrange(start.year, start.month)[1]):
        for back in range(0, _A_LEAP_CYCLE, _MONTHS[cadence]):
            year, index = divmod(month - back, 12)
            if day <= monthrange(year, index + 1)[1]:
                return date(year, index + 1, day)
    on = start
    while on.day != day:
        on -= timedelta(days=1)
    return on


_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_A_LEAP_CYCLE = 8 * 12 + 1
"""So many months back there is a 29 February, also around 1900."""


def _listed(value: str, choices: Sequence[tuple[str, Any]]) -> str:
    """Return a value that is one of the choices, else the choice that a field beside it completes."""
    return value if value in dict(choices) else OTHER


def _percent(limit: int | Percent | None) -> int | None:
    return limit.percent if isinstance(limit, Percent) else None
