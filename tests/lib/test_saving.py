"""A form stores what was changed in it, on the row as it stands then, and nothing else."""

import inspect
import pkgutil
from datetime import timedelta
from importlib import import_module

import pytest
from django import forms
from django.http import Http404

import hourtab
from hourtab.accounts.models import Event, Workspace
from hourtab.clients.forms import ContactForm
from hourtab.clients.models import Contact
from hourtab.lib.forms import SavesWhatChanged
from hourtab.overage.models import OverageTerms
from hourtab.retainers.models import OfficeHours
from hourtab.sharing.models import StoredPage
from hourtab.sharing.services import share
from hourtab.showing import stored as pages
from tests.accounts.test_settings import FORM
from tests.builders import NOW, a_retainer
from tests.meanwhile import meanwhile

__all__ = ["meanwhile"]
pytestmark = pytest.mark.django_db


def test_every_form_of_a_row_stores_what_was_changed_alone() -> None:
    found = set()
    for module in pkgutil.walk_packages(hourtab.__path__, "hourtab."):
        if module.name.endswith("forms"):
            found |= {
                form
                for _, form in inspect.getmembers(import_module(module.name), inspect.isclass)
                if issubclass(form, forms.ModelForm) and form.__module__.startswith("hourtab.")
            }
    assert len(found) > 5
    assert {form for form in found if not issubclass(form, SavesWhatChanged)} == set()


def test_saving_the_settings_undoes_nothing_that_happened_meanwhile(
    ada, northlight, meanwhile
) -> None:
    later = {
        "delete_after": NOW + timedelta(days=7),
        "default_terms": {"hours": "20"},
        "private_words": "merger",
        "footer": "Registered in Berlin",
    }
    meanwhile(lambda: Workspace.objects.filter(pk=northlight.pk).update(**later))
    assert ada.post("/settings", FORM | {"name": "Northlight Ltd"}).status_code == 302
    row = Workspace.objects.get(pk=northlight.pk)
    assert row.name == "Northlight Ltd"
    assert {name: getattr(row, name) for name in later} == later
    assert Event.objects.get(kind="settings").changes == {"name": ["Northlight", "Northlight Ltd"]}


def test_the_version_of_a_workspace_never_goes_back_and_no_old_page_passes_as_new(
    ada, carl, northlight, meanwhile
) -> None:
    link = share([a_retainer(northlight)], by=None)

    def others_change_it() -> None:
        for _ in range(2):
            Workspace.objects.get(pk=northlight.pk).touch()
        pages.render_and_store(link.token_digest)

    meanwhile(others_change_it)
    ada.post("/settings", FORM | {"name": "Northlight Ltd"})
    now = Workspace.objects.get(pk=northlight.pk)
    assert now.version == northlight.version + 3
    stored = StoredPage.objects.values_list("workspace_version", flat=True)
    assert set(stored) == {now.version - 1}
    assert "Northlight Ltd" in carl.get(link.path).content.decode()


def test_storing_a_row_that_was_read_earlier_leaves_its_version(northlight) -> None:
    early = Workspace.objects.get(pk=northlight.pk)
    northlight.touch()
    northlight.touch()
    early.footer = "New"
    early.save()
    row = Workspace.objects.get(pk=northlight.pk)
    assert (row.version, row.footer) == (early.version + 2, "New")
    early.save(update_fields=["footer", "version", "changed_at"])
    assert Workspace.objects.get(pk=northlight.pk).version == early.version + 2


def test_private_words_are_saved_and_nothing_else(ada, northlight, meanwhile) -> None:
    meanwhile(
        lambda: Workspace.objects.filter(pk=northlight.pk).update(name="Northlight Ltd", version=9)
    )
    ada.post("/sources/", {"private_words": "merger"})
    row = Workspace.objects.get(pk=northlight.pk)
    assert (row.name, row.version, row.private_words) == ("Northlight Ltd", 9, "merger")


def test_a_contact_keeps_what_somebody_else_changed(ada, northlight) -> None:
    client = a_retainer(northlight).client
    contact = Contact.objects.create(client=client, name="Carl", email="carl@acme.example")
    form = ContactForm(
        {"name": "Carla", "email": contact.email, "role": "sponsor"}, instance=contact
    )
    assert form.is_valid()
    Contact.objects.filter(pk=contact.pk).update(email="carla@acme.example", role="approver")
    form.save()
    row = Contact.objects.get()
    assert (row.name, row.email, row.role) == ("Carla", "carla@acme.example", "approver")


def test_a_row_that_is_gone_meanwhile_does_not_come_back(ada, northlight) -> None:
    client = a_retainer(northlight).client
    contact = Contact.objects.create(client=client, name="Carl")
    form = ContactForm({"name": "Carla", "email": "", "role": "sponsor"}, instance=contact)
    assert form.is_valid()
    Contact.objects.filter(pk=contact.pk).delete()
    with pytest.raises(Http404):
        form.save()
    assert not Contact.objects.exists()


def test_what_is_refused_shows_in_the_field_alone(ada, northlight) -> None:
    page = ada.post("/settings", FORM | {"name": "Elsewhere", "zone": "Mars/Olympus"})
    assert page.status_code == 422
    assert page.wsgi_request.workspace.name == "Northlight"


def test_the_first_agreement_of_two_at_once_is_not_lost(ada, northlight, meanwhile) -> None:
    retainer = a_retainer(northlight)
    meanwhile(lambda: OverageTerms.objects.create(retainer=retainer, emergency_hours=12))
    fields = {"soft_limit": "80", "emergency_hours": "24"}
    assert ada.post(f"/retainers/{retainer.ref}/requests/terms", fields).status_code == 302
    assert OverageTerms.objects.get().soft_limit == 80
    meanwhile(lambda: OfficeHours.objects.create(retainer=retainer, holidays="DE"))
    hours = {"days": ["0", "1"], "opens": "09:00", "closes": "17:00", "holidays": "DE"}
    assert ada.post(f"/retainers/{retainer.ref}/weights/hours", hours).status_code == 302
    assert OfficeHours.objects.get().days == "01"
