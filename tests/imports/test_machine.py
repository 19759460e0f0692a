"""A machine of imports, hand-made lines, edits and undos against a model: multisets of what should stand."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hourtab.accounts.services import open_workspace
from hourtab.imports import services
from hourtab.imports.services import Upload
from hourtab.ledger import queries, record
from hourtab.ledger import services as ledger
from hourtab.ledger.models import Entry
from hourtab.ledger.record import LedgerError
from hourtab.ledger.verify import findings
from hourtab.ledger.work import Work
from tests.builders import NOW, a_retainer, toggl
from tests.machines import run_rolled_back

ROWS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(["09:00", "13:00"]),
        st.sampled_from(["0:30", "1:00"]),
        st.sampled_from(["Call", "Notes"]),
    ),
    min_size=1,
    max_size=6,
)


class ImportMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.retainer = a_retainer(open_workspace("Machine"), "Acme")
        self.listed: Counter = Counter()
        self.by_hand: Counter = Counter()
        self.applied: list = []
        self.edited = False

    @rule(rows=ROWS)
    def bring_in(self, rows) -> None:
        lines = [f"06-{day:02d} {start} {amount} {text}" for day, start, amount, text in rows]
        done = services.apply(Upload("week.csv", toggl(*lines), {}), self.retainer, by=None, now=NOW)
        self.applied.append((done, self.listed))
        days = [day for day, *_ in rows]
        outside = Counter({row: n for row, n in self.listed.items() if not min(days) <= row[0] <= max(days)})
        self.listed = outside + Counter(rows)

    @rule(rows=ROWS)
    def bring_in_twice(self, rows) -> None:
        self.bring_in(rows)
        before = self.standing()
        self.bring_in(rows)
        assert self.applied[-1][0].counts["unchanged"] + self.applied[-1][0].counts["conflict"] == len(rows)
        assert self.standing() == before

    @rule(day=st.integers(1, 6))
    def log_by_hand(self, day) -> None:
        ledger.log_time(self.retainer, Work(date(2027, 6, day), 900, description="By hand"), by=None, now=NOW)
        self.by_hand[day] += 1

    @precondition(lambda self: self.applied)
    @rule()
    def undo_the_last(self) -> None:
        done, before = self.applied.pop()
        try:
            services.undo(done, by=None, now=NOW)
        except LedgerError:
            assert self.edited
            self.applied.append((done, before))
        else:
            self.listed = before

    @precondition(lambda self: not self.edited)
    @rule(amount=st.sampled_from([60, 7200]))
    def edit_a_line(self, amount) -> None:
        entry = Entry.objects.filter(retainer=self.retainer, source__isnull=False, is_withdrawn=False).order_by("pk").first()
        if entry:
            ledger.edit_entry(entry, replace(record.latest_work(entry), amount=amount), by=None, now=NOW)
            self.edited = True

    def standing(self) -> list:
        rows = queries.latest(self.retainer).values_list("entry__key", "on", "amount", "started", "description")
        return sorted(rows, key=str)

    @invariant()
    def what_should_stand_stands(self) -> None:
        if not hasattr(self, "retainer") or self.edited:
            return
        stands: Counter = Counter()
        hand: Counter = Counter()
        for _, on, amount, started, text in self.standing():
            if text == "By hand":
                hand[on.day] += 1
            else:
                stands[(on.day, f"{started:%H:%M}", f"{amount // 3600}:{amount // 60 % 60:02d}", text)] += 1
        assert (stands, hand) == (self.listed, self.by_hand)

    def teardown(self) -> None:
        if hasattr(self, "retainer"):
            assert findings(self.retainer, NOW) == []


@pytest.mark.django_db
def test_whatever_is_brought_in_edited_and_taken_back_the_right_lines_stand() -> None:
    run_rolled_back(ImportMachine, examples=25, steps=12)
