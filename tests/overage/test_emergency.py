"""Emergencies: work begins at once and is asked for afterwards."""

from datetime import date, datetime, timedelta

import pytest
import time_machine

from hourtab.core.amounts import HOUR
from hourtab.overage import services
from hourtab.overage.errors import OverageError
from hourtab.overage.models import OverageTerms, Request
from hourtab.overage.today import moves_of
from tests.builders import NOW, log
from tests.mailbox import send, subject_of, text_of
from tests.overage.pages import cycle_of, decide, said

pytestmark = pytest.mark.django_db


class TestEmergency:
    """Ransomware at two hours left: work begins at once, approval is asked within a day."""

    @pytest.fixture
    def terms(self, retainer) -> OverageTerms:
        return OverageTerms.objects.create(
            retainer=retainer, emergency_rate=30000, emergency_ceiling=12 * HOUR
        )

    def begin(self, ada, retainer, now: datetime = NOW) -> Request:
        begun = now - timedelta(hours=2)
        return services.start_emergency(
            retainer, reason="Ransomware", began_at=begun, by=ada.member, now=now
        )

    def test_it_needs_an_agreement_beforehand(self, ada, retainer) -> None:
        with pytest.raises(OverageError, match="Agree on an emergency rate"):
            self.begin(ada, retainer)
        assert ada.get(f"/retainers/{retainer.ref}/requests/emergency").status_code == 302

    def test_work_begins_at_once_and_is_asked_for_afterwards(
        self, ada, carl, retainer, carl_decides, terms, link, mailbox
    ) -> None:
        row = self.begin(ada, retainer)
        log(retainer, "2027-06-22", "7h", "Servers isolated")
        cycle = cycle_of(retainer)
        assert (cycle.awaiting, cycle.billed) == (5 * HOUR, 0)
        (move,) = moves_of(retainer.workspace, NOW)[retainer.pk]
        assert (move.need, move.label) == (0, "Ask for the approval")
        assert "ask for the approval by 23 June 2027, 12:05" in move.text.replace("\u00a0", " ")
        with time_machine.travel(NOW + timedelta(hours=30), tick=False):
            ada.force_login(ada.member.user)
            path = f"/retainers/{retainer.ref}/requests/ask?draft={row.number}"
            form = {
                "reason": "Ransomware: servers isolated",
                "starts_on": "2027-06-22",
                "ends_on": "2027-06-29",
                "decide_on": "2027-06-25",
                "approvers": [carl_decides.pk],
            }
            assert "agreed beforehand, up to 12 h" in said(
                ada.post(path, form | {"amount": "13"})
            ).replace("\u00a0", " ")
            ada.post(path, form | {"amount": "10"})
        row.refresh_from_db()
        assert (row.state, row.rate, row.amount) == ("pending", 30000, 10 * HOUR)
        now = NOW + timedelta(hours=31)
        send(now)
        assert subject_of(mailbox.mails[0]).startswith("Please decide: Emergency: 10 h more")
        assert "Approval was asked 32 hours after that; 24 were agreed." in text_of(
            mailbox.mails[0]
        )
        with time_machine.travel(now, tick=False):
            page = said(carl.get(f"{link.path}?page=1"))
        assert "Emergency: 10 h more · Waiting for approval." in page
        assert (
            "In an emergency work starts at once, at €300.00 an hour, up to 12 h; approval is asked within 24 hours."
            in page
        )
        decide(carl, row, amount="10", now=now)
        assert cycle_of(retainer, now).billed_at == {30000: 5 * HOUR}
        with time_machine.travel(now, tick=False):
            page = said(carl.get(f"{link.path}?page=1"))
        assert "5 h in an emergency, approved on 23 June, billed at €300.00 an hour." in page

    def test_without_approval_nobody_is_charged(
        self, ada, carl, retainer, carl_decides, terms, ask
    ) -> None:
        row = self.begin(ada, retainer)
        log(retainer, "2027-06-22", "7h")
        wish = services.Wish(
            "extra", 10 * HOUR, date(2027, 6, 22), date(2027, 6, 29), "Ransomware", 30000
        )
        sent = services.ask(
            retainer,
            wish,
            [carl_decides],
            decide_by=NOW + timedelta(days=2),
            by=ada.member,
            now=NOW,
            draft=row,
        )
        decide(carl, sent, do="decline")
        cycle = cycle_of(retainer)
        assert (cycle.awaiting, cycle.billed, cycle.authorised) == (5 * HOUR, 0, 0)

    def test_asked_again_it_is_an_emergency_still(
        self, ada, carl, retainer, carl_decides, terms
    ) -> None:
        row = self.begin(ada, retainer)
        # What was agreed when it began holds, also where the agreement changes since.
        OverageTerms.objects.update(emergency_ceiling=HOUR, emergency_rate=1)
        wish = services.Wish(
            "extra", 10 * HOUR, date(2027, 6, 22), date(2027, 6, 29), "Ransomware", 30000
        )
        by = {"decide_by": NOW + timedelta(days=2), "by": ada.member, "now": NOW}
        sent = services.ask(retainer, wish, [carl_decides], draft=row, **by)
        decide(carl, sent, do="decline")
        again = services.ask(retainer, wish, [carl_decides], replaces=sent, **by)
        assert (again.is_emergency, again.began_at, again.ceiling) == (
            True,
            row.began_at,
            12 * HOUR,
        )
        cheaper = services.Wish(
            "extra", HOUR, date(2027, 6, 22), date(2027, 6, 29), "Ransomware", 1
        )
        with pytest.raises(OverageError, match="agreed beforehand"):
            services.ask(retainer, cheaper, [carl_decides], replaces=again, **by)

    def test_its_page_is_reached_and_left_with_a_sentence(self, ada, retainer, terms) -> None:
        with time_machine.travel(NOW, tick=False):
            ada.force_login(ada.member.user)
            path = f"/retainers/{retainer.ref}/requests/emergency"
            assert "at €300.00 an hour" in said(ada.get(path))
            answer = ada.post(path, {"reason": "Ransomware", "on": "2027-06-23", "at": "09:00"})
            assert "not in the future" in said(answer)
            answer = ada.post(
                path, {"reason": "Ransomware", "on": "2027-06-22", "at": "09:00"}, follow=True
            )
        assert "Ask for the approval within 24 hours." in said(answer)
