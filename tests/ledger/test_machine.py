"""A machine drives the database and a model beside it; after every step both must say the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from hourtab.accounts.services import open_workspace
from hourtab.core.amounts import HOUR, Rounding
from hourtab.core.document import public, read, write
from hourtab.core.entries import Entry, Ledger, TopUp
from hourtab.core.statement import statement
from hourtab.core.terms import Overage, Retainer, Rollover, Terms
from hourtab.ledger import jobs
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry as Line
from hourtab.ledger.models import Hold, Statement, Write
from hourtab.ledger.reading import closed
from hourtab.ledger.reading.cycles import current_cycle, cycles_of
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.reading.statements import statements_of
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import approve as approvals
from hourtab.ledger.verbs import close as statements
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs import log as services
from hourtab.ledger.verbs import plan as holds
from hourtab.ledger.writing import record
from hourtab.retainers.models import Retainer as Row
from hourtab.retainers.services import open_retainer
from hourtab.sharing.services import share
from hourtab.showing.document import balance_document
from hourtab.showing.parts import Part
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
            FIRST,
            10 * HOUR,
            "month",
            FIRST,
            rollover=Rollover(rollover),
            overage=Overage(policy),
            rounding=Rounding(step),
            grace_days=1000,
        )
        self.row = open_retainer(
            open_workspace("Machine"), client="Acme", name="Coaching", terms=self.terms
        )
        self.model: dict[int, Entry] = {}
        self.topups: list[TopUp] = []
        self.today = date(2027, 3, 10)

    @property
    def now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)

    @rule(
        target=entries,
        on=DAYS,
        amount=AMOUNTS,
        scope=st.sampled_from(["retainer", "retainer", "courtesy"]),
    )
    def log(self, on, amount, scope):
        entry = services.log_time(
            self.row, Work(on, amount, scope=scope, description="x"), by=None, now=self.now
        )
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
        made = services.top_up(
            self.row, seconds=hours * HOUR, on=on, until=until, by=None, now=self.now
        )
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
        stored = [replace(cycle, closing=None) for cycle in cycles_of(row, self.today)]
        assert stored == [
            replace(cycle, closing=None) for cycle in statement(book, self.today).cycles
        ]

    @invariant()
    def what_is_written_is_read_back(self) -> None:
        if hasattr(self, "row"):
            is_read_back(Row.objects.get(pk=self.row.pk), self.today)

    def teardown(self) -> None:
        if hasattr(self, "row"):
            assert findings(self.row, self.now) == []


def is_read_back(row: Row, today: date) -> read.Document:
    """The ledger document as it is handed out is read by whoever has only the document."""
    return read.from_text(json.dumps(ledger_document(row, today), ensure_ascii=False).encode())


@pytest.mark.django_db
def test_the_database_and_the_core_agree_whatever_happens() -> None:
    run_rolled_back(LedgerMachine, examples=15, steps=15)


class StatementMachine(RuleBasedStateMachine):
    """Late work, corrections, decisions, closes and reopenings in any order: the record stays
    whole, statements stay put.
    """

    @initialize(
        rollover=st.none() | st.integers(0, 2),
        policy=st.sampled_from(["bill", "deduct", "absorb", "ask", "ask"]),
        step=st.sampled_from([0, 900]),
    )
    def open(self, rollover, policy, step) -> None:
        terms = Terms(
            FIRST,
            10 * HOUR,
            "month",
            FIRST,
            rollover=Rollover(rollover),
            overage=Overage(policy),
            rounding=Rounding(step),
        )
        self.row = open_retainer(
            open_workspace("Machine"), client="Acme", name="Coaching", terms=terms
        )
        self.today = date(2027, 2, 5)
        self.frozen: dict[int, object] = {}
        self.lines: list[int] = []
        self.link = share([self.row], by=None)

    @property
    def now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)

    def do(self, verb: Callable[[], object]) -> None:
        """Do what is never refused here."""
        verb()

    @rule(
        days=st.integers(0, 70),
        amount=st.integers(1, 40).map(lambda n: n * 900),
        scope=st.sampled_from(["retainer", "courtesy"]),
        category=st.sampled_from(["", "Design", "Advice"]),
    )
    def log(self, days, amount, scope, category) -> None:
        on = max(FIRST, self.today - timedelta(days=days))
        work = Work(on, amount, scope=scope, category=category, description="x")
        self.do(
            lambda: self.lines.append(services.log_time(self.row, work, by=None, now=self.now).pk)
        )

    @rule(days=st.integers(0, 20), length=st.integers(0, 9), hours=st.integers(1, 8))
    def plan(self, days, length, hours) -> None:
        starts_on = self.today + timedelta(days=days)
        ends_on = starts_on + timedelta(days=length)
        if cycle := Row.objects.get(pk=self.row.pk).calendar().cycle_of(starts_on):
            ends_on = min(cycle.ends_on, ends_on)
        stretch = {"starts_on": starts_on, "ends_on": ends_on}
        self.do(
            lambda: holds.plan_work(
                self.row, text="Plan", amount=hours * HOUR, by=None, now=self.now, **stretch
            )
        )

    @rule()
    def clear(self) -> None:
        if hold := Hold.objects.order_by("pk").last():
            holds.clear_hold(hold, by=None, now=self.now)

    @rule(
        data=st.data(),
        amount=st.integers(0, 40).map(lambda n: n * 900),
        text=st.sampled_from(["x", "y"]),
    )
    def edit(self, data, amount, text) -> None:
        if self.lines:
            entry = Line.objects.get(pk=data.draw(st.sampled_from(self.lines)))
            work = corrections.standing_work(entry)._replace(
                amount=amount, description=text, is_withdrawn=False
            )
            self.do(
                lambda: services.edit_entry(entry, work, by=None, now=self.now, reason="Checked")
            )

    @rule(data=st.data())
    def withdraw(self, data) -> None:
        if self.lines:
            entry = Line.objects.get(pk=data.draw(st.sampled_from(self.lines)))
            if not corrections.standing_work(entry).is_withdrawn:
                self.do(lambda: services.withdraw_entry(entry, by=None, now=self.now))

    @rule(hours=st.integers(1, 5))
    def top_up(self, hours) -> None:
        self.do(
            lambda: services.top_up(
                self.row, seconds=hours * HOUR, on=self.today, by=None, now=self.now
            )
        )

    @rule(data=st.data(), outcome=st.sampled_from(["bill", "deduct", "absorb"]))
    def decide(self, data, outcome) -> None:
        cycle = current_cycle(Row.objects.get(pk=self.row.pk), self.today)
        if cycle.pending:
            day = data.draw(st.sampled_from(sorted(cycle.pending)))
            amount = data.draw(st.integers(1, cycle.pending[day]))
            # What is due closes first, and may change nothing of what awaits.
            self.do(
                lambda: services.decide(
                    self.row,
                    cycle_on=date.fromisoformat(day),
                    amount=amount,
                    outcome=outcome,
                    by=None,
                    now=self.now,
                )
            )

    @rule(
        back=st.integers(0, 70),
        length=st.integers(0, 60),
        hours=st.integers(1, 20),
        rate=st.sampled_from([0, 9000, 25000]),
    )
    def approve(self, back, length, hours, rate) -> None:
        first = max(FIRST, self.today - timedelta(days=back))
        self.do(
            lambda: approvals.authorise(
                self.row,
                key=f"q{Write.objects.count()}",
                amount=hours * HOUR,
                rate=rate,
                starts_on=first,
                ends_on=first + timedelta(days=length),
                approved_by="Carl",
                by=None,
                now=self.now,
            )
        )

    @invariant()
    def what_is_approved_is_never_exceeded(self) -> None:
        if hasattr(self, "row"):
            cycles = cycles_of(Row.objects.get(pk=self.row.pk), self.today)
            told: dict[str, int] = {}
            for cycle in cycles:
                for part in cycle.coverage:
                    told[part.source] = told.get(part.source, 0) + part.amount
            for row in self.row.authorisations.all():
                assert told.get(f"authorisation:{row.key}", 0) <= row.amount

    @rule()
    def close_by_hand(self) -> None:
        ended = [
            cycle
            for cycle in closed.unclosed(Row.objects.get(pk=self.row.pk), self.today)
            if cycle.ends_before <= self.today
        ]
        if ended:
            first = ended[0].starts_on
            self.do(lambda: statements.close_cycles(self.row, first, by=None, now=self.now))

    @rule(data=st.data())
    def reopen(self, data) -> None:
        if found := statements_of(self.row):
            since = data.draw(st.sampled_from([row.starts_on for row in found]))
            self.do(
                lambda: statements.reopen_cycle(
                    self.row, since, by=None, now=self.now, reason="Agreed"
                )
            )

    @rule(days=st.integers(1, 25))
    def time_passes(self, days) -> None:
        self.today += timedelta(days=days)
        jobs.turn_the_day(self.now)

    @invariant()
    def statements_stay_as_they_are(self) -> None:
        if not hasattr(self, "row"):
            return
        now = {
            row.pk: (row.totals, row.lines, row.opening, row.closing, row.terms)
            for row in Statement.objects.all()
        }
        assert {pk: now[pk] for pk in self.frozen} == self.frozen
        self.frozen = now
        standing = [Statement.objects.get(pk=row.pk) for row in statements_of(self.row)]
        assert all(one.closing == two.opening for one, two in pairwise(standing))
        assert findings(Row.objects.get(pk=self.row.pk), self.now) == []

    @invariant()
    def the_document_replays_to_the_same_cycles(self) -> None:
        if hasattr(self, "row"):
            row = Row.objects.get(pk=self.row.pk)
            document = is_read_back(row, self.today)
            replayed = statement(document.ledger, document.as_of).cycles
            assert [write.cycle_json(cycle) for cycle in replayed] == [
                write.cycle_json(cycle) for cycle in cycles_of(row, self.today)
            ]

    @invariant()
    def the_page_adds_up(self) -> None:
        if hasattr(self, "row"):
            part = Part(Row.objects.get(pk=self.row.pk), self.link, self.now)
            document = balance_document(self.link, [part])
            public.check(document)
            (sheet,) = document["sheets"]
            assert (
                sum(amount for scope, _name, amount in sheet["split"] if scope == "retainer")
                == sheet["cycle"]["used"]
            )
            assert sum(hold["time"] for hold in sheet["holds"]) <= sheet["cycle"]["planned"]
            assert sum(amount for _on, amount in part.breakdown.days) == sheet["cycle"]["used"]


@pytest.mark.django_db
def test_statements_never_change_by_themselves_whatever_happens() -> None:
    run_rolled_back(StatementMachine, examples=15, steps=15)
