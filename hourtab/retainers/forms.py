"""Opening a retainer."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.core.amounts import LONGEST, MINUTE, Rounding
from hourtab.core.cycles import FIRST_DAY, LAST_DAY
from hourtab.core.terms import Overage, Rollover, Terms
from hourtab.lib.choices import WEEKDAYS, zone_choices
from hourtab.lib.forms import AmountField, DayField, SavesWhatChanged
from hourtab.money.forms import MoneyField, tell_currency
from hourtab.retainers.models import OfficeHours, WeightRule
from hourtab.retainers.weights import is_place

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
    ("6", _("up to 6 minutes")),
    ("15", _("up to 15 minutes")),
    ("30", _("up to 30 minutes")),
]
STUBS = [("full", _("all hours")), ("prorated", _("hours in proportion")), ("none", _("no hours"))]


UNITS = [("hour", _("hours")), ("session", _("sessions")), ("deliverable", _("deliverables"))]
MONTHLY = ("month", "quarter", "year")


class TermsForm(forms.Form):
    """What is agreed: how much, how often, and what happens at the edges."""

    hours = AmountField(
        label=_("Hours per cycle"),
        bare_most=LONGEST,
        positive=True,
        help_text=_("20, 7.5 or 7h 30m"),
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
    rollover_max = AmountField(
        label=_("At most"),
        required=False,
        bare_most=LONGEST,
        help_text=_("The most hours that roll on; empty for no limit."),
    )
    overage = forms.ChoiceField(label=_("Time beyond the hours"), choices=POLICIES, initial="ask")
    rate = MoneyField(
        label=_("Rate beyond the hours"),
        required=False,
        help_text=_("Per hour, in the currency of the workspace."),
    )
    rounding = forms.ChoiceField(label=_("Rounding per entry"), choices=ROUNDINGS, initial="0")
    grace_days = forms.IntegerField(
        label=_("A cycle closes after"),
        required=False,
        min_value=0,
        max_value=366,
        initial=10,
        help_text=_("Days after its last one; until then late lines still belong to it."),
    )

    folded: tuple[str, ...] = (
        "reset_day",
        "stub",
        "cadence",
        "rollover",
        "rollover_max",
        "overage",
        "rate",
        "rounding",
        "grace_days",
    )
    folded_title = _("Reset day, rollover, overage, rounding, closing")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tell_currency(self, currency)

    def count_in(self, unit: str) -> None:
        """Let amounts be numbers of a counted unit, which is never rounded."""
        if unit == "hour":
            return
        for name in ("hours", "rollover_max"):
            field: Any = self.fields[name]
            field.unit = unit
        self.fields["hours"].label, self.fields["hours"].help_text = _("How many per cycle"), ""
        self.fields["rate"].help_text = _("For each one, in the currency of the workspace.")
        self.fields["rounding"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Refuse a reset day where hours are not granted by the month."""
        fields = super().clean() or self.cleaned_data
        if fields.get("reset_day") and fields.get("cadence") not in MONTHLY:
            self.add_error("reset_day", _("A reset day goes with months, quarters and years."))
        return fields

    def agreed(self, effective_on: date, unit: str) -> Terms:
        """Return what was agreed, effective from a day."""
        fields = self.cleaned_data
        rollover = fields["rollover"]
        return Terms(
            effective_on=effective_on,
            cap=fields["hours"],
            cadence=fields["cadence"],
            anchor_on=anchor_before(effective_on, fields["reset_day"])
            if fields["reset_day"]
            else effective_on,
            stub=fields["stub"],
            rollover=Rollover(
                None if rollover == "ever" else int(rollover), fields["rollover_max"]
            ),
            overage=Overage(fields["overage"], rate=fields["rate"]),
            rounding=Rounding(int(fields["rounding"]) * MINUTE if unit == "hour" else 0),
            grace_days=10 if fields["grace_days"] is None else fields["grace_days"],
        )


class DefaultTermsForm(TermsForm):
    """What a new retainer begins with; whatever is left empty is chosen when it is opened."""

    folded = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours"].required = False

    def typed(self) -> dict[str, str]:
        """Return what was typed, as a form that opens a retainer shows it again."""
        return {
            name: str(self[name].data) for name in self.fields if self[name].data not in (None, "")
        }


class OpenRetainerForm(TermsForm):
    """One short form; everything else has a sound default and is folded away."""

    client = forms.CharField(
        label=_("Client"),
        max_length=120,
        widget=forms.TextInput(attrs={"list": "clients", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("What they buy"),
        max_length=120,
        initial=_("Retainer"),
        help_text=_("For example: Coaching, IT project management."),
    )
    starts_on = DayField(label=_("Starts on"))
    unit = forms.ChoiceField(label=_("Sold by"), required=False, choices=UNITS, initial="hour")
    ends_on = DayField(
        label=_("Ends on"),
        required=False,
        help_text=_("The last day of a prepaid block or a fixed term."),
    )
    notice_hours = forms.IntegerField(
        label=_("Sessions can be called off"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=_("Hours before they begin, at no charge; for sessions only."),
    )
    categories = forms.CharField(
        label=_("Kinds of work"),
        required=False,
        max_length=1000,
        help_text=_("Separated by commas: Sessions, Session prep, Follow-up"),
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)

    field_order = ("client", "name", "hours", "starts_on", "unit", "ends_on")
    folded = ("unit", "ends_on", "notice_hours", *TermsForm.folded, "categories", "zone")
    folded_title = _("Sessions, end, reset day, rollover, overage, rounding, kinds of work")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count_in(self.data.get("unit", "hour"))

    def clean_starts_on(self) -> date:
        """Refuse dates no calendar of ours holds."""
        day: date = self.cleaned_data["starts_on"]
        if not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError(
                _("The date must lie between %(a)s and %(b)s.") % {"a": FIRST_DAY, "b": LAST_DAY}
            )
        return day

    def clean_unit(self) -> str:
        """Return what is counted; hours where nothing is said."""
        return self.cleaned_data["unit"] or "hour"

    def clean_categories(self) -> Sequence[str]:
        """Return the names; refuse one that is too long."""
        names = [
            name.strip() for name in self.cleaned_data["categories"].split(",") if name.strip()
        ]
        if too_long := [name for name in names if len(name) > 60]:
            raise forms.ValidationError(
                _("“%(name)s…” is longer than 60 characters.") % {"name": too_long[0][:30]}
            )
        return names

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start."""
        fields = super().clean()
        start, end = fields.get("starts_on"), fields.get("ends_on")
        if start and end and not start <= end <= LAST_DAY:
            self.add_error("ends_on", _("This is before it starts."))
        return fields

    def terms(self) -> Terms:
        """Return what was agreed."""
        return self.agreed(self.cleaned_data["starts_on"], self.cleaned_data["unit"])


class ChangeTermsForm(TermsForm):
    """A new version of the terms, from the start of a cycle on."""

    effective_on = forms.ChoiceField(label=_("From"))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, help_text=_("For your own history.")
    )

    field_order = ("effective_on", "hours")

    def __init__(
        self, *args: Any, starts: Sequence[tuple[str, str]], unit: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["effective_on"]
        field.choices = starts
        self.count_in(unit)
        self.unit = unit

    def terms(self) -> Terms:
        """Return what is agreed from now on."""
        return self.agreed(date.fromisoformat(self.cleaned_data["effective_on"]), self.unit)


def terms_initial(terms: Terms) -> dict[str, Any]:
    """Return what a form shows of the terms that are valid."""
    cycles, limit = terms.rollover.cycles, terms.rollover.max
    return {
        "hours": terms.cap,
        "reset_day": terms.anchor_on.day if terms.cadence in MONTHLY else None,
        "stub": terms.stub,
        "cadence": terms.cadence,
        "rollover": "ever" if cycles is None else str(cycles),
        "rollover_max": limit if isinstance(limit, int) else None,
        "overage": terms.overage.policy,
        "rate": terms.overage.rate,
        "rounding": str(terms.rounding.step // MINUTE),
        "grace_days": terms.grace_days,
    }


def anchor_before(start: date, day: int) -> date:
    """Return the latest date not after `start` that is day `day` of its month."""
    on = start
    while on.day != day:
        on -= timedelta(days=1)
    return on


class WeightRuleForm(SavesWhatChanged):
    """What counts at another rate than the clock's."""

    percent = forms.IntegerField(
        label=_("Counts at, in percent"),
        min_value=1,
        max_value=1000,
        help_text=_("150 is one and a half times, 50 is half."),
    )

    class Meta:
        model = WeightRule
        fields = ["name", "percent", "category", "is_after_hours"]
        widgets = {"category": forms.TextInput(attrs={"list": "categories"})}
        help_texts = {
            "name": _("Your client reads it: “Emergencies”."),
            "category": _("Empty: any kind."),
        }

    def clean_name(self) -> str:
        """Refuse what the record cannot hold, and a name that is there already."""
        name: str = self.cleaned_data["name"].strip()
        if "|" in name:
            raise forms.ValidationError(_("A name holds no “|”."))
        if (
            self.instance.retainer.weight_rules.filter(name=name)
            .exclude(pk=self.instance.pk)
            .exists()
        ):
            raise forms.ValidationError(_("There is a rule of that name already."))
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse a rule that says nothing about when it matches."""
        fields = super().clean() or self.cleaned_data
        if not fields.get("category") and not fields.get("is_after_hours"):
            self.add_error(
                "category",
                _("Say for which kind of work, or that it is for work outside the office hours."),
            )
        return fields


_WEEKDAYS = [(str(number), name) for number, name in WEEKDAYS]


class OfficeHoursForm(SavesWhatChanged):
    """When work counts plainly."""

    days = forms.MultipleChoiceField(
        label=_("Office days"), choices=_WEEKDAYS, widget=forms.CheckboxSelectMultiple
    )
    opens = forms.TimeField(
        label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    closes = forms.TimeField(
        label=_("To"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    class Meta:
        model = OfficeHours
        fields = ["days", "opens", "closes", "holidays"]
        help_texts = {
            "holidays": _(
                "A country, and its part where holidays differ: DE, DE-BY, US-CA, GB-SCT. Empty: none."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["days"] = list(self.instance.days)

    def clean_days(self) -> str:
        """Return the days as the row keeps them."""
        return "".join(sorted(self.cleaned_data["days"]))

    def clean_holidays(self) -> str:
        """Refuse a place whose holidays are not known."""
        place: str = self.cleaned_data["holidays"].strip().upper().replace("_", "-")
        if place and not is_place(place):
            raise forms.ValidationError(
                _("The holidays of “%(place)s” are not known. Write it like DE or DE-BY.")
                % {"place": place}
            )
        return place

    def clean(self) -> dict[str, Any]:
        """Refuse hours that end before they begin."""
        fields = super().clean() or self.cleaned_data
        if fields.get("opens") and fields.get("closes") and fields["closes"] <= fields["opens"]:
            self.add_error("closes", _("This is before they begin."))
        return fields
