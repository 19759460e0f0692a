"""The texts of a line are gone for ever: from every table and every page, while figures and chain
stay.
"""

import pytest
import time_machine

from hourtab.ledger import jobs
from hourtab.ledger.models import Entry, Statement, Write
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import close as statements
from hourtab.ledger.verbs import log as services
from hourtab.ledger.verbs.erase import erase_texts
from hourtab.retainers.models import Retainer
from hourtab.sharing.services import share
from tests.archive.test_erasure import everything
from tests.builders import a_retainer, log, work
from tests.conftest import sign_in
from tests.ledger.test_statements import JANUARY, at

pytestmark = pytest.mark.django_db
CANARY = "Wilhelmina"
NOW = at("02-15")


def a_line_that_names_her(workspace) -> tuple[Retainer, Entry]:
    """A line that was changed, taken out, put back, corrected in its closed cycle and folded into a
    new version of it; each reason names her.
    """
    retainer = a_retainer(workspace, hours=10, starts="2027-01-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at("01-01"))
    log(retainer, "2027-01-04", "1h", "Another line", now=at("01-05"))
    entry = log(retainer, "2027-01-05", "2h", f"Call with {CANARY}", now=at("01-05"), person=CANARY)
    why = {"by": None, "reason": f"{CANARY} asked"}
    other = work("2027-01-05", "3h", f"Calls with {CANARY}", project=CANARY)
    services.edit_entry(entry, other, now=at("01-06"), **why)
    services.withdraw_entry(entry, now=at("01-07"), **why)
    services.restore_entry(entry, now=at("01-07"), by=None)
    jobs.turn_the_day(NOW)
    services.edit_entry(entry, other._replace(amount=7200), now=NOW, **why)
    statements.reopen_cycle(retainer, JANUARY, now=NOW, **why)
    return Retainer.objects.get(pk=retainer.pk), entry


def test_nothing_names_her_in_any_table_or_page_and_the_chain_verifies(
    northlight, ada, carl
) -> None:
    with time_machine.travel(NOW, tick=False):
        sign_in(ada, ada.member.user)
        retainer, entry = a_line_that_names_her(northlight)
        link = share([retainer], by=None, shows_people=True, shows_past=True)
        assert CANARY in everything()
        assert CANARY.encode() in carl.get(f"/r/{link.token}?all").content
        before = [cycles.totals_json(cycle) for cycle in cycles.cycles_of(retainer, NOW.date())]
        base = f"/retainers/{retainer.ref}"
        ada.post(f"{base}/entries/{entry.pk}/erase", {}, follow=True)
        assert [line for line in everything().splitlines() if CANARY in line] == []
        for path in ("/history", "/history.csv", "/ledger.json", f"/entries/{entry.pk}", "/"):
            answer = ada.get(base + path)
            assert answer.status_code == 200, path
            assert CANARY.encode() not in answer.content
        for query in ("", "?all", "?year=2027", "?as=json", "?as=csv"):
            answer = carl.get(f"/r/{link.token}{query}")
            assert answer.status_code == 200, query
            assert CANARY.encode() not in answer.content
        fresh = Retainer.objects.get(pk=retainer.pk)
        after = [cycles.totals_json(cycle) for cycle in cycles.cycles_of(fresh, NOW.date())]
        assert after == before
        assert findings(fresh, NOW) == []


def test_reasons_of_other_writes_stay(northlight) -> None:
    retainer, entry = a_line_that_names_her(northlight)
    kept = log(retainer, "2027-02-04", "1h", "Kept", now=NOW)
    services.edit_entry(kept, work("2027-02-04", "2h"), by=None, now=NOW, reason="Typing slip")
    erase_texts(entry, by=None, now=NOW, reason="Asked for")
    told = set(Write.objects.filter(retainer=retainer).values_list("reason", flat=True))
    assert told == {"", "Typing slip", "Asked for"}
    assert set(Statement.objects.values_list("reason", flat=True)) == {""}
