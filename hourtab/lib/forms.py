"""Fields that understand what people type."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hourtab.core import amounts


class HoursField(forms.Field):
    """An amount of time in any notation, as whole seconds."""

    def __init__(self, *, bare_most: int = 24 * amounts.HOUR, positive: bool = False, **kwargs: Any) -> None:
        self.bare_most = bare_most
        self.positive = positive
        super().__init__(widget=forms.TextInput(attrs={"maxlength": "30"}), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Read it; the refusal of `amounts` is the sentence beside the field."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            seconds = amounts.parse(text, bare_most=self.bare_most)
        except amounts.AmountError as error:
            raise ValidationError(str(error)) from None
        if self.positive and not seconds:
            raise ValidationError(_("It must be more than 0."))
        return seconds

    def prepare_value(self, value: Any) -> Any:
        """Show seconds as `1:30`."""
        return amounts.clock(value) if isinstance(value, int) else value


class MoneyField(forms.CharField):
    """A price, as whole minor units (cents)."""

    def to_python(self, value: Any) -> Any:
        """Read `180`, `180.50` or `180,50`."""
        text = (super().to_python(value) or "").replace(",", ".").replace(" ", "")
        if not text:
            return None
        try:
            minor = Decimal(text) * 100
        except InvalidOperation:
            raise ValidationError(_("Write a price like 180 or 180.50.")) from None
        if not minor.is_finite() or minor != minor.to_integral_value() or not 0 <= minor < 10**11:
            raise ValidationError(_("Write a price like 180 or 180.50."))
        return int(minor)


class DayField(forms.DateField):
    """A calendar date, typed or picked."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **kwargs)
        self.error_messages["invalid"] = _("This is not a date in the calendar. Write it like 2027-01-31.")
