"""Signing up, and the settings of a workspace."""

from collections.abc import Iterator
from typing import Any

from allauth.core import context
from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hourtab.accounts import services
from hourtab.accounts.models import Invitation, User, Workspace
from hourtab.accounts.professions import BY_SLUG, CHOICES
from hourtab.lib.choices import CURRENCIES, HOUR_FORMATS, WEEKDAYS, locale_choices, zone_choices
from hourtab.lib.forms import NameField, SavesWhatChanged, SenderField
from hourtab.lib.pictures import PictureError, redrawn

LARGEST_LOGO = 500_000


def _invitation(request: HttpRequest) -> Invitation | None:
    """Return the invitation that brought somebody to the sign-up page; None where there is none
    that stands.
    """
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    found = (
        services.find_invitation(wanted.removeprefix("/join/"))
        if wanted.startswith("/join/")
        else None
    )
    return found if found is not None and found.stands(timezone.now()) else None


class SignupForm(forms.Form):
    """What signing up asks beside address and password: the workspace."""

    workspace = SenderField(
        label=_("Name of your business"),
        max_length=100,
        help_text=_("Your clients see it on their page."),
    )
    profession = forms.ChoiceField(
        label=_("What you do"),
        choices=CHOICES,
        required=False,
        help_text=_("It suggests kinds of work; you can change everything."),
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices, initial="UTC")
    locale = forms.ChoiceField(
        label=_("Language, dates and numbers"), choices=locale_choices, initial="en-GB"
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in CURRENCIES], initial="EUR"
    )
    hour_format = forms.ChoiceField(
        label=_("Hours are written"), choices=HOUR_FORMATS, initial="hm"
    )

    folded_title = _("Time zone, dates, currency")
    folded = ("zone", "locale", "currency", "hour_format")
    field_order = ["email", "password1", "workspace", "profession", *folded]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = _invitation(context.request) if context.request else None
        if self.invitation is not None:
            # Whoever is invited joins that workspace, and opens none of their own.
            for name in ("workspace", "profession", *self.folded):
                del self.fields[name]
            self.initial.setdefault("email", self.invitation.to)
        wanted = context.request.GET.get("for", "") if context.request else ""
        self.initial.setdefault("profession", wanted if wanted in BY_SLUG else "")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Open the workspace of a user who was just stored; one who is invited goes on to the
        invitation.
        """
        if self.invitation is not None and user.email.lower() == self.invitation.to:
            return
        if self.invitation is not None:
            services.open_workspace(user.email.partition("@")[0], owner=user)
            return
        fields: dict[str, Any] = self.cleaned_data
        services.open_workspace(
            fields["workspace"],
            owner=user,
            **{name: fields[name] for name in ("profession", *self.folded)},
        )


class WorkspaceForm(SavesWhatChanged):
    """The settings every page of a workspace follows."""

    profession = forms.ChoiceField(label=_("What you do"), choices=CHOICES, required=False)
    zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)
    locale = forms.ChoiceField(label=_("Language, dates and numbers"), choices=locale_choices)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    first_weekday = forms.TypedChoiceField(
        label=_("Weeks begin on"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("as usual in that language")), *WEEKDAYS],
    )

    class Meta:
        model = Workspace
        fields = [
            "name",
            "profession",
            "zone",
            "locale",
            "currency",
            "hour_format",
            "first_weekday",
            "colour",
            "sender_name",
            "reply_to",
            "footer",
            "imprint_url",
            "privacy_url",
            "requires_second_factor",
        ]
        field_classes = {"name": SenderField, "sender_name": SenderField, "footer": NameField}
        help_texts = {
            "colour": _(
                "Like #2f5d50; your pages and statements use it, a little darker where it could not be read."
            ),
            "sender_name": _("Empty: the name of your business."),
            "reply_to": _("Mails leave from the address of this site; answers to them come here."),
            "footer": _("One line at the foot of every page your clients see."),
        }

    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG or WebP, up to 500 kB; your pages and statements show it."),
    )
    forget_logo = forms.BooleanField(label=_("Use no logo"), required=False)

    _GROUPS = (
        ("", ("name", "profession", "colour", "logo_file", "forget_logo")),
        (
            _("Dates, numbers, currency"),
            ("zone", "locale", "currency", "hour_format", "first_weekday"),
        ),
        (_("Mails to your clients"), ("sender_name", "reply_to")),
        (_("Foot of the pages your clients see"), ("footer", "imprint_url", "privacy_url")),
        (_("Security"), ("requires_second_factor",)),
    )

    def groups(self) -> Iterator[tuple[Any, list[forms.BoundField], bool]]:
        """Yield the fields under their headings, and whether one of them has an error."""
        for title, names in self._GROUPS:
            yield title, [self[name] for name in names], any(name in self.errors for name in names)

    def clean_logo_file(self) -> bytes | None:
        """Return the logo drawn anew; refuse what is no picture of these kinds, whatever its name
        says.
        """
        file = self.cleaned_data["logo_file"]
        if not file:
            return None
        content: bytes = file.read(LARGEST_LOGO + 1)
        if len(content) > LARGEST_LOGO:
            raise forms.ValidationError(_("The logo is larger than 500 kB."))
        try:
            return redrawn(content)
        except PictureError as error:
            raise forms.ValidationError(str(error)) from None

    def changes(self) -> dict[str, Any]:
        """Return what was changed, with a logo that was chosen."""
        logo = self.cleaned_data["logo_file"]
        if self.cleaned_data["forget_logo"]:
            return super().changes() | {"logo": None}
        return super().changes() | ({"logo": logo} if logo else {})
