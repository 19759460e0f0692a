"""Every date that a form takes lies within the years a ledger can hold."""

import inspect
import pkgutil
from datetime import date
from importlib import import_module

import pytest
import time_machine
from django import forms
from django.core.exceptions import ValidationError

import hourtab
from hourtab.lib.forms import DayField
from hourtab.sharing.services import share
from tests.builders import NOW, a_retainer

OUTSIDE = ("0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31")


@pytest.fixture
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def every_form() -> set[type[forms.BaseForm]]:
    found = set()
    for module in pkgutil.walk_packages(hourtab.__path__, "hourtab."):
        if "form" in module.name:
            found |= {
                form
                for _, form in inspect.getmembers(import_module(module.name), inspect.isclass)
                if issubclass(form, forms.BaseForm) and form.__module__.startswith("hourtab.")
            }
    return found


def test_every_date_of_every_form_has_bounds() -> None:
    days = {
        (form.__name__, name): field
        for form in every_form()
        for name, field in form.base_fields.items()
        if isinstance(field, forms.DateField | forms.DateTimeField)
    }
    assert len(days) > 12
    assert [key for key, field in days.items() if not isinstance(field, DayField)] == []
    for field in days.values():
        for day in OUTSIDE:
            with pytest.raises(ValidationError, match="must lie between 1900-01-01 and 2999-12-31"):
                field.clean(day)


@pytest.mark.parametrize("day", ["1900-01-01", "2027-06-22", "2999-12-31"])
def test_the_bounds_belong_to_it(day) -> None:
    assert DayField().clean(day) == date.fromisoformat(day)


@pytest.mark.django_db
@pytest.mark.parametrize("day", OUTSIDE)
def test_a_day_that_no_calendar_of_ours_holds_is_answered_with_a_sentence(
    today, ada, northlight, day
) -> None:
    retainer = a_retainer(northlight)
    link = share([retainer], by=None)
    ask = {
        "kind": "extra",
        "amount": "5",
        "reason": "More",
        "rate": "90",
        "starts_on": "2027-06-22",
        "ends_on": "2027-06-30",
        "decide_on": "2027-06-25",
        "new_name": "Carl",
        "new_email": "carl@acme.example",
    }
    asked = f"/retainers/{retainer.ref}/requests/ask"
    posts = [(asked, ask | {name: day}) for name in ("starts_on", "ends_on", "decide_on")] + [
        (f"/links/{link.pk}/change", {"expires_on": day}),
        (f"/retainers/{retainer.ref}/end", {"ends_on": day}),
        (f"/retainers/{retainer.ref}/top-up", {"amount": "5", "kind": "topup", "on": day}),
        (f"/retainers/{retainer.ref}/top-up", {"amount": "5", "on": "2027-06-01", "until": day}),
    ]
    for path, fields in posts:
        answer = ada.post(path, fields)
        assert answer.status_code in (200, 422), path
        assert "must lie between" in answer.content.decode(), (path, fields)
