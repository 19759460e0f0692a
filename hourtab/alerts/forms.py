"""What is watched, and who is told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.alerts.models import Kind, Watch

MOST = 10
FOR_SPONSORS = [(kind.value, kind.label) for kind in Kind if kind != Kind.STALE]


class WatchForm(forms.Form):
    """Thresholds, and who is told of what."""

    thresholds = forms.CharField(
        label=_("Thresholds, in percent of the hours"),
        max_length=60,
        required=False,
        help_text=_("50, 80, 100; empty for none."),
    )
    tells_us = forms.MultipleChoiceField(
        label=_("You are told when"),
        choices=Kind,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    tells_sponsors = forms.MultipleChoiceField(
        label=_("Your client's sponsors are told when"),
        choices=FOR_SPONSORS,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Contacts with the role of sponsor and an e-mail address."),
    )

    def __init__(self, *args: Any, watch: Watch, **kwargs: Any) -> None:
        initial = {
            "thresholds": ", ".join(map(str, watch.thresholds)),
            "tells_us": watch.tells_us,
            "tells_sponsors": watch.tells_sponsors,
        }
        super().__init__(*args, **kwargs | {"initial": initial})

    def clean_thresholds(self) -> list[int]:
        """Return the numbers; refuse what is none, or no percentage."""
        parts = [
            part.strip(" %")
            for part in self.cleaned_data["thresholds"].replace(";", ",").split(",")
            if part.strip()
        ]
        if any(
            not part.isascii() or not part.isdigit() or not 0 < int(part) <= 500 for part in parts
        ):
            raise forms.ValidationError(
                _("Write whole numbers from 1 to 500, separated by commas: 50, 80, 100.")
            )
        if len(set(parts)) > MOST:
            raise forms.ValidationError(_("At most %(n)s thresholds.") % {"n": MOST})
        return sorted({int(part) for part in parts})
