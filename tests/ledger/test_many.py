"""Today asks as often for many retainers as for few, and says what each one's own page says. Some
seconds.
"""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.core.amounts import HOUR
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Cycle
from hourtab.ledger.reading.cycles import current_cycle
from hourtab.ledger.reading.many import current_cycles
from hourtab.ledger.verbs.agree import end_retainer, pause
from hourtab.ledger.verbs.log import top_up
from hourtab.ledger.verbs.plan import plan_work
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer, log
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)
MOST = 25


def a_life(workspace, number: int) -> Retainer:
    """A retainer of some months, each a little different: late work, added and planned hours, a
    pause, an end, closed and unclosed cycles.
    """
    more = {"rollover": number % 3, "policy": ("ask", "deduct", "bill")[number % 3]}
    row = a_retainer(workspace, f"Client {number}", starts="2027-02-10", hours=4, **more)
    for day in ("2027-02-12", "2027-04-20", "2027-06-11"):
        log(row, day, f"{1 + number % 7}h")
    top_up(row, seconds=HOUR, on=NOW.date(), by=None, now=NOW, until=NOW.date())
    days = {"starts_on": NOW.date() + timedelta(days=2), "ends_on": NOW.date() + timedelta(days=3)}
    plan_work(row, text="Review", amount=HOUR, by=None, now=NOW, **days)
    if number % 4 == 1:
        pause(row, row.calendar().cycle_of(NOW.date()).ends_before, by=None, now=NOW)
    if number % 4 == 2:
        end_retainer(row, NOW.date() + timedelta(days=60), by=None, now=NOW)
    return row


def asked(now, rows: list[Retainer]) -> tuple[int, dict]:
    with CaptureQueriesContext(connection) as seen:
        found = current_cycles(rows, now)
    return len(seen), dict(found)


@pytest.mark.parametrize("now", [NOW, TOMORROW, NOW + timedelta(days=40)])
def test_many_say_what_each_says_alone(northlight, now) -> None:
    rows = [a_life(northlight, n) for n in range(8)]
    rows.append(a_retainer(northlight, "Not yet", starts="2028-01-01"))
    Cycle.objects.filter(retainer=rows[3], index=2).delete()
    fresh = list(Retainer.objects.order_by("pk"))
    alone = {row.pk: current_cycle(row, row.today(now)) for row in fresh}
    assert asked(now, fresh)[1] == alone


def test_a_morning_before_the_worker_was_there_asks_no_more_for_many_than_for_few(
    ada, northlight
) -> None:
    def a_month(number: int) -> None:
        row = a_retainer(northlight, f"Client {number}")
        log(row, "2027-06-11", "3h")
        top_up(row, seconds=HOUR, on=NOW.date(), by=None, now=NOW)

    for n in range(2):
        a_month(n)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert "All retainers" in ada.get("/").content.decode()
        return len(seen)

    with time_machine.travel(TOMORROW, tick=False):
        sign_in(ada, ada.member.user)
        few = queries()
    for n in range(2, 10):
        a_month(n)
    with time_machine.travel(TOMORROW, tick=False):
        assert queries() == few <= MOST
        turn_the_day(TOMORROW)
        assert queries() < few
