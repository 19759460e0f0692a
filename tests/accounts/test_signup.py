import pytest
from django.conf import settings

from hourtab.accounts.models import Member, User, Workspace

pytestmark = pytest.mark.django_db

FIELDS = {
    "email": "Dora@Example.org",
    "password1": "a long enough one",
    "workspace": "Dora Advises",
    "zone": "Europe/Berlin",
    "locale": "de-DE",
    "currency": "EUR",
    "hour_format": "hm",
}


def test_signing_up_makes_a_workspace_with_its_owner(carl) -> None:
    answer = carl.post("/accounts/signup/", FIELDS)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    member = Member.objects.get()
    assert (member.role, member.user.email, member.workspace.name, member.workspace.zone) == (
        "owner",
        "dora@example.org",
        "Dora Advises",
        "Europe/Berlin",
    )
    assert User.objects.get().password.startswith("argon2")
    assert b"There is no retainer yet" in carl.get("/").content


def test_a_second_sign_up_with_the_same_address_makes_nothing(carl, db) -> None:
    from django.test import Client

    carl.post("/accounts/signup/", FIELDS)
    again = Client(headers={"host": "localhost"}).post(
        "/accounts/signup/", FIELDS | {"email": "dora@EXAMPLE.org"}
    )
    assert b"already" in again.content
    assert (User.objects.count(), Workspace.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"zone": "Mars/Olympus"}, b"not one of the available choices"),
        ({"password1": "short"}, b"too short"),
        ({"password1": "password123"}, b"too common"),
        ({"email": "nonsense"}, b"valid email"),
        ({"workspace": ""}, b"required"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_stored(carl, change, sentence) -> None:
    answer = carl.post("/accounts/signup/", FIELDS | change)
    assert answer.status_code == 200
    assert sentence in answer.content
    assert b"errorlist" in answer.content
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


def test_signing_in_by_password_and_out_again(carl, ada) -> None:
    answer = carl.post(
        "/accounts/login/", {"login": "ADA@northlight.example", "password": "correct horse battery"}
    )
    assert answer["Location"] == "/"
    assert carl.post("/accounts/logout/").status_code == 302
    assert b"Sign in" in carl.get("/").content


def test_guessing_a_password_is_slowed_down(carl, ada, db) -> None:
    for _ in range(6):
        answer = carl.post(
            "/accounts/login/", {"login": "ada@northlight.example", "password": "wrong guess here"}
        )
    assert b"Too many failed" in answer.content
    answer = carl.post(
        "/accounts/login/", {"login": "ada@northlight.example", "password": "correct horse battery"}
    )
    assert answer.status_code == 200


def test_a_sign_in_never_leads_to_another_site(carl, ada) -> None:
    answer = carl.post(
        "/accounts/login/?next=https://evil.example/",
        {"login": "ada@northlight.example", "password": "correct horse battery"},
    )
    assert answer["Location"] == "/"


def test_the_settings_say_where_mail_goes_without_a_server(ada) -> None:
    assert str(settings.MAIL_DIR).encode() in ada.get("/settings").content


def test_a_zone_that_does_not_exist_is_refused_in_the_settings(ada) -> None:
    answer = ada.post(
        "/settings",
        {"name": "X", "zone": "Nowhere", "locale": "en-GB", "currency": "EUR", "hour_format": "hm"},
    )
    assert b"not one of the available choices" in answer.content
    assert Workspace.objects.get().name == "Northlight"


def test_a_forged_form_is_refused_in_our_own_words(ada) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    answer = browser.post("/accounts/login/", {"login": "x", "password": "y"})
    assert answer.status_code == 403
    assert b"This form is too old" in answer.content
