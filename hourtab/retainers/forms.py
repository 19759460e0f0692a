"""Opening a retainer, and what a new one begins with."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.core.terms import Terms
from hourtab.lib.choices import zone_choices
from hourtab.lib.forms import DayField, NameField
from hourtab.lib.text import named
from hourtab.retainers.terms_form import TermsForm

UNITS = [("hour", _("hours")), ("session", _("sessions")), ("deliverable", _("deliverables"))]


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

    client = NameField(
        label=_("Client"),
        max_length=120,
        widget=forms.TextInput(attrs={"list": "clients", "autocomplete": "off"}),
    )
    name = NameField(
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

    def clean_unit(self) -> str:
        """Return what is counted; hours where nothing is said."""
        return self.cleaned_data["unit"] or "hour"

    def clean_categories(self) -> Sequence[str]:
        """Return the names; refuse one that is too long."""
        names = [
            name for text in self.cleaned_data["categories"].split(",") if (name := named(text))
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
        if start and end and end < start:
            self.add_error("ends_on", _("This is before it starts."))
        return fields

    def terms(self) -> Terms:
        """Return what was agreed."""
        return self.agreed(self.cleaned_data["starts_on"], self.cleaned_data["unit"])
