"""Logging, editing and granting hours."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from hourtab.core.amounts import LONGEST
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.line import Work
from hourtab.ledger.models import Decision, Scope, TopUp
from hourtab.lib.forms import AmountField, DayField, NameField
from hourtab.money.forms import MoneyField, tell_currency
from hourtab.retainers.models import Retainer
from hourtab.retainers.terms_form import ChangeTermsForm

OUTCOMES = {
    "session": [
        ("", _("held")),
        ("cancelled_in_time", _("called off in time: does not count")),
        ("cancelled_late", _("called off late: counts")),
        ("no_show", _("missed: counts")),
        ("cancelled_by_provider", _("called off by us: does not count")),
    ],
    "deliverable": [
        ("", _("delivered")),
        ("accepted", _("accepted")),
        ("rejected", _("rejected: does not count")),
    ],
}
"""What may become of a session or a deliverable; each counts unless it says otherwise."""


def add_refusal(form: forms.Form, error: LedgerError, otherwise: str | None = None) -> None:
    """Say why the ledger refused: beside the field it is about, where the form has that."""
    form.add_error(error.field if error.field in form.fields else otherwise, str(error))


LONGEST_TEXT = 5000


class WrittenField(forms.CharField):
    """A text of several lines. A browser ends each with two characters; they are kept as one."""

    def to_python(self, value: Any) -> str:
        """Return the text as it was written."""
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def allow(self, length: int) -> None:
        """Take texts up to `length`, where that is longer: an import kept one whole."""
        others = [rule for rule in self.validators if not isinstance(rule, MaxLengthValidator)]
        self.validators = [*others, MaxLengthValidator(length)]
        self.widget.attrs["maxlength"] = length


class EntryForm(forms.Form):
    """One line of the log."""

    on = DayField(label=_("Day"))
    amount = AmountField(label=_("Time"), help_text=_("45m, 1:30 or 1.5"))
    description = WrittenField(
        label=_("What was done"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=LONGEST_TEXT,
        required=False,
    )
    category = NameField(
        label=_("Kind of work"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "categories"}),
    )
    person = NameField(label=_("Who"), max_length=120, required=False)
    started = forms.TimeField(
        label=_("Began at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    scope = forms.ChoiceField(label=_("How it counts"), choices=Scope, initial=Scope.RETAINER)
    outcome = forms.ChoiceField(label=_("What became of it"), required=False)
    reason = forms.CharField(
        label=_("Reason for the change"),
        max_length=300,
        required=False,
        help_text=_("Your client sees it beside “edited”."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    folded: tuple[str, ...] = ("category", "person", "started", "scope")
    folded_title = _("Kind of work, person, start, no charge")

    def __init__(
        self, *args: Any, retainer: Retainer, editing: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.retainer = retainer
        self._count(retainer.unit)
        if not editing:
            del self.fields["reason"], self.fields["seen"]
        else:
            self.folded = ()
            self._keep_long_text(self.initial.get("description", ""))

    def _keep_long_text(self, text: str) -> None:
        """Take back at least what is there, so that the rest of its line can be changed."""
        if len(text) > LONGEST_TEXT:
            field: Any = self.fields["description"]
            field.allow(len(text))

    def _count(self, unit: str) -> None:
        """Take a number and what became of it where sessions or deliverables are sold."""
        if unit == "hour":
            del self.fields["outcome"]
            return
        _count_in(self, "amount", unit, _("How many"))
        field: Any = self.fields["outcome"]
        field.choices = OUTCOMES[unit]
        self.fields["amount"].initial = 100
        self.folded = ("category", "person", "started", "scope")
        self.folded_title = _("Kind of work, person, start, no charge")

    def clean_on(self) -> Any:
        """Refuse a day outside the retainer, beside the field."""
        on = self.cleaned_data["on"]
        if on < self.retainer.starts_on:
            raise forms.ValidationError(
                _("The retainer starts on %(day)s.") % {"day": self.retainer.starts_on}
            )
        if self.retainer.ends_on and on > self.retainer.ends_on:
            raise forms.ValidationError(
                _("The retainer ended on %(day)s.") % {"day": self.retainer.ends_on}
            )
        return on

    def work(self, before: Work | None = None) -> Work:
        """Return what the form says; what it does not show stays as it was."""
        fields = self.cleaned_data
        said = {
            name: fields[name]
            for name in ("on", "amount", "started", "description", "category", "person", "scope")
        }
        kept: dict[str, Any] = {}
        if before is not None:
            kept = {name: getattr(before, name) for name in _KEPT}
            if before.started and said["started"] == before.started.replace(
                second=0, microsecond=0
            ):
                said["started"] = before.started
            if said["description"] == before.description.replace("\r\n", "\n").strip():
                said["description"] = before.description
        if "outcome" in fields:
            kept["outcome"] = fields["outcome"]
        return Work(**said, **kept)


_KEPT = ("weight", "weighted_by", "project", "outcome", "is_withdrawn")
"""What the form of a line does not show."""


class TopUpForm(forms.Form):
    """Extra hours, or more of what is counted."""

    amount = AmountField(label=_("Hours"), bare_most=LONGEST, positive=True)
    kind = forms.ChoiceField(label=_("They are"), choices=TopUp.Kind, initial=TopUp.Kind.TOPUP)
    on = DayField(label=_("For the cycle of"))
    until = DayField(
        label=_("Usable through the cycle of"),
        required=False,
        help_text=_("Empty: in the cycle they are for alone."),
    )
    is_forever = forms.BooleanField(label=_("They never expire"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, unit: str = "hour", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _count_in(self, "amount", unit, _("How many"))

    def clean(self) -> dict[str, Any]:
        """Refuse hours that would expire before they begin."""
        fields = super().clean() or self.cleaned_data
        if fields.get("is_forever") and fields.get("until"):
            self.add_error("until", _("They never expire, or they do on a day: not both."))
        if fields.get("on") and fields.get("until") and fields["until"] < fields["on"]:
            self.add_error("until", _("This is before the cycle they are for."))
        return fields


class SeenTermsForm(ChangeTermsForm):
    """Other terms, beside the `agreement.mark` of those that were shown."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ChangeCapForm(forms.Form):
    """Other hours for one cycle, now."""

    cap = AmountField(label=_("Hours this cycle should have"), bare_most=LONGEST)
    on = DayField(label=_("From"))
    how = forms.ChoiceField(
        label=_("The difference counts"),
        choices=[("full", _("in full")), ("prorated", _("for the days that are left"))],
        initial="full",
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _count_in(self, "cap", unit, _("How many this cycle should have"))


LATEST_END = date(2099, 12, 31)


class EndForm(forms.Form):
    """The last day."""

    ends_on = DayField(label=_("Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def clean_ends_on(self) -> date:
        """Refuse an end so far ahead that it is a slip of the keyboard."""
        day: date = self.cleaned_data["ends_on"]
        if day > LATEST_END:
            raise forms.ValidationError(_("This date is too far ahead."))
        return day


class DecisionForm(forms.Form):
    """What becomes of time that awaits a decision."""

    amount = AmountField(label=_("How much of it"), bare_most=LONGEST, positive=True)
    outcome = forms.ChoiceField(
        label=_("What becomes of it"), choices=Decision.Outcome, widget=forms.RadioSelect
    )
    rate = MoneyField(
        label=_("Rate"),
        required=False,
        help_text=_("Where it is billed; empty for the rate of the terms."),
    )
    reason = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("It stands in the history, with your name.")
    )

    def __init__(self, *args: Any, retainer: Retainer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _count_in(self, "amount", retainer.unit)
        tell_currency(self, retainer.currency)


class ConvertForm(forms.Form):
    """Which lines beyond the hours become project work."""

    lines = forms.TypedMultipleChoiceField(
        label=_("Lines"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("Your client sees it beside “edited”.")
    )

    def __init__(self, *args: Any, lines: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["lines"]
        field.choices = lines


class ReopenForm(forms.Form):
    """Why a cycle is reopened, and late work that comes with it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Your client sees it beside the new version."),
    )
    on = DayField(label=_("Day"), required=False)
    amount = AmountField(label=_("Time"), required=False, help_text=_("45m, 1:30 or 1.5"))
    description = forms.CharField(label=_("What was done"), max_length=5000, required=False)

    folded = ("on", "amount", "description")
    folded_title = _("Add late work at once")

    def __init__(self, *args: Any, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _count_in(self, "amount", unit)

    def clean(self) -> dict[str, Any]:
        """Refuse half a line."""
        fields = super().clean() or self.cleaned_data
        if bool(fields.get("on")) != bool(fields.get("amount")):
            self.add_error(
                "on" if fields.get("amount") else "amount", _("Late work needs a day and a time.")
            )
        return fields

    def add(self) -> list[Work]:
        """Return the late work."""
        fields = self.cleaned_data
        return (
            [Work(fields["on"], fields["amount"], description=fields["description"])]
            if fields.get("on")
            else []
        )


def _count_in(form: forms.Form, name: str, unit: str, label: Any = None) -> None:
    """Let an amount be a number of a counted unit."""
    field: Any = form.fields[name]
    field.unit = unit
    if unit != "hour":
        field.help_text = ""
        field.label = label or field.label


class HoldForm(forms.Form):
    """Work to come, for which hours are set aside."""

    text = forms.CharField(
        label=_("What for"), max_length=200, help_text=_("Your client sees it: “Onboarding week”.")
    )
    amount = AmountField(label=_("Hours"), bare_most=LONGEST, positive=True)
    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Through"), required=False, help_text=_("Empty: that one day."))

    def __init__(self, *args: Any, unit: str = "hour", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _count_in(self, "amount", unit, _("How many"))
