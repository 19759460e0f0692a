"""A machine of imports, hand-made lines, edits, withdrawals and undos against a model of what each
line should say.

Two retainers are fed from one source. The model knows no database: rows of the source are compared
as multisets, and what was done here stays.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hourtab.accounts.services import open_workspace
from hourtab.imports import verbs
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import log as ledger
from hourtab.ledger.writing import record
from tests.builders import NOW, a_retainer, toggl
from tests.machines import run_rolled_back

CLIENTS = ("Acme", "Beta")
ROWS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(["09:00", "13:00"]),
        st.sampled_from(["0:30", "1:00"]),
        st.sampled_from(["Call", "Notes"]),
        st.sampled_from([*CLIENTS, "Rival"]),
    ),
    min_size=1,
    max_size=7,
)
type Row = tuple[int, str, str, str, str]


@dataclass(frozen=True)
class Brought:
    """An import that stands: what the source listed of each client before it."""

    done: object
    listed: Counter
    edits: int


class ImportMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.workspace = open_workspace("Machine")
        self.retainers = {client: a_retainer(self.workspace, client) for client in CLIENTS}
        self.listed: Counter = Counter()
        self.by_hand: Counter = Counter()
        self.applied: list[Brought] = []
        self.edits = 0

    @rule(rows=ROWS, only_add=st.booleans())
    def bring_in(self, rows: list[Row], only_add: bool) -> None:
        lines = [
            f"06-{day:02d} {start} {amount} {text} | {client}"
            for day, start, amount, text, client in rows
        ]
        answers = {"only_add": "yes"} if only_add else {}
        done = verbs.apply(
            Upload("week.csv", toggl(*lines), answers), self.workspace, by=None, now=NOW
        )
        self.applied.append(Brought(done, self.listed, self.edits))
        days = [row[0] for row in rows]
        ours = Counter(row for row in rows if row[4] in CLIENTS)
        named = {row[4] for row in ours}
        inside = Counter(
            {
                row: n
                for row, n in self.listed.items()
                if min(days) <= row[0] <= max(days) and row[4] in named
            }
        )
        self.listed = self.listed - inside + ((inside | ours) if only_add else ours)

    @rule(rows=ROWS)
    def bring_in_twice(self, rows: list[Row]) -> None:
        self.bring_in(rows, only_add=False)
        before = self.standing()
        self.bring_in(rows, only_add=False)
        counts = self.applied[-1].done.counts
        assert counts["unchanged"] + counts["not_for_this_retainer"] == len(rows)
        assert self.standing() == before

    @rule(day=st.integers(1, 6), client=st.sampled_from(CLIENTS))
    def log_by_hand(self, day: int, client: str) -> None:
        ledger.log_time(
            self.retainers[client],
            Work(date(2027, 6, day), 900, description="By hand"),
            by=None,
            now=NOW,
        )
        self.by_hand[day, client] += 1

    @precondition(lambda self: self.applied)
    @rule()
    def undo_the_last(self) -> None:
        last = self.applied.pop()
        try:
            verbs.undo(last.done, by=None, now=NOW)
        except LedgerError:
            assert self.edits > last.edits
            self.applied.append(last)
        else:
            self.listed = last.listed

    @precondition(lambda self: len(self.applied) > 1)
    @rule()
    def undo_one_before_is_refused_or_leaves_the_rest(self) -> None:
        before = self.standing()
        try:
            verbs.undo(self.applied[-2].done, by=None, now=NOW)
        except LedgerError:
            assert self.standing() == before
        else:
            self.edits += (
                1  # From here on the model does not say what stands; the record must still add up.
            )
            self.applied.clear()

    @rule(amount=st.sampled_from([60, 7200]), withdraws=st.booleans())
    def edit_or_withdraw_a_line(self, amount: int, withdraws: bool) -> None:
        entry = (
            Entry.objects.filter(
                retainer__in=self.retainers.values(), source__isnull=False, is_withdrawn=False
            )
            .order_by("pk")
            .first()
        )
        if entry is None:
            return
        if withdraws:
            ledger.withdraw_entry(entry, by=None, now=NOW)
        else:
            ledger.edit_entry(
                entry, record.latest_work(entry)._replace(amount=amount), by=None, now=NOW
            )
        self.edits += 1

    def standing(self) -> list:
        found = []
        for client, retainer in self.retainers.items():
            rows = entries.latest(retainer).values_list(
                "entry__key", "on", "amount", "started", "description"
            )
            found += [(client, *row) for row in rows]
        return sorted(found, key=str)

    @invariant()
    def what_should_stand_stands(self) -> None:
        if not hasattr(self, "retainers"):
            return
        stands: Counter = Counter()
        hand: Counter = Counter()
        for client, _key, on, amount, started, text in self.standing():
            if text == "By hand":
                hand[on.day, client] += 1
            else:
                stands[
                    on.day,
                    f"{started:%H:%M}",
                    f"{amount // 3600}:{amount // 60 % 60:02d}",
                    text,
                    client,
                ] += 1
        assert hand == self.by_hand, "lines logged by hand are never touched"
        if not self.edits:
            assert stands == self.listed

    def teardown(self) -> None:
        for retainer in getattr(self, "retainers", {}).values():
            assert findings(retainer, NOW) == []


@pytest.mark.django_db
def test_whatever_is_brought_in_edited_and_taken_back_the_right_lines_stand() -> None:
    run_rolled_back(ImportMachine, examples=30, steps=12)
