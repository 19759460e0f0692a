"""What was agreed changes in any order, beside everything else: what the ledger takes it can hand
out, and whoever has only the document reads it back.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from hourtab.core.amounts import HOUR, Rounding
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.line import Work
from hourtab.ledger.models import Write
from hourtab.ledger.verbs import agree as agreement
from hourtab.ledger.verbs import approve as approvals
from hourtab.ledger.verbs import log as services
from hourtab.ledger.verbs import plan as holds
from hourtab.retainers.models import Retainer as Row
from tests.ledger.test_machine import StatementMachine
from tests.machines import run_rolled_back

FAR = st.sampled_from(
    [date.min, date(1899, 12, 31), date(2027, 3, 3), date(2999, 12, 31), date(3000, 1, 1), date.max]
)


class AgreementMachine(StatementMachine):
    """Beside all that, what was agreed changes: hours of a cycle, terms, pauses, plans, the end. The
    ledger may refuse; what it takes it can hand out and read back.
    """

    def do(self, verb: Callable[[], object]) -> None:
        try:
            verb()
        except LedgerError as refused:
            assert str(refused)

    @property
    def fresh(self) -> Row:
        return Row.objects.get(pk=self.row.pk)

    @rule(hours=st.integers(0, 30), is_prorated=st.booleans(), days=st.integers(0, 40))
    def change_cap(self, hours, is_prorated, days) -> None:
        self.do(
            lambda: agreement.change_cap_now(
                self.row,
                hours * HOUR,
                on=self.today + timedelta(days=days),
                is_prorated=is_prorated,
                by=None,
                now=self.now,
            )
        )

    @rule(
        data=st.data(),
        cadence=st.sampled_from(["month", "week", "quarter", "once"]),
        day=st.integers(1, 28),
        rounding=st.sampled_from([0, 900]),
    )
    def change_terms(self, data, cadence, day, rounding) -> None:
        if coming := agreement.coming_starts(self.fresh, self.today, 4):
            start = data.draw(st.sampled_from([cycle.starts_on for cycle in coming]))
            terms = replace(
                self.fresh.versions()[0],
                effective_on=start,
                cadence=cadence,
                anchor_on=date(start.year, start.month, day),
                rounding=Rounding(rounding),
            )
            self.do(lambda: agreement.change_terms(self.row, terms, by=None, now=self.now))

    @rule()
    def withdraw_terms(self) -> None:
        latest = self.fresh.versions()[-1].effective_on
        self.do(lambda: agreement.withdraw_terms(self.row, latest, by=None, now=self.now))

    @rule(data=st.data(), lift=st.booleans())
    def pause(self, data, lift) -> None:
        if coming := agreement.coming_starts(self.fresh, self.today, 4):
            start = data.draw(st.sampled_from([cycle.starts_on for cycle in coming]))
            self.do(lambda: agreement.pause(self.row, start, lift=lift, by=None, now=self.now))

    @rule(days=st.none() | st.integers(-40, 80))
    def end(self, days) -> None:
        ends_on = None if days is None else self.today + timedelta(days=days)
        self.do(lambda: agreement.end_retainer(self.row, ends_on, by=None, now=self.now))

    @rule(until=FAR, amount=st.integers(1, 5))
    def top_up_until(self, until, amount) -> None:
        self.do(
            lambda: services.top_up(
                self.row, seconds=amount * HOUR, on=self.today, until=until, by=None, now=self.now
            )
        )

    @rule(starts_on=FAR, ends_on=FAR)
    def approve_for(self, starts_on, ends_on) -> None:
        self.do(
            lambda: approvals.authorise(
                self.row,
                key=f"q{Write.objects.count()}",
                amount=HOUR,
                rate=9000,
                starts_on=starts_on,
                ends_on=ends_on,
                approved_by="Carl",
                by=None,
                now=self.now,
            )
        )

    @rule(starts_on=FAR, ends_on=FAR)
    def plan_for(self, starts_on, ends_on) -> None:
        days = {"starts_on": starts_on, "ends_on": ends_on}
        self.do(
            lambda: holds.plan_work(
                self.row, text="Far", amount=HOUR, by=None, now=self.now, **days
            )
        )

    @rule(on=FAR, began=st.sampled_from([None, time(9, 30), time(9, 30, 0, 500_000)]))
    def log_at(self, on, began) -> None:
        work = Work(on, 900, began, description="x")
        self.do(lambda: services.log_time(self.row, work, by=None, now=self.now))


@pytest.mark.django_db
def test_whatever_is_agreed_the_document_that_is_written_is_read_back() -> None:
    run_rolled_back(AgreementMachine, examples=15, steps=15)
