"""The laws of the ledger (§9), for any ledger Hypothesis can think of."""

import itertools
import random
from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hourtab.core import cycles
from hourtab.core.amounts import HOUR, Rounding
from hourtab.core.cycles import Calendar
from hourtab.core.document import read, states, write
from hourtab.core.entries import (
    Authorisation,
    Close,
    Decision,
    Entry,
    Hold,
    Ledger,
    TopUp,
    Transfer,
    charged_for,
)
from hourtab.core.results import Statement, paid_by
from hourtab.core.statement import carrying_cycle, statement
from hourtab.core.terms import Overage, Percent, Retainer, Rollover, Terms

FIRST = date(2027, 1, 1)
LOTS = ("base", "topup", "goodwill", "reinstated")
DAYS = st.integers(0, 500).map(lambda n: FIRST + timedelta(days=n))
CADENCES = st.sampled_from(["week", "two_weeks", "month", "quarter", "year"])
AMOUNTS = st.integers(0, 40).map(lambda n: n * 1800) | st.integers(0, 30 * HOUR)


@st.composite
def versions(draw: st.DrawFn, on: date) -> Terms:
    return Terms(
        effective_on=on,
        cap=draw(AMOUNTS),
        cadence=draw(CADENCES),
        anchor_on=draw(st.just(on) | DAYS),
        stub=draw(st.sampled_from(["full", "prorated", "none"])),
        rollover=Rollover(
            draw(st.none() | st.integers(0, 3)),
            draw(st.none() | AMOUNTS | st.integers(0, 150).map(Percent)),
        ),
        overage=Overage(
            draw(st.sampled_from(["bill", "deduct", "absorb", "ask"])),
            draw(st.none() | AMOUNTS),
            draw(st.none() | st.integers(0, 9000)),
        ),
        rounding=Rounding(
            draw(st.sampled_from([0, 360, 900])),
            draw(st.sampled_from(["up", "nearest", "down"])),
            draw(st.sampled_from([0, 900])),
        ),
    )


@st.composite
def ledgers(draw: st.DrawFn, at_least: int = 0) -> Ledger:
    """Any ledger; with `at_least`, that many closed cycles where it has so many."""
    terms = [draw(versions(on=FIRST))]
    ends_on = draw(st.none() | st.integers(20, 500).map(lambda n: FIRST + timedelta(days=n)))
    retainer = Retainer(FIRST, ends_on=ends_on)
    last = ends_on or FIRST + timedelta(days=500)
    if draw(st.booleans()):
        later = [cycle.starts_on for cycle in Calendar(retainer, terms).through(last)[1:]]
        grid = [
            day
            for day in later
            if cycles.start(
                terms[0].anchor_on,
                terms[0].cadence,
                cycles.index_of(terms[0].anchor_on, terms[0].cadence, day),
            )
            == day
        ]
        if grid:
            terms.append(draw(versions(on=draw(st.sampled_from(grid)))))
    starts = [cycle.starts_on for cycle in Calendar(retainer, terms).through(last)]
    pauses = frozenset(draw(st.lists(st.sampled_from(starts), max_size=2)))
    within = DAYS.filter(lambda day: day <= last)
    calendar = Calendar(retainer, terms, pauses)
    entry = st.builds(
        Entry,
        id=st.just(""),
        on=within,
        amount=AMOUNTS,
        started=st.none() | st.sampled_from([time(9), time(14, 30)]),
        weight=st.sampled_from([100, 100, 150, 50]),
        scope=st.sampled_from(["retainer"] * 5 + ["courtesy", "project", "internal"]),
        outcome=st.none(),
        posted=st.none(),
        corrects=st.none(),
    )
    topup = st.builds(
        TopUp,
        id=st.just(""),
        on=within,
        amount=AMOUNTS,
        kind=st.sampled_from(["topup", "goodwill"]),
        until=st.none() | st.just("never") | st.just(last),
    )
    transfer = st.builds(
        Transfer,
        id=st.just(""),
        on=within.filter(lambda on: not calendar.cycle_of(on).is_paused),
        amount=st.integers(-20, 20).map(lambda n: n * HOUR),
    )
    approval = st.tuples(within, st.integers(0, 60), AMOUNTS, st.none() | st.integers(0, 900)).map(
        lambda t: Authorisation("", t[2], t[0], t[0] + timedelta(days=t[1]), t[3])
    )
    hold = st.tuples(within, st.integers(0, 20), AMOUNTS).map(
        lambda t: Hold("", t[0], t[0] + timedelta(days=t[1]), t[2])
    )

    def several(kind: st.SearchStrategy, prefix: str, most: int) -> list:
        named = (
            (f"{prefix}{i:02d}", item) for i, item in enumerate(draw(st.lists(kind, max_size=most)))
        )
        return [
            item._replace(id=name) if isinstance(item, Entry) else replace(item, id=name)
            for name, item in named
        ]

    book = Ledger(
        retainer,
        terms,
        several(entry, "e", 25),
        several(topup, "t", 3),
        several(transfer, "x", 2),
        several(approval, "a", 2),
        pauses,
        several(hold, "h", 2),
    )
    return draw(closed(book, at_least)) if at_least or draw(st.booleans()) else book


@st.composite
def closed(draw: st.DrawFn, book: Ledger, at_least: int = 0) -> Ledger:
    """The same ledger with its first cycles closed, late entries, corrections and decisions."""
    last = book.retainer.ends_on or FIRST + timedelta(days=500)
    calendar = Calendar(book.retainer, book.terms, book.pauses)
    every = calendar.through(last)
    closes, day = [], FIRST
    most = min(6, len(every) - 1)
    for cycle in every[: draw(st.integers(min(at_least, most), most))]:
        day = max(day, cycle.ends_before + timedelta(days=draw(st.integers(0, 20))))
        closes.append(Close(cycle.starts_on, day))
    later = {
        cycle.index: every[cycle.index + 1 : len(closes) + 1] for cycle in every[: len(closes)]
    }
    over = {line.entry for line in statement(book, last).lines if line.overage > 0}
    entries = []
    for entry in book.entries:
        choices = later.get(calendar.cycle_of(entry.on).index, ())
        posted = draw(st.sampled_from([None, None, *(cycle.starts_on for cycle in choices)]))
        entries.append(entry._replace(posted=posted))
    # Those that went over their hours first: what became debt, was decided or absorbed goes back.
    for i, original in enumerate(sorted(entries, key=lambda entry: entry.id not in over)[:5]):
        own = calendar.cycle_of(original.posted or original.on)
        if choices := later.get(own.index, ()):
            most = charged_for(original, own.terms)
            amount = draw(st.integers(-most, 2 * HOUR)) if original.scope == "retainer" else 0
            posted = draw(st.sampled_from([cycle.starts_on for cycle in choices]))
            entries.append(Entry(f"c{i}", original.on, amount, posted=posted, corrects=original.id))
    book = replace(book, entries=entries, closes=closes)
    for i, cycle in enumerate(statement(book, last).cycles):
        if cycle.awaiting and draw(st.booleans()):
            on = cycle.starts_on + timedelta(days=draw(st.integers(0, 90)))
            decision = Decision(
                f"d{i:02d}",
                cycle.starts_on,
                draw(st.integers(1, cycle.awaiting)),
                draw(st.sampled_from(["bill", "deduct", "absorb"])),
                min(on, last),
                draw(st.none() | st.integers(0, 900)),
            )
            if carrying_cycle(book, calendar, decision):
                book = replace(book, decisions=[*book.decisions, decision])
    taken = {
        key: amount
        for cycle in statement(book, last).cycles
        for key, amount in cycle.decided.items()
    }
    return replace(
        book, decisions=[replace(item, amount=taken.get(item.id, 0)) for item in book.decisions]
    )


LAST = FIRST + timedelta(days=500)
AS_OF = st.integers(0, 560).map(lambda n: FIRST + timedelta(days=n))


def plain(result: Statement) -> object:
    return write.statement_json(result), [cycle.closing for cycle in result.cycles]


@given(ledgers(), AS_OF)
@settings(max_examples=150, deadline=None)
def test_granted_is_drawn_expired_trimmed_or_held(ledger: Ledger, as_of: date) -> None:
    result = statement(ledger, as_of)
    granted = sum(c.cap + c.transferred + c.topped_up + c.reinstated for c in result.cycles)
    drawn = sum(sum(c.drawn.values()) for c in result.cycles)
    held = result.cycles[-1].carried_out
    assert granted == drawn + sum(c.expired + c.trimmed for c in result.cycles) + held
    for before, after in zip(result.cycles, result.cycles[1:], strict=False):
        assert before.carried_out == after.carried_in
        if not after.settled and not any(line.charged < 0 for line in result.lines):
            assert before.debt_out == after.debt_in


@given(ledgers(), AS_OF)
@settings(max_examples=150, deadline=None)
def test_charged_is_drawn_billed_absorbed_awaiting_or_owed(ledger: Ledger, as_of: date) -> None:
    result = statement(ledger, as_of)
    total = {
        name: sum(getattr(c, name) for c in result.cycles)
        for name in ("billed", "absorbed", "awaiting", "settled")
    }
    drawn = sum(sum(c.drawn.values()) for c in result.cycles)
    charged = sum(line.charged for line in result.lines)
    given_back = -sum(line.covered for line in result.lines if line.charged < 0)
    assert (
        charged + given_back
        == drawn
        + total["billed"]
        + total["absorbed"]
        + total["awaiting"]
        - total["settled"]
        + result.cycles[-1].debt_out
    )
    for cycle in result.cycles:
        assert (
            cycle.available
            == cycle.carried_in
            + cycle.cap
            + cycle.transferred
            + cycle.topped_up
            + cycle.reinstated
            - cycle.debt_in
        )
        assert cycle.remaining == max(0, cycle.available - cycle.used)
        assert sum(cycle.billed_at.values()) == cycle.billed


@given(ledgers(), AS_OF, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_arrival_means_nothing(
    ledger: Ledger, as_of: date, chance: random.Random
) -> None:
    def shuffled(items):
        return chance.sample(list(items), len(items))

    other = replace(
        ledger,
        entries=shuffled(ledger.entries),
        topups=shuffled(ledger.topups),
        transfers=shuffled(ledger.transfers),
        authorisations=shuffled(ledger.authorisations),
    )
    assert plain(statement(other, as_of)) == plain(statement(ledger, as_of))


def ends_of(cycles):
    """The closing states of these cycles, as late work asks for them."""
    return lambda index: [cycle.closing for cycle in cycles[index:]]


@given(ledgers(), AS_OF)
@settings(max_examples=100, deadline=None)
def test_resumed_equals_from_scratch(ledger: Ledger, as_of: date) -> None:
    whole = statement(ledger, as_of)
    for i, cycle in enumerate(whole.cycles[:-1]):
        state = states.closing_from_json(states.closing_json(cycle.closing))
        assert state == cycle.closing
        resumed = statement(ledger, as_of, state, ends_of(whole.cycles[: i + 1]))
        assert list(resumed.cycles) == list(whole.cycles[i + 1 :])
        assert list(resumed.lines) == list(whole.lines[len(whole.lines) - len(resumed.lines) :])


@given(ledgers(), AS_OF, st.data())
@settings(max_examples=100, deadline=None)
def test_a_positive_entry_never_increases_what_remains(
    ledger: Ledger, as_of: date, data: st.DataObject
) -> None:
    last = ledger.retainer.ends_on or FIRST + timedelta(days=500)
    extra = Entry("zz", data.draw(DAYS.filter(lambda day: day <= last)), data.draw(AMOUNTS))
    before = statement(ledger, as_of).cycles
    after = statement(replace(ledger, entries=[*ledger.entries, extra]), as_of).cycles
    assert all(b.remaining >= a.remaining for b, a in zip(before, after, strict=True))


@given(ledgers(), AS_OF, AS_OF)
@settings(max_examples=100, deadline=None)
def test_what_happens_later_alters_no_settled_cycle(ledger: Ledger, one: date, two: date) -> None:
    early, late = sorted((one, two))
    settled = [
        c
        for c in statement(ledger, early).cycles
        if c.state == "closed" or (early > c.ends_on and not ledger.decisions)
    ]
    later = statement(ledger, late).cycles[: len(settled)]
    assert [replace(c, planned=0, state="ended") for c in later] == [
        replace(c, planned=0, state="ended") for c in settled
    ]


@given(ledgers(at_least=1), st.data())
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_a_closed_statement_never_changes_whatever_is_added_later(
    ledger: Ledger, data: st.DataObject
) -> None:
    every = Calendar(ledger.retainer, ledger.terms, ledger.pauses).through(LAST)
    assume(ledger.closes and len(every) > len(ledger.closes))
    closed_cycles, following = every[: len(ledger.closes)], every[len(ledger.closes)].starts_on
    on = ledger.closes[-1].on
    early = [
        entry
        for entry in ledger.entries
        if not entry.corrects and (entry.posted or entry.on) < following
    ]
    before = replace(ledger, entries=early, decisions=[])
    days = DAYS.filter(lambda day: day < following)
    late = [
        Entry(f"l{i}", data.draw(days), data.draw(AMOUNTS), posted=following)
        for i in range(data.draw(st.integers(0, 4)))
    ]
    for i, entry in enumerate(early[:3]):
        own = next(c for c in closed_cycles if (entry.posted or entry.on) in c)
        taken = data.draw(st.integers(0, charged_for(entry, own.terms)))
        late.append(Entry(f"c{i}", entry.on, -taken, posted=following, corrects=entry.id))
    awaiting = [
        cycle
        for cycle in statement(before, on).cycles
        if cycle.awaiting and cycle.state == "closed"
    ]
    decisions = [
        Decision(
            f"d{i}",
            cycle.starts_on,
            cycle.awaiting,
            data.draw(st.sampled_from(["bill", "deduct", "absorb"])),
            on,
        )
        for i, cycle in enumerate(awaiting)
    ]
    after = replace(before, entries=[*early, *late], decisions=decisions)

    def frozen(book: Ledger) -> object:
        result = statement(book, on)
        count = len(ledger.closes)
        lines = [line for line in result.lines if line.entry in {entry.id for entry in early}]
        return [
            replace(c, closing=replace(c.closing, paid={})) for c in result.cycles[:count]
        ], lines

    assert frozen(after) == frozen(before)


@given(ledgers(), AS_OF)
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_a_change_of_terms_or_a_pause_alters_no_earlier_cycle(ledger: Ledger, as_of: date) -> None:
    assume(len(ledger.terms) == 2)
    change = ledger.terms[1].effective_on
    assume(not ledger.decisions)
    one = [
        replace(c, state="", closing=None)
        for c in statement(ledger, as_of).cycles
        if c.ends_on < change
    ]
    alone = replace(
        ledger,
        terms=ledger.terms[:1],
        transfers=[t for t in ledger.transfers if t.on < change],
        entries=[e for e in ledger.entries if (e.posted or e.on) < change],
        closes=[],
        decisions=[],
        pauses=frozenset(pause for pause in ledger.pauses if pause < change),
    )
    assert [replace(c, state="", closing=None) for c in statement(alone, as_of).cycles][
        : len(one)
    ] == one


@given(ledgers(), AS_OF, st.data())
@settings(max_examples=100, deadline=None)
def test_a_pause_recorded_later_alters_no_earlier_cycle(
    ledger: Ledger, as_of: date, data: st.DataObject
) -> None:
    assume(not ledger.decisions)
    cycles_ = statement(ledger, as_of).cycles
    assume(len(cycles_) > 1)
    paused = data.draw(st.integers(1, len(cycles_) - 1))
    # A paused cycle has no hours to change, and what it charges may no longer be given back.
    on = cycles_[paused].starts_on
    last = cycles_[paused].ends_on
    entries = [entry for entry in ledger.entries if (entry.posted or entry.on) < on]
    transfers = [item for item in ledger.transfers if not on <= item.on <= last]
    before = replace(ledger, entries=entries, transfers=transfers)
    after = replace(before, pauses=before.pauses | {on})
    assert statement(after, as_of).cycles[:paused] == statement(before, as_of).cycles[:paused]


@given(ledgers(), AS_OF)
@settings(max_examples=150, deadline=None)
def test_no_debt_grows_beyond_its_maximum(ledger: Ledger, as_of: date) -> None:
    calendar = Calendar(ledger.retainer, ledger.terms, ledger.pauses)
    owed = 0
    for cycle in statement(ledger, as_of).cycles:
        agreed = calendar.cycle_of(cycle.starts_on).terms.overage
        if agreed.debt_max is not None:
            most = agreed.debt_max if agreed.policy == "deduct" else max(owed, agreed.debt_max)
            assert cycle.debt_out <= most
            assert cycle.debt_in <= max(owed, agreed.debt_max)
        if calendar.cycle_of(cycle.starts_on).is_last:
            assert cycle.debt_out == 0
        owed = cycle.debt_out


@given(ledgers(at_least=1), AS_OF)
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_what_corrections_may_still_take_lies_within_what_stands(
    ledger: Ledger, as_of: date
) -> None:
    for cycle in statement(ledger, as_of).cycles:
        if (state := cycle.closing) is None:
            continue
        stands: Counter[tuple[str, str]] = Counter()
        ends: list[tuple[str, str, int, int]] = []
        for parts in state.paid.values():
            for part in parts:
                assert part.amount > 0
                if part.fate in ("debt", "awaiting"):
                    stands[part.fate, part.cycle] += part.amount
                    ends.append((part.fate, part.cycle, part.at, part.at + part.amount))
        for (fate, of), amount in stands.items():
            assert amount <= (state.debt if fate == "debt" else state.awaiting[of])
        for fate, of, _low, high in ends:
            assert high <= (state.debt if fate == "debt" else state.awaiting[of])
        for one, two in itertools.pairwise(sorted(ends)):
            assert one[:2] != two[:2] or one[3] <= two[2]


@given(ledgers(), AS_OF)
@settings(max_examples=60, deadline=None)
def test_the_authorised_never_exceeds_the_ceiling(ledger: Ledger, as_of: date) -> None:
    result = statement(ledger, as_of)
    assert sum(c.authorised for c in result.cycles) <= sum(a.amount for a in ledger.authorisations)


@given(ledgers(), AS_OF)
@settings(max_examples=100, deadline=None)
def test_every_line_says_what_paid_for_it(ledger: Ledger, as_of: date) -> None:
    for cycle, lines in statement(ledger, as_of).by_cycle():
        told: Counter[str] = Counter()
        for line in lines:
            parts = paid_by(cycle, line)
            assert sum(part.amount for part in parts) == max(0, line.charged)
            covered = sum(part.amount for part in parts if part.source.partition(":")[0] in LOTS)
            assert covered == (line.covered if line.charged > 0 else 0)
            told.update({part.source: part.amount for part in parts})
        by_debt = min(cycle.debt_in, sum(cycle.drawn.values()))
        assert sum(
            amount for source, amount in told.items() if source.partition(":")[0] in LOTS
        ) + by_debt == sum(cycle.drawn.values())
        for source, amount in told.items():
            assert source.partition(":")[0] not in LOTS or amount <= cycle.drawn[source]
        assert (
            sum(amount for source, amount in told.items() if source.startswith("authorisation"))
            == cycle.authorised
        )
        assert told["awaiting"] == cycle.awaiting
        # What is billed or absorbed beside its lines: carried, credited, or of debt that stood.
        if not ledger.decisions and all(line.charged >= 0 for line in lines):
            assert told["absorbed"] == cycle.absorbed
            recovered = cycle.billed - cycle.authorised - told["billed"]
            assert 0 <= recovered <= cycle.debt_in


@given(ledgers(), AS_OF)
@settings(max_examples=150)
def test_the_last_balance_is_the_headline(ledger: Ledger, as_of: date) -> None:
    result = statement(ledger, as_of)
    last = result.cycles[-1]
    here = [entry for entry in ledger.entries if entry.on <= as_of]
    count = sum(1 for entry in here if last.starts_on <= (entry.posted or entry.on) <= last.ends_on)
    if count:
        assert result.lines[-1].balance == last.available - last.used


@given(DAYS, CADENCES, st.integers(-400, 400))
def test_cycles_leave_no_gap_and_no_overlap(anchor: date, cadence: str, offset: int) -> None:
    on = anchor + timedelta(days=offset)
    k = cycles.index_of(anchor, cadence, on)
    assert cycles.start(anchor, cadence, k) <= on < cycles.start(anchor, cadence, k + 1)


@given(ledgers(), AS_OF)
@settings(max_examples=100, deadline=None)
def test_the_document_carries_everything(ledger: Ledger, as_of: date) -> None:
    document = read.from_json(write.to_json(ledger, as_of))
    assert plain(statement(document.ledger, document.as_of)) == plain(statement(ledger, as_of))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_oldest_first_never_yields_more_overage_than_newest_first(
    used: list[int], rollover: int
) -> None:
    terms = Terms(FIRST, 10 * HOUR, "month", FIRST, rollover=Rollover(rollover))
    months = [cycles.start(FIRST, "month", k) for k in range(len(used))]
    entries = [
        Entry(f"e{k}", day, hours * HOUR)
        for k, (day, hours) in enumerate(zip(months, used, strict=True))
    ]
    ours = sum(
        c.overage for c in statement(Ledger(Retainer(FIRST), [terms], entries), months[-1]).cycles
    )
    lots: list[list[int]] = []
    newest = 0
    for k, hours in enumerate(used):
        lots = [[born, left] for born, left in lots if born + rollover >= k] + [[k, 10 * HOUR]]
        need = hours * HOUR
        for lot in reversed(lots):
            taken = min(need, lot[1])
            lot[1] -= taken
            need -= taken
        newest += need
    assert ours <= newest
