"""Making a key."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.api.models import Scope
from hourtab.lib.forms import NameField

LASTS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("a year"))]


class KeyForm(forms.Form):
    """What a key is called, what it may be used for, and how long."""

    name = NameField(
        label=_("Name"), max_length=80, help_text=_("Where it is used: “Laptop”, “Nightly export”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=Scope,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.LOG, Scope.IMPORT],
    )
    lasts = forms.ChoiceField(label=_("It works for"), choices=LASTS, initial="90")

    def clean_lasts(self) -> timedelta:
        """Return how long it works."""
        return timedelta(days=int(self.cleaned_data["lasts"]))
