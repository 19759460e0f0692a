"""Asking, deciding on paper, emergencies, and what is agreed beforehand."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.clients.models import Contact
from hourtab.core.amounts import LONGEST
from hourtab.lib.forms import AmountField, DayField, NameField, RowsField, SavesWhatChanged
from hourtab.lib.text import clean
from hourtab.money.forms import MoneyField, tell_currency
from hourtab.overage.models import OverageTerms, Request
from hourtab.overage.services import Wish
from hourtab.retainers.models import Retainer

DECIDED_WITHIN = timedelta(days=3)


class AskForm(forms.Form):
    """What is asked for, why, by when, and who decides."""

    kind = forms.ChoiceField(
        label=_("You ask for"),
        choices=Request.Kind,
        initial=Request.Kind.EXTRA,
        widget=forms.RadioSelect,
    )
    amount = AmountField(label=_("How many hours"), bare_most=LONGEST, positive=True)
    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever decides reads it, and it stands on your client's page."),
    )
    rate = MoneyField(
        label=_("Rate"),
        required=False,
        help_text=_("For extra hours: per hour; 0 is at no charge."),
    )
    price = MoneyField(
        label=_("Price"),
        required=False,
        help_text=_("For raised hours: in all; empty is at no charge."),
    )
    starts_on = DayField(label=_("For work from"))
    ends_on = DayField(label=_("Through"))
    decide_on = DayField(label=_("To be decided by the end of"))
    approvers = RowsField(
        Contact.objects.none(),
        label=_("Who decides"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Each gets a link of their own; the first decision counts."),
    )
    new_name = NameField(label=_("Somebody else decides: name"), max_length=100, required=False)
    new_email = forms.EmailField(label=_("E-mail address"), required=False)
    needs_code = forms.BooleanField(
        label=_("Confirm with a one-time code"),
        required=False,
        help_text=_(
            "A code is mailed to the address that was asked, so that a forwarded link decides nothing."
        ),
    )

    folded: tuple[str, ...] = ("new_name", "new_email", "needs_code")
    folded_title = _("Somebody else decides, one-time code")

    def __init__(
        self, *args: Any, retainer: Retainer, emergency: Request | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.retainer = retainer
        fields: Any = self.fields
        fields["amount"].unit = retainer.unit
        tell_currency(self, retainer.currency)
        if retainer.unit != "hour":
            fields["amount"].label = _("How many")
            fields["rate"].help_text = _("For extra ones: for each; 0 is at no charge.")
        found = retainer.client.contacts.filter(role=Contact.Role.APPROVER).exclude(email="")
        fields["approvers"].queryset = found
        fields["approvers"].label_from_instance = lambda contact: (
            f"{contact.name} · {contact.email}"
        )
        if not found:
            del fields["approvers"]
            fields["new_name"].label = _("Who decides: name")
            self.folded = ("needs_code",)
            self.folded_title = _("One-time code")
        if emergency is not None:
            for name in ("kind", "rate", "price"):
                del fields[name]

    def clean(self) -> dict[str, Any]:
        """Refuse what is half said, beside the field."""
        fields = super().clean() or self.cleaned_data
        if (
            fields.get("kind") == Request.Kind.EXTRA
            and fields.get("rate") is None
            and "rate" not in self.errors
        ):
            self.add_error("rate", _("Say at which rate they are billed; 0 is at no charge."))
        if (
            bool(fields.get("new_name")) != bool(fields.get("new_email"))
            and "new_email" not in self.errors
        ):
            self.add_error(
                "new_email" if fields.get("new_name") else "new_name",
                _("Somebody new needs a name and an address."),
            )
        if (
            not fields.get("approvers")
            and not fields.get("new_email")
            and "new_email" not in self.errors
        ):
            self.add_error(
                "approvers" if "approvers" in self.fields else "new_name", _("Say who decides.")
            )
        if (
            fields.get("starts_on")
            and fields.get("ends_on")
            and fields["ends_on"] < fields["starts_on"]
        ):
            self.add_error("ends_on", _("This is before the work begins."))
        return fields

    def clean_reason(self) -> str:
        """Return the text without control characters."""
        return clean(self.cleaned_data["reason"]).strip()

    def wish(self, emergency: Request | None) -> Wish:
        """Return what is asked for; an emergency keeps the rate that was agreed beforehand."""
        fields = self.cleaned_data
        kind = fields.get("kind", Request.Kind.EXTRA)
        is_extra = kind == Request.Kind.EXTRA
        rate = emergency.rate if emergency is not None else fields.get("rate")
        return Wish(
            kind,
            fields["amount"],
            fields["starts_on"],
            fields["ends_on"],
            fields["reason"],
            rate if is_extra else None,
            None if is_extra else fields.get("price"),
            fields["needs_code"],
        )

    def decide_by(self) -> datetime:
        """Return the end of the day by which it is to be decided, where the retainer is."""
        on: date = self.cleaned_data["decide_on"]
        return datetime.combine(on + timedelta(days=1), time.min, tzinfo=self.retainer.tzinfo)

    def chosen(self) -> list[Contact]:
        """Return the known contacts who decide."""
        return list(self.cleaned_data.get("approvers") or [])

    def somebody_new(self) -> tuple[str, str] | None:
        """Return name and address of somebody else who decides."""
        fields = self.cleaned_data
        return (fields["new_name"], fields["new_email"]) if fields.get("new_email") else None


class NotedDecisionForm(forms.Form):
    """A decision that was given by telephone or mail."""

    outcome = forms.ChoiceField(
        label=_("They"),
        choices=[("approve", _("approved")), ("decline", _("declined"))],
        initial="approve",
    )
    amount = AmountField(
        label=_("How much of it"),
        bare_most=LONGEST,
        required=False,
        help_text=_("Empty: all of it."),
    )
    name = NameField(label=_("Who decided"), max_length=100)
    comment = forms.CharField(
        label=_("How you know"),
        max_length=300,
        help_text=_("For example: on the telephone, 22 June, 14:00."),
    )

    def __init__(self, *args: Any, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["amount"]
        field.unit = unit


class EmergencyForm(forms.Form):
    """Work that cannot wait for an approval."""

    reason = forms.CharField(
        label=_("What happened"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever decides afterwards reads it."),
    )
    on = DayField(label=_("It began on"))
    at = forms.TimeField(
        label=_("At"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def began_at(self, retainer: Retainer) -> datetime:
        """Return when it began."""
        return datetime.combine(
            self.cleaned_data["on"], self.cleaned_data["at"], tzinfo=retainer.tzinfo
        )


class OverageTermsForm(SavesWhatChanged):
    """What is agreed beforehand about going over."""

    soft_limit = forms.IntegerField(
        label=_("Soft limit, in percent"),
        required=False,
        min_value=1,
        max_value=200,
        help_text=_(
            "When so much of the hours is used, a request is drafted for you to look at. Empty: never."
        ),
    )
    emergency_rate = MoneyField(
        label=_("Emergency rate"),
        required=False,
        help_text=_("Per hour, as agreed with your client."),
    )
    emergency_ceiling = AmountField(
        label=_("Emergency ceiling"),
        required=False,
        bare_most=LONGEST,
        positive=True,
        help_text=_("So much may be worked at once, before it is approved."),
    )
    emergency_hours = forms.IntegerField(
        label=_("Approval is asked within"),
        min_value=1,
        max_value=720,
        initial=24,
        help_text=_("Hours after it began."),
    )

    class Meta:
        model = OverageTerms
        fields = ["soft_limit", "emergency_rate", "emergency_ceiling", "emergency_hours"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["emergency_ceiling"]
        field.unit = self.instance.retainer.unit
        tell_currency(self, self.instance.retainer.currency)

    def clean(self) -> dict[str, Any]:
        """Refuse a rate without a ceiling, and a ceiling without a rate."""
        fields = super().clean() or self.cleaned_data
        rate, ceiling = fields.get("emergency_rate"), fields.get("emergency_ceiling")
        if (rate is None) != (ceiling is None):
            self.add_error(
                "emergency_rate" if rate is None else "emergency_ceiling",
                _("Emergencies need a rate and a ceiling."),
            )
        return fields
