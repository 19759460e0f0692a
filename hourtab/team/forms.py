"""Inviting somebody, and changing what a member may do."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Role, Workspace
from hourtab.clients.models import Client
from hourtab.lib.forms import RowsField


class MemberForm(forms.Form):
    """A role, and the clients a member sees."""

    role = forms.ChoiceField(
        label=_("Role"), choices=Role, initial=Role.EDITOR, widget=forms.RadioSelect
    )
    sees = forms.ChoiceField(
        label=_("Sees"),
        choices=[("all", _("every client")), ("some", _("these clients alone"))],
        initial="all",
        widget=forms.RadioSelect,
        required=False,
    )
    clients = RowsField(
        Client.objects.none(),
        label=_("Clients"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "Of others they find nothing. Files and rules are for those who see every client."
        ),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["clients"]
        field.queryset = Client.objects.filter(workspace=workspace)
        if not field.queryset:
            del self.fields["sees"], self.fields["clients"]

    def chosen(self) -> list[int] | None:
        """Return the clients of one who is limited, None for all."""
        if self.cleaned_data.get("sees") != "some":
            return None
        return [client.pk for client in self.cleaned_data["clients"]]

    @staticmethod
    def initial_of(member: Member) -> dict[str, Any]:
        """Return what the form shows of a member."""
        seen = list(member.access.values_list("client", flat=True))
        return {
            "role": member.role,
            "sees": "some" if member.is_limited else "all",
            "clients": seen,
        }


class InviteForm(MemberForm):
    """Whom to invite, as what."""

    to = forms.EmailField(label=_("E-mail address"))

    field_order = ("to", "role", "sees", "clients")
