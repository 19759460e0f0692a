"""What a link shows, to whom it was given, and until when it answers."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hourtab.clients.models import Client
from hourtab.lib.choices import HOUR_FORMATS, locale_choices
from hourtab.lib.forms import DayField, NameField, RowsField, SavesWhatChanged
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink

GRACES = [("0", _("at once")), ("1", _("in a day")), ("7", _("in a week")), ("30", _("in 30 days"))]
_NEEDS = {
    "category": ("shows_categories", _("kinds of work")),
    "person": ("shows_people", _("people")),
}


class LinkForm(SavesWhatChanged):
    """The options of a link."""

    retainers = RowsField(
        Retainer.objects.none(),
        label=_("It shows, side by side"),
        widget=forms.CheckboxSelectMultiple,
        required=True,
    )
    expires_on = DayField(
        label=_("It answers through"), required=False, help_text=_("Empty: until it is revoked.")
    )
    locale = forms.ChoiceField(label=_("Language, dates and numbers"), required=False)
    hour_format = forms.ChoiceField(
        label=_("Hours are written"),
        required=False,
        choices=[("", _("as in the workspace")), *HOUR_FORMATS],
    )
    folded = (
        "shows_worked",
        "shows_past",
        "shows_documents",
        "shows_requests",
        "splits_by",
        "locale",
        "hour_format",
        "expires_on",
        "takes_subscribers",
        "has_feeds",
        "unfurls",
    )
    folded_title = _("More: language, end, past cycles, documents, mail, feeds")

    class Meta:
        model = ShareLink
        fields = [
            "label",
            "given_to",
            "shows_descriptions",
            "shows_categories",
            "shows_people",
            "shows_projects",
            "shows_courtesy",
            "shows_worked",
            "shows_past",
            "shows_documents",
            "shows_requests",
            "splits_by",
            "locale",
            "hour_format",
            "takes_subscribers",
            "has_feeds",
            "unfurls",
        ]
        field_classes = {"label": NameField, "given_to": NameField}
        help_texts = {
            "has_feeds": _("Whoever has the link can read it from other programs, too."),
            "unfurls": _(
                "Chats and mail programs then show the hours when the link is pasted there."
            ),
            "takes_subscribers": _(
                "Whoever has the link can have the balance mailed to them, after confirming their address."
            ),
        }

    field_order = ("label", "given_to", "retainers")

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(client.workspace.zone)
        locales: Any = self.fields["locale"]
        locales.choices = [("", _("as in the workspace")), *locale_choices()]
        shown: Any = self.fields["retainers"]
        shown.queryset = Retainer.objects.filter(client=client).order_by("name", "pk")
        shown.label_from_instance = lambda retainer: retainer.name
        if len(shown.queryset) < 2:
            del self.fields["retainers"]
        elif self.instance.pk:
            self.initial["retainers"] = [row.retainer_id for row in self.instance.shown.all()]
        if self.instance.expires_at:
            self.initial["expires_on"] = self.instance.expires_at.astimezone(
                self.zone
            ).date() - timedelta(days=1)

    def clean_expires_on(self) -> date | None:
        """Refuse a day that is over."""
        on: date | None = self.cleaned_data["expires_on"]
        if on and on < timezone.localdate(timezone=self.zone):
            raise forms.ValidationError(_("This day is over. Revoke the link instead."))
        return on

    def clean(self) -> dict[str, Any]:
        """Refuse a split by what the link does not show."""
        fields = super().clean() or self.cleaned_data
        needed, name = _NEEDS.get(fields.get("splits_by", ""), ("", ""))
        if needed and not fields.get(needed) and "splits_by" in self.changed_data:
            self.add_error(
                "splits_by",
                _("This would name %(what)s. Let the link show them, or split otherwise.")
                % {"what": name},
            )
        return fields

    def options(self) -> dict[str, Any]:
        """Return what the form says of the link itself."""
        fields = dict(self.cleaned_data)
        fields.pop("retainers", None)
        on = fields.pop("expires_on")
        # The day a link expires on is its last whole one, where the provider is.
        midnight = (
            datetime.combine(on + timedelta(days=1), time.min, tzinfo=self.zone) if on else None
        )
        return fields | {"expires_at": midnight}

    def shown(self, otherwise: list[Retainer]) -> list[Retainer]:
        """Return the retainers that were chosen, in the order of their names; `otherwise` where
        there is no choice.
        """
        return list(self.cleaned_data["retainers"]) if "retainers" in self.fields else otherwise
