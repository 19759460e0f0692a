"""Somebody new who decides becomes a contact, and the audit says who made them one."""

import pytest
import time_machine

from hourtab.accounts.models import Event
from hourtab.clients.models import Contact
from hourtab.overage.models import Request
from tests.builders import NOW, a_retainer

pytestmark = pytest.mark.django_db
ASK = {
    "kind": "extra",
    "amount": "5",
    "reason": "More",
    "rate": "90",
    "starts_on": "2027-06-22",
    "ends_on": "2027-06-30",
    "decide_on": "2027-06-25",
    "new_name": "Carl",
    "new_email": "Carl@acme.example",
}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def test_somebody_new_becomes_a_contact_with_an_event(ben, northlight) -> None:
    retainer = a_retainer(northlight)
    ben.post(f"/retainers/{retainer.ref}/requests/ask", ASK)
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.role) == ("Carl", "carl@acme.example", "approver")
    event = Event.objects.get(kind="contact")
    assert (event.who, event.about) == ("Ben", "Acme · Carl")
    assert event.changes["email"] == [None, "carl@acme.example"]
    assert Request.objects.get().approvers.get().contact == contact


def test_a_request_that_is_refused_leaves_neither_contact_nor_event(ben, northlight) -> None:
    retainer = a_retainer(northlight)
    late = ASK | {"decide_on": "2027-12-31"}
    page = ben.post(f"/retainers/{retainer.ref}/requests/ask", late)
    assert "within the next 90 days" in page.content.decode()
    assert not Contact.objects.exists()
    assert not Event.objects.filter(kind="contact").exists()


def test_an_approver_who_is_known_is_asked_and_not_made_twice(ben, northlight) -> None:
    retainer = a_retainer(northlight)
    known = Contact.objects.create(
        client=retainer.client, name="Carl", email="carl@acme.example", role="approver"
    )
    ben.post(f"/retainers/{retainer.ref}/requests/ask", ASK)
    assert Request.objects.get().approvers.get().contact == known
    assert Contact.objects.count() == 1
    assert not Event.objects.filter(kind="contact").exists()
