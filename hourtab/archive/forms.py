"""Narrowing the audit, and naming whose data is to be erased."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Workspace
from hourtab.archive.audit import TOPICS, Asked
from hourtab.archive.erasure import Person
from hourtab.lib.forms import DayField, RowField


class AuditForm(forms.Form):
    """What of the audit is shown."""

    topic = forms.ChoiceField(label=_("What"), required=False)
    member = RowField(
        Member.objects.none(), label=_("Who"), required=False, empty_label=_("everybody")
    )
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("Through"), required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["topic"].choices = [
            ("", _("everything")),
            *((slug, label) for slug, (label, _kinds) in TOPICS.items()),
        ]
        fields["member"].queryset = Member.objects.filter(workspace=workspace).select_related(
            "user"
        )

    def asked(self) -> Asked:
        """Return what was asked for; a field that was not understood narrows nothing."""
        if not self.is_bound:
            return Asked()
        self.is_valid()
        return Asked(**self.cleaned_data)


class PersonForm(forms.Form):
    """Whose data is meant: an address, a name, or both."""

    email = forms.EmailField(label=_("E-mail address"), required=False)
    name = forms.CharField(
        label=_("Name"),
        required=False,
        min_length=3,
        max_length=100,
        help_text=_("As it stands in entries and contacts."),
    )
    with_mentions = forms.BooleanField(
        label=_("Also erase the texts of lines that mention them"),
        required=False,
        help_text=_("The hours of these lines stay."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a form that names nobody."""
        fields = super().clean() or self.cleaned_data
        if not self.errors and not fields.get("email") and not fields.get("name"):
            raise forms.ValidationError(_("Give an address or a name."))
        return fields

    def person(self) -> Person:
        """Return who is meant."""
        fields = self.cleaned_data
        return Person(
            fields["name"].strip(),
            fields["email"].strip().lower(),
            with_mentions=fields["with_mentions"],
        )
