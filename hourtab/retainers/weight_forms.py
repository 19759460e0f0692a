"""What counts at another rate, and the office hours."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.lib.choices import WEEKDAYS
from hourtab.lib.forms import NameField, SavesWhatChanged
from hourtab.retainers.models import OfficeHours, WeightRule
from hourtab.retainers.weights import is_place


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
        field_classes = {"name": NameField, "category": NameField}
        widgets = {"category": forms.TextInput(attrs={"list": "categories"})}
        help_texts = {
            "name": _("Your client reads it: “Emergencies”."),
            "category": _("Empty: any kind."),
        }

    def clean_name(self) -> str:
        """Refuse what the record cannot hold, and a name that is there already."""
        name: str = self.cleaned_data["name"]
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
