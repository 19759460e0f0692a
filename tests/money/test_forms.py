"""Every form that reads money reads it in the currency of the retainer, and shows it so again."""

import pytest
import time_machine

from hourtab.accounts.models import Workspace
from hourtab.clients.models import Contact
from hourtab.ledger.models import Decision
from hourtab.money.forms import MoneyField, tell_currency
from hourtab.overage.models import OverageTerms, Request
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer, log
from tests.retainers.test_pages import OPEN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def in_yen(northlight):
    Workspace.objects.filter(pk=northlight.pk).update(currency="JPY", locale="en-US")
    northlight.refresh_from_db()
    return northlight


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def test_a_field_that_was_told_no_currency_reads_nothing() -> None:
    with pytest.raises(ValueError, match="without its currency"):
        MoneyField().clean("180")


def test_the_rate_of_a_new_retainer_is_in_yen_where_the_workspace_is(ada, in_yen) -> None:
    ada.post("/retainers/open", OPEN | {"overage": "bill", "rate": "250"})
    retainer = Retainer.objects.get()
    assert retainer.terms.get().overage_rate == 250
    assert "billed at ¥250 an hour" in text_of(ada.get(f"/retainers/{retainer.ref}/terms"))
    assert 'name="rate" value="250"' in text_of(ada.get(f"/retainers/{retainer.ref}/terms/change"))
    refused = text_of(ada.post("/retainers/open", OPEN | {"rate": "250.50"}))
    assert "JPY has no decimal places" in refused


def test_the_usual_rate_is_read_in_the_currency_of_the_workspace(ada, in_yen) -> None:
    usual = {name: value for name, value in OPEN.items() if name != "client"}
    assert "no decimal places" in text_of(ada.post("/settings/terms", usual | {"rate": "2.50"}))
    assert ada.post("/settings/terms", usual | {"rate": "250"}).status_code == 302
    assert 'name="rate" value="250"' in text_of(ada.get("/retainers/open"))


def test_a_request_asks_for_yen(ada, in_yen) -> None:
    retainer = a_retainer(in_yen, rate=12_000)
    Contact.objects.create(
        client=retainer.client, name="Carl", email="carl@acme.example", role="approver"
    )
    page = text_of(ada.get(f"/retainers/{retainer.ref}/requests/ask"))
    assert 'name="rate" value="12000"' in page
    fields = {
        "kind": "extra",
        "amount": "5",
        "reason": "More",
        "rate": "9000",
        "starts_on": "2027-06-22",
        "ends_on": "2027-06-30",
        "decide_on": "2027-06-25",
        "approvers": [retainer.client.contacts.get().pk],
    }
    ada.post(f"/retainers/{retainer.ref}/requests/ask", fields)
    assert Request.objects.get().rate == 9_000
    assert "¥9,000" in text_of(ada.get(f"/retainers/{retainer.ref}/requests/1"))


def test_an_emergency_costs_yen(ada, in_yen) -> None:
    retainer = a_retainer(in_yen)
    fields = {"emergency_rate": "20000", "emergency_ceiling": "5", "emergency_hours": "24"}
    ada.post(f"/retainers/{retainer.ref}/requests/terms", fields)
    assert OverageTerms.objects.get().emergency_rate == 20_000
    assert 'name="emergency_rate" value="20000"' in text_of(
        ada.get(f"/retainers/{retainer.ref}/requests/terms")
    )


def test_a_decision_bills_yen(ada, in_yen) -> None:
    retainer = a_retainer(in_yen, hours=1, starts="2027-05-01", rate=12_000)
    log(retainer, "2027-05-03", "3h")
    page = text_of(ada.get(f"/retainers/{retainer.ref}/cycles/2027-05-01/decide"))
    assert 'name="rate" value="12000"' in page
    fields = {"amount": "2", "outcome": "bill", "rate": "250", "reason": "Agreed"}
    ada.post(f"/retainers/{retainer.ref}/cycles/2027-05-01/decide", fields)
    assert Decision.objects.get().rate == 250


def test_another_way_to_write_the_same_price_is_no_change() -> None:
    field = MoneyField()
    tell_currency(type("Form", (), {"fields": {"rate": field}})(), "EUR")
    assert not field.has_changed(18_000, "180,00")
    assert field.has_changed(18_000, "180.01")
    assert field.has_changed(18_000, "")
