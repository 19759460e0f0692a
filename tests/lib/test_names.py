"""A name is one line that can be seen, wherever it is typed."""

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from hourtab.accounts.models import Workspace
from hourtab.clients.models import Client, Contact
from hourtab.lib.text import named
from hourtab.retainers.models import Retainer
from hourtab.retainers.services import open_retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from tests.accounts.test_settings import FORM
from tests.builders import NOW, a_retainer
from tests.retainers.test_pages import OPEN

UNSEEN = ("\u200b", "\u200d", "\u00ad", "\u202e", "\u3164", "\u115f", "\u2800", "\ufeff", "\n\t")


@pytest.fixture
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize("letter", UNSEEN)
def test_what_nobody_sees_is_no_name(letter) -> None:
    assert named(letter * 2) == ""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Cl\nX", "Cl X"),
        ("Cl\rATTACH:x", "Cl ATTACH:x"),
        (" A \x00\x1f\x85\u2028 B ", "A B"),
        ("evil\u202etxt", "eviltxt"),
        ("Müller & Söhne", "Müller & Söhne"),
        ("山田商店", "山田商店"),
        ("👩\u200d💻 Studio", "👩\u200d💻 Studio"),
        ("م\u200cن", "م\u200cن"),
    ],
)
def test_a_name_is_one_line_and_keeps_its_letters(typed, name) -> None:
    assert named(typed) == name


@given(st.text())
def test_a_name_stays_as_it_is(text) -> None:
    assert named(named(text)) == named(text)
    assert "\n" not in named(text)
    assert named(text) == named(text).strip()


@pytest.mark.django_db
def test_names_are_cleaned_or_refused_in_every_form(today, ada, northlight) -> None:
    retainer = a_retainer(northlight)
    client, link = retainer.client, share([retainer], by=None)
    ada.post(f"/clients/{client.pk}/rename", {"name": "Cl\nX"})
    assert Client.objects.get().name == "Cl X"
    ada.post(f"/clients/{client.pk}/contacts/add", {"name": "Ca\nrl", "role": "sponsor"})
    assert Contact.objects.get().name == "Ca rl"
    ada.post(f"/links/{link.pk}/change", {"label": "For\x0bthe CFO"})
    assert ShareLink.objects.get().label == "For the CFO"
    ada.post(
        "/retainers/open",
        OPEN | {"client": "Bri\ngde", "name": "ER\nP", "categories": "Call\n, \u200b,Mail"},
    )
    opened = Retainer.objects.exclude(pk=retainer.pk).get()
    assert (opened.client.name, opened.name) == ("Bri gde", "ER P")
    assert [category.name for category in opened.categories.all()] == ["Call", "Mail"]
    for path, fields in (
        (f"/clients/{client.pk}/rename", {"name": "\u3164"}),
        (f"/clients/{client.pk}/contacts/add", {"name": "\u200b", "role": "sponsor"}),
        ("/retainers/open", OPEN | {"client": "\u2800"}),
        ("/retainers/open", OPEN | {"name": "\u00ad"}),
        ("/settings", FORM | {"name": "\u202e"}),
    ):
        assert "This field is required." in ada.post(path, fields).content.decode(), path


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["name", "sender_name"])
def test_what_mails_begin_with_holds_no_address(today, ada, northlight, field) -> None:
    answer = ada.post("/settings", FORM | {field: "WIN a prize: http://evil.example/x"})
    assert answer.status_code == 422
    assert "A name holds no address of a page." in answer.content.decode()
    assert Workspace.objects.get().name == "Northlight"


@pytest.mark.django_db
def test_a_retainer_opened_by_a_command_has_clean_names_too(northlight) -> None:
    terms = a_retainer(northlight).versions()[0]
    opened = open_retainer(northlight, client="Cl\nX", name="ER\nP", terms=terms)
    assert (opened.client.name, opened.name) == ("Cl X", "ER P")
