"""The soft limit: a request is drafted when it is reached."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.reading.verify import findings
from hourtab.outbox.models import Delivery
from hourtab.overage import services
from hourtab.overage.jobs import draft_at_soft_limits
from hourtab.overage.models import OverageTerms, Request
from hourtab.overage.today import moves_of
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, send, subject_of
from tests.overage.pages import cycle_of, decide

pytestmark = pytest.mark.django_db


class TestSoftLimit:
    def test_a_request_is_drafted_once_when_it_is_reached(self, retainer) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=95)
        assert draft_at_soft_limits(NOW) == 0
        log(retainer, "2027-06-22", "1h")
        assert draft_at_soft_limits(NOW) == 1
        assert draft_at_soft_limits(NOW) == 0
        row = Request.objects.get()
        assert (row.state, row.rate, row.drafted_for) == ("draft", 20000, date(2027, 6, 1))
        assert row.amount >= 5 * HOUR
        (move,) = moves_of(retainer.workspace, NOW)[retainer.pk]
        assert move.label == "Look at it and send it"
        services.withdraw(row, by=None, now=NOW)
        assert draft_at_soft_limits(NOW) == 0
        assert not Delivery.objects.exists()

    def test_only_what_changed_since_is_looked_at(self, retainer, northlight) -> None:
        for row in (retainer, a_retainer(northlight, "Acme"), a_retainer(northlight, "Beta")):
            OverageTerms.objects.create(retainer=row, soft_limit=95)
            log(row, "2027-06-22", "30m")
        assert draft_at_soft_limits(NOW) == 0
        with CaptureQueriesContext(connection) as asked:
            assert draft_at_soft_limits(NOW) == 0
        assert len(asked) == 2
        log(retainer, "2027-06-22", "30m")
        assert draft_at_soft_limits(NOW) == 1

    def test_a_limit_that_is_lowered_is_looked_at(self, ada, retainer) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=95)
        assert draft_at_soft_limits(NOW) == 0
        path = f"/retainers/{retainer.ref}/requests/terms"
        ada.post(path, {"soft_limit": "90", "emergency_hours": 24})
        assert draft_at_soft_limits(NOW) == 1

    def test_a_day_that_turns_is_looked_at(self, retainer) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=95)
        log(retainer, "2027-06-24", "2h")
        assert draft_at_soft_limits(NOW) == 0
        later = NOW + timedelta(days=2)
        turn_the_day(later)
        assert draft_at_soft_limits(later) == 1

    def test_nothing_is_drafted_where_more_is_asked_for_already(self, retainer, ask) -> None:
        OverageTerms.objects.create(retainer=retainer, soft_limit=50)
        ask()
        assert draft_at_soft_limits(NOW) == 0


def test_a_january_cohort_is_planned_warned_of_raised_and_reported(
    ada, northlight, link, carl, mailbox: Mailbox
) -> None:
    """Onboarding: twelve people start in January, and the usual ten hours are known beforehand not
    to be enough.
    """
    from hourtab.alerts.models import Alert
    from hourtab.alerts.watching import watch_retainers
    from hourtab.ledger.verbs.plan import plan_work
    from tests.builders import a_retainer

    def at(day: int) -> datetime:
        return datetime.fromisoformat(f"2027-01-{day:02d}T12:00:00+00:00")

    retainer = a_retainer(northlight, "Kestrel", "Training", hours=10, starts="2027-01-01")
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=at(1))
    retainer.refresh_from_db()
    OverageTerms.objects.create(retainer=retainer, soft_limit=60)
    for day in (4, 5, 6):
        log(retainer, f"2027-01-0{day}", "1h 30m", "Cohort: schedules and materials", now=at(day))
    plan_work(
        retainer,
        text="Cohort week",
        amount=8 * HOUR,
        starts_on=date(2027, 1, 18),
        ends_on=date(2027, 1, 22),
        by=None,
        now=at(6),
    )
    watch_retainers(at(6))
    assert [alert.kind for alert in Alert.objects.filter(retainer=retainer)] == ["pace"]
    log(retainer, "2027-01-07", "1h 30m", now=at(7))
    watch_retainers(at(7))
    assert draft_at_soft_limits(at(7)) == 1
    draft = Request.objects.get(retainer=retainer)
    # The pace so far until the end, and what is planned, less what there is.
    assert draft.amount >= 14 * HOUR
    hr = Contact.objects.create(
        client=retainer.client, name="HR lead", email="hr@kestrel.example", role="approver"
    )
    wish = services.Wish(
        "raise", 12 * HOUR, date(2027, 1, 7), date(2027, 1, 31), "January cohort of twelve"
    )
    sent = services.ask(
        retainer, wish, [hr], decide_by=at(9), by=ada.member, now=at(7), draft=draft
    )
    decide(carl, sent, amount="12", name="HR lead", now=at(8))
    cycle = cycle_of(retainer, at(8))
    assert (cycle.available, cycle.topped_up, cycle.remaining) == (22 * HOUR, 12 * HOUR, 16 * HOUR)
    watch_retainers(at(8))
    send(at(8))
    told = [subject_of(mail) for mail in mailbox.mails]
    assert any(text.startswith("At this pace the hours run out") for text in told)
    assert any(text.startswith("Approved: 12 h more · Kestrel") for text in told)
    log(retainer, "2027-01-08", "30m", now=at(8))
    watch_retainers(at(8))
    assert not Alert.objects.filter(retainer=retainer, kind="used", threshold=80).exists()
    assert findings(retainer, at(8)) == []
