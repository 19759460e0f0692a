"""What a link shows."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.lib.choices import HOUR_FORMATS, locale_choices
from hourtab.sharing.models import ShareLink


class LinkForm(forms.ModelForm):  # type: ignore[type-arg]
    """The options of a link."""

    locale = forms.ChoiceField(label=_("Dates and numbers"), required=False)
    hour_format = forms.ChoiceField(
        label=_("Hours are written"), required=False, choices=[("", _("as in the workspace")), *HOUR_FORMATS]
    )

    class Meta:
        model = ShareLink
        fields = ["label", "shows_categories", "shows_people", "shows_projects", "locale", "hour_format"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["locale"]
        field.choices = [("", _("as in the workspace")), *locale_choices()]
