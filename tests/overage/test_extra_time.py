"""Extra time: what becomes of it, and what the client sees of it."""

from datetime import timedelta

import pytest
import time_machine

from hourtab.core.amounts import HOUR
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Write
from hourtab.ledger.reading.verify import findings
from tests.builders import NOW, log
from tests.overage.pages import cycle_of, decide, said

pytestmark = pytest.mark.django_db


def test_what_was_worked_before_the_decision_is_covered_by_it(carl, ask, retainer) -> None:
    request = ask()
    log(retainer, "2027-06-22", "5h")
    assert cycle_of(retainer).awaiting == 3 * HOUR
    # Fewer hours than what is worked already: the rest goes on waiting, charged to nobody.
    decide(carl, request, amount="2")
    cycle = cycle_of(retainer)
    assert (cycle.authorised, cycle.awaiting) == (2 * HOUR, HOUR)


def test_overage_is_made_project_work_line_by_line(ada, retainer) -> None:
    entry = log(retainer, "2027-06-21", "5h", "Office move")
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        path = f"/retainers/{retainer.ref}/cycles/2027-06-01/convert"
        assert "21 June · 5 h · Office move" in said(ada.get(path))
        ada.post(path, {"lines": [entry.pk], "reason": "Agreed as a project"})
    assert entry.revisions.order_by("number").last().scope == "project"
    cycle = cycle_of(retainer)
    assert (cycle.used, cycle.awaiting) == (18 * HOUR, 0)
    assert Write.objects.latest("number").reason == "Agreed as a project"
    assert findings(retainer, NOW) == []


def test_what_is_absorbed_is_shown_as_value_given(ada, carl, retainer, link) -> None:
    log(retainer, "2027-06-21", "5h")
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        path = f"/retainers/{retainer.ref}/cycles/2027-06-01/decide"
        assert "This field is required" in said(
            ada.post(path, {"amount": "3", "outcome": "absorb"})
        )
        ada.post(path, {"amount": "3", "outcome": "absorb", "reason": "Our own slip"})
        assert "Given at no charge 3 h, worth €600.00" in said(carl.get(f"{link.path}?page=1"))


def test_the_statement_shows_what_was_decided_and_never_changes(carl, ask, retainer, link) -> None:
    from hourtab.sharing.addresses import statement_path

    request = ask()
    decide(carl, request)
    log(retainer, "2027-06-23", "7h", now=NOW + timedelta(days=1))
    later = NOW + timedelta(days=30)
    turn_the_day(later)
    path = statement_path(link, retainer.ref, 1)
    with time_machine.travel(later, tick=False):
        before = carl.get(f"{path}?as=json").content
        page = said(carl.get(path))
        pdf = carl.get(f"{path}?as=pdf")
    assert "More hours Approved on 22 June 2027. Up to 15 h beyond" in page
    assert "5 h beyond the hours, approved on 22 June, billed at €250.00 an hour." in page
    assert pdf.content.startswith(b"%PDF")
    ask(3, now=later)
    with time_machine.travel(later + timedelta(days=1), tick=False):
        assert carl.get(f"{path}?as=json").content == before


def test_a_link_shows_requests_only_where_it_says_so(carl, ask, retainer, link) -> None:
    from hourtab.sharing.services import change_link

    ask()
    with time_machine.travel(NOW, tick=False):
        assert "Go-live" in said(carl.get(f"{link.path}?page=1"))
        change_link(link, shows_descriptions=False)
        assert "Go-live" not in said(carl.get(f"{link.path}?page=1"))
        change_link(link, shows_requests=False)
        page = said(carl.get(f"{link.path}?page=1"))
    assert "15 h more" not in page
