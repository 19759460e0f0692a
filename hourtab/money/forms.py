"""The field that reads money."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from hourtab.money.minor import MoneyError, parse, places, plain


class MoneyField(forms.CharField):
    """A price, as whole minor units of the currency it was told (`tell_currency`)."""

    currency = ""

    def to_python(self, value: Any) -> Any:
        """Read it; a number already is minor units."""
        if isinstance(value, int):
            return value
        text = (super().to_python(value) or "").strip()
        if not text:
            return None
        try:
            return parse(text, self.currency)
        except MoneyError:
            raise ValidationError(_examples(self.currency)) from None

    def prepare_value(self, value: Any) -> Any:
        """Show minor units as they may be typed."""
        return plain(value, self.currency) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Is another amount meant, however it is written?"""
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


def tell_currency(form: forms.BaseForm, currency: str) -> None:
    """Tell every field of a form that reads money which currency it reads."""
    for field in form.fields.values():
        if isinstance(field, MoneyField):
            field.currency = currency


def _examples(currency: str) -> str:
    if not places(currency):
        return _("Write a price like 180; %(currency)s has no decimal places.") % {
            "currency": currency
        }
    if places(currency) == 3:
        return _("Write a price like 180 or 180.500.")
    return _("Write a price like 180 or 180.50.")
