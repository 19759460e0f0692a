"""A machine drives the database and a model beside it; after every step both must say the same."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from hourtab.accounts.services import open_workspace
from hourtab.core.amounts import HOUR, Rounding
from hourtab.core.entries import Entry, Ledger, TopUp
from hourtab.core.statement import statement
from hourtab.core.terms import Overage, Retainer, Rollover, Terms
from hourtab.ledger import queries, record, services
from hourtab.ledger.verify import findings
from hourtab.ledger.work import Work
from hourtab.retainers.models import Retainer as Row
from hourtab.retainers.services import open_retainer
from tests.machines import run_rolled_back

FIRST = date(2027, 1, 1)
DAYS = st.integers(0, 150).map(lambda n: FIRST + timedelta(days=n))
AMOUNTS = st.integers(1, 60).map(lambda n: n * 900)


class LedgerMachine(RuleBasedStateMachine):
    entries = Bundle("entries")
    withdrawn = Bundle("withdrawn")

    @initialize(
        rollover=st.none() | st.integers(0, 2),
        policy=st.sampled_from(["bill", "deduct", "absorb", "ask"]),
        step=st.sampled_from([0, 900]),
    )
    def open(self, rollover, policy, step) -> None:
        self.terms = Terms(
            FIRST, 10 * HOUR, "month", FIRST, rollover=Rollover(rollover), overage=Overage(policy), rounding=Rounding(step)
        )
        self.row = open_retainer(open_workspace("Machine"), client="Acme", name="Coaching", terms=self.terms)
        self.model: dict[int, Entry] = {}
        self.topups: list[TopUp] = []
        self.today = date(2027, 3, 10)

    @property
    def now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)

    @rule(target=entries, on=DAYS, amount=AMOUNTS, scope=st.sampled_from(["retainer", "retainer", "courtesy"]))
    def log(self, on, amount, scope):
        entry = services.log_time(self.row, Work(on, amount, scope=scope, description="x"), by=None, now=self.now)
        self.model[entry.pk] = Work(on, amount, scope=scope).as_core(entry.key)
        return entry

    @rule(entry=entries, on=DAYS, amount=AMOUNTS)
    def edit(self, entry, on, amount) -> None:
        work = record.latest_work(entry)._replace(on=on, amount=amount)
        services.edit_entry(entry, work, by=None, now=self.now)
        self.model[entry.pk] = work.as_core(entry.key)

    @rule(target=withdrawn, entry=consumes(entries))
    def withdraw(self, entry):
        services.withdraw_entry(entry, by=None, now=self.now)
        del self.model[entry.pk]
        return entry

    @rule(target=entries, entry=consumes(withdrawn))
    def restore(self, entry):
        services.restore_entry(entry, by=None, now=self.now)
        self.model[entry.pk] = record.latest_work(entry).as_core(entry.key)
        return entry

    @rule(on=DAYS, hours=st.integers(1, 5), months=st.none() | st.integers(0, 3))
    def top_up(self, on, hours, months) -> None:
        until = None if months is None else on + timedelta(days=30 * months)
        made = services.top_up(self.row, seconds=hours * HOUR, on=on, until=until, by=None, now=self.now)
        self.topups.append(TopUp(made.key, on, hours * HOUR, "topup", until))

    @rule(days=st.integers(1, 40))
    def time_passes(self, days) -> None:
        self.today += timedelta(days=days)

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "row"):
            return
        book = Ledger(Retainer(FIRST), [self.terms], list(self.model.values()), self.topups)
        row = Row.objects.get(pk=self.row.pk)
        stored = [replace(cycle, closing=None) for cycle in queries.cycles(row, self.today)]
        assert stored == [replace(cycle, closing=None) for cycle in statement(book, self.today).cycles]

    def teardown(self) -> None:
        if hasattr(self, "row"):
            assert findings(self.row, self.now) == []


@pytest.mark.django_db
def test_the_database_and_the_core_agree_whatever_happens() -> None:
    run_rolled_back(LedgerMachine, examples=15, steps=15)
