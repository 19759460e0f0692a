"""Inviting somebody, and changing what a member may do."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Role, Workspace
from hourtab.clients.models import Client
from hourtab.lib.database import in_chunks
from hourtab.lib.forms import RowsField

MOST_LISTED = 60
"""So many clients are listed to tick; where there are more, their names are written."""


class ClientNamesField(forms.CharField):
    """Clients by their names, one a line."""

    def __init__(self, clients: QuerySet[Client]) -> None:
        super().__init__(
            label=_("Clients"),
            required=False,
            max_length=50_000,
            widget=forms.Textarea(attrs={"rows": 5}),
            help_text=_(
                "One name a line, as it stands under Clients. Of others they find nothing."
            ),
        )
        self.clients = clients

    def clean(self, value: Any) -> Any:
        """Return the clients; refuse a name that none has."""
        wanted = {name for line in super().clean(value).splitlines() if (name := line.strip())}
        names = sorted(wanted)
        found = [row for some in in_chunks(names) for row in self.clients.filter(name__in=some)]
        if unknown := wanted - {client.name for client in found}:
            raise forms.ValidationError(
                _("No client has the name “%(name)s”."), params={"name": min(unknown)}
            )
        return found


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
        clients = Client.objects.filter(workspace=workspace)
        count = clients.count()
        if not count:
            del self.fields["sees"], self.fields["clients"]
        elif count > MOST_LISTED:
            seen = self.initial.get("clients", ())
            names = clients.filter(pk__in=seen).values_list("name", flat=True)
            self.initial["clients"] = "\n".join(names)
            self.fields["clients"] = ClientNamesField(clients)
        else:
            field: Any = self.fields["clients"]
            field.queryset = clients

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
