"""Opening a retainer."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.core.amounts import LONGEST, MINUTE, Rounding
from hourtab.core.cycles import FIRST_DAY, LAST_DAY
from hourtab.core.terms import Overage, Rollover, Terms
from hourtab.lib.choices import zone_choices
from hourtab.lib.forms import DayField, HoursField, MoneyField

CADENCES = [
    ("month", _("a month")), ("week", _("a week")), ("two_weeks", _("every two weeks")), ("quarter", _("a quarter")),
    ("year", _("a year")), ("once", _("once: a prepaid block")),
]  # fmt: skip
ROLLOVERS = [("0", _("expire at the reset")), ("1", _("can be used one cycle longer")), ("2", _("two cycles longer")),
             ("3", _("three cycles longer")), ("ever", _("never expire"))]  # fmt: skip
POLICIES = [("ask", _("ask the client before it is charged")), ("bill", _("is billed")),
            ("deduct", _("is taken from the next hours")), ("absorb", _("is not charged"))]  # fmt: skip
ROUNDINGS = [
    ("0", _("none: to the second")),
    ("6", _("up to 6 minutes")),
    ("15", _("up to 15 minutes")),
    ("30", _("up to 30 minutes")),
]
STUBS = [("full", _("all hours")), ("prorated", _("hours in proportion")), ("none", _("no hours"))]


class OpenRetainerForm(forms.Form):
    """One short form; everything else has a sound default and is folded away."""

    client = forms.CharField(
        label=_("Client"), max_length=120, widget=forms.TextInput(attrs={"list": "clients", "autocomplete": "off"})
    )
    name = forms.CharField(
        label=_("What they buy"),
        max_length=120,
        initial=_("Retainer"),
        help_text=_("For example: Coaching, IT project management."),
    )
    hours = HoursField(label=_("Hours per cycle"), bare_most=LONGEST, positive=True, help_text=_("20, 7.5 or 7h 30m"))
    starts_on = DayField(label=_("Starts on"))
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
    rollover_max = HoursField(
        label=_("At most"), required=False, bare_most=LONGEST, help_text=_("The most hours that roll on; empty for no limit.")
    )
    overage = forms.ChoiceField(label=_("Time beyond the hours"), choices=POLICIES, initial="ask")
    rate = MoneyField(
        label=_("Rate beyond the hours"), required=False, help_text=_("Per hour, in the currency of the workspace.")
    )
    rounding = forms.ChoiceField(label=_("Rounding per entry"), choices=ROUNDINGS, initial="0")
    categories = forms.CharField(
        label=_("Kinds of work"),
        required=False,
        max_length=1000,
        help_text=_("Separated by commas: Sessions, Session prep, Follow-up"),
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)

    folded = ("reset_day", "stub", "cadence", "rollover", "rollover_max", "overage", "rate", "rounding", "categories", "zone")
    folded_title = _("Reset day, rollover, overage, rounding, kinds of work")

    def clean_starts_on(self) -> date:
        """Refuse dates no calendar of ours holds."""
        day: date = self.cleaned_data["starts_on"]
        if not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError(_("The date must lie between %(a)s and %(b)s.") % {"a": FIRST_DAY, "b": LAST_DAY})
        return day

    def clean_categories(self) -> Sequence[str]:
        """Return the names; refuse one that is too long."""
        names = [name.strip() for name in self.cleaned_data["categories"].split(",") if name.strip()]
        if too_long := [name for name in names if len(name) > 60]:
            raise forms.ValidationError(_("“%(name)s…” is longer than 60 characters.") % {"name": too_long[0][:30]})
        return names

    def clean(self) -> dict[str, Any]:
        """Refuse a reset day where hours are not granted by the month."""
        fields = super().clean() or self.cleaned_data
        if fields.get("reset_day") and fields.get("cadence") not in ("month", "quarter", "year"):
            self.add_error("reset_day", _("A reset day goes with months, quarters and years."))
        return fields

    def terms(self) -> Terms:
        """Return what was agreed."""
        fields = self.cleaned_data
        start: date = fields["starts_on"]
        rollover = fields["rollover"]
        return Terms(
            effective_on=start,
            cap=fields["hours"],
            cadence=fields["cadence"],
            anchor_on=anchor_before(start, fields["reset_day"]) if fields["reset_day"] else start,
            stub=fields["stub"],
            rollover=Rollover(None if rollover == "ever" else int(rollover), fields["rollover_max"]),
            overage=Overage(fields["overage"], rate=fields["rate"]),
            rounding=Rounding(int(fields["rounding"]) * MINUTE),
        )


def anchor_before(start: date, day: int) -> date:
    """Return the latest date not after `start` that is day `day` of its month."""
    on = start
    while on.day != day:
        on -= timedelta(days=1)
    return on
