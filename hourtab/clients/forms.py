"""Clients and their contacts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Workspace
from hourtab.clients.models import Client, Contact
from hourtab.lib.forms import NameField, SavesWhatChanged


class ClientForm(SavesWhatChanged):
    """The name of a client."""

    class Meta:
        model = Client
        fields = ["name"]
        field_classes = {"name": NameField}

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace

    def clean_name(self) -> str:
        """Refuse a second client of the same name."""
        name: str = self.cleaned_data["name"]
        if self.workspace.clients.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a client of that name already."))
        return name


class ContactForm(SavesWhatChanged):
    """A person at a client."""

    class Meta:
        model = Contact
        fields = ["name", "email", "role"]
        field_classes = {"name": NameField}
