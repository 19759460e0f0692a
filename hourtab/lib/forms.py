"""Fields that understand what people type."""

from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from hourtab.core import amounts
from hourtab.core.cycles import FIRST_DAY, LAST_DAY
from hourtab.lib.locking import locked
from hourtab.lib.text import named


class NameField(forms.CharField):
    """A name, in one line that can be seen: of a client, a retainer, a person, a kind of work."""

    def to_python(self, value: Any) -> str:
        """Return it without line breaks and without what hides; a name that nobody sees is none."""
        return named(super().to_python(value) or "")


class SenderField(NameField):
    """A name that mails begin with. An address in it would make them somebody's advertisement."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if "://" in value:
            raise ValidationError(_("A name holds no address of a page."))


class AmountField(forms.Field):
    """An amount of time in any notation, as whole seconds; of a counted `unit` a number, as
    hundredths.
    """

    def __init__(
        self,
        *,
        bare_most: int = 24 * amounts.HOUR,
        positive: bool = False,
        unit: str = "hour",
        **kwargs: Any,
    ) -> None:
        self.bare_most = bare_most
        self.positive = positive
        self.unit = unit
        super().__init__(widget=forms.TextInput(attrs={"maxlength": "30"}), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Read it; the refusal of `amounts` is the sentence beside the field."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            amount = (
                amounts.parse(text, bare_most=self.bare_most)
                if self.unit == "hour"
                else amounts.parse_count(text)
            )
        except amounts.AmountError as error:
            raise ValidationError(str(error)) from None
        if self.positive and not amount:
            raise ValidationError(_("It must be more than 0."))
        return amount

    def prepare_value(self, value: Any) -> Any:
        """Show seconds as `1:30`, hundredths as `1` or `1.5`."""
        if not isinstance(value, int):
            return value
        return amounts.clock(value) if self.unit == "hour" else amounts.count(value)


class DayField(forms.DateField):
    """A calendar date, typed or picked, within the years that any ledger holds."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **kwargs)
        self.error_messages["invalid"] = _(
            "This is not a date in the calendar. Write it like 2027-01-31."
        )

    def validate(self, value: Any) -> None:
        """Refuse a year that is a slip of the keyboard."""
        super().validate(value)
        if value is not None and not FIRST_DAY <= value <= LAST_DAY:
            raise ValidationError(
                _("The date must lie between %(first)s and %(last)s.")
                % {"first": FIRST_DAY, "last": LAST_DAY}
            )


class SavesWhatChanged(forms.ModelForm):  # type: ignore[type-arg]
    """A form on a row that stores what was changed in it, and nothing else.

    Between reading a row for a form and storing it somebody else may have changed the row. A plain
    `ModelForm` would write every column back as it was read, and undo that without a word.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._read = kwargs.get("instance")
        # A copy, so that what is typed and refused shows nowhere else on the page.
        super().__init__(*args, **kwargs | {"instance": copy(self._read)})

    def changes(self) -> dict[str, Any]:
        """Return the new values of the row's fields that were changed."""
        names = [name for name in self.fields if name in (self._meta.fields or ())]
        values = {name: getattr(self.instance, name) for name in names}
        return {name: value for name, value in values.items() if value != getattr(self._read, name)}

    def save(self, commit: bool = True) -> Any:
        """Store the changes in the row as it stands now, under its lock, and return it.

        A new row is stored whole. One that is gone meanwhile is 404.
        """
        if self.instance.pk is None or not commit:
            return super().save(commit)
        with transaction.atomic():
            row = get_object_or_404(
                locked(self._meta.model._default_manager.all()), pk=self.instance.pk
            )
            changes = self.changes()
            for name, value in changes.items():
                setattr(row, name, value)
            if changes:
                row.save(update_fields=list(changes))
        return row


def _is_number(value: Any) -> bool:
    """Could this be the number of a row? SQLite answers one of more digits than a column holds with
    an error of its own.
    """
    if isinstance(value, str):
        return value.isascii() and value.isdecimal() and len(value) <= 18
    return isinstance(value, Model | int)


class RowField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One row, by its number."""

    def to_python(self, value: Any) -> Any:
        """Return the row; refuse what is no number."""
        if value not in self.empty_values and not _is_number(value):
            raise ValidationError(
                self.error_messages["invalid_choice"],
                code="invalid_choice",
                params={"value": str(value)[:40]},
            )
        return super().to_python(value)


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several rows, by their numbers."""

    def clean(self, value: Any) -> Any:
        """Return the rows; refuse what is no number."""
        for one in value or () if isinstance(value, list | tuple) else ():
            if not _is_number(one):
                raise ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": str(one)[:40]},
                )
        return super().clean(value)
