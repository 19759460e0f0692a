"""The calculation against a second one that was written from the specification alone, on documents
as they may come from outside. Ten seconds.
"""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from hourtab.core.amounts import HOUR
from hourtab.core.document import read, write
from hourtab.core.statement import statement
from tests.core.oracle import charged, cycles_of, replay

SPANS = {"month": 150, "week": 50, "two_weeks": 90, "quarter": 400, "once": 100}
LINE = ("charged", "covered", "overage", "balance")


@pytest.mark.parametrize("first", range(0, 2000, 500))
def test_both_say_the_same_to_the_second(first: int) -> None:
    for seed in range(first, first + 500):
        document = a_document(random.Random(seed))
        asked = read.from_json(document)
        said = write.statement_json(statement(asked.ledger, asked.as_of))
        expected = replay(document)
        for cycle, wanted in zip(said["cycles"], expected["cycles"], strict=True):
            cycle["drawn"] = {lot: amount for lot, amount in cycle["drawn"].items() if amount}
            wanted["drawn"] = {lot: amount for lot, amount in wanted["drawn"].items() if amount}
            assert {key: cycle[key] for key in wanted} == wanted, seed
        lines = [[line["entry"], *(line[name] for name in LINE)] for line in said["lines"]]
        assert lines == expected["lines"], seed


def a_document(chance: random.Random) -> dict[str, Any]:
    """A ledger of a few cycles with everything that may meet in them."""
    cadence = chance.choice(["month"] * 4 + ["week", "two_weeks", "quarter", "once"])
    starts = date(2027, 1, 1) + timedelta(days=chance.randrange(60))
    is_on_grid = cadence == "once" or chance.random() < 0.6
    anchor = starts if is_on_grid else starts - timedelta(days=chance.randrange(25))
    span = SPANS[cadence]
    as_of = starts + timedelta(days=chance.randrange(span // 2, span))
    document: dict[str, Any] = {
        "format": "hourtab-ledger/1",
        "retainer": {"name": "x", "starts_on": starts.isoformat(), "ends_on": None},
        "terms": [some_terms(chance, starts, anchor, cadence)],
        "as_of": as_of.isoformat(),
    }
    if chance.random() < 0.25 and cadence != "once":
        agree_anew(chance, document, anchor, cadence)
    if chance.random() < 0.25:
        ends_on = (starts + timedelta(days=chance.randrange(span // 3, span))).isoformat()
        document["retainer"]["ends_on"] = ends_on
        document["terms"] = [one for one in document["terms"] if one["effective_on"] <= ends_on]
    last = min(as_of, day_of(document["retainer"]["ends_on"] or document["as_of"]))
    if chance.random() < 0.3:
        coming = [cycle["start"].isoformat() for cycle in cycles_of(document)[1:]]
        document["pauses"] = [{"cycle": day} for day in coming if chance.random() < 0.3]
    days = [starts + timedelta(days=n) for n in range((last - starts).days + 1)]
    document["entries"] = [an_entry(chance, i, days) for i in range(chance.randrange(14))]
    grant(chance, document, days)
    close(chance, document, as_of)
    decide(chance, document, as_of)
    return document


def day_of(text: str) -> date:
    return date.fromisoformat(text)


def some_terms(chance: random.Random, on: date, anchor: date, cadence: str) -> dict[str, Any]:
    return {
        "effective_on": on.isoformat(),
        "cap": chance.choice([0, 5, 10, 20]) * HOUR,
        "cadence": cadence,
        "anchor_on": anchor.isoformat(),
        "stub": chance.choice(["full", "prorated", "none"]),
        "rollover": {
            "cycles": chance.choice([0, 0, 1, 1, 2, 3, None]),
            "max": chance.choice(
                [None, None, 5 * HOUR, 2 * HOUR, {"percent": 50}, {"percent": 33}]
            ),
        },
        "overage": {
            "policy": chance.choice(["ask", "ask", "bill", "deduct", "deduct", "absorb"]),
            "debt_max": chance.choice([None, None, 2 * HOUR, 6 * HOUR]),
            "rate": chance.choice([None, 10_000, 12_345]),
        },
        "rounding": chance.choice(
            [
                {"step": 0},
                {"step": 900, "mode": "up"},
                {"step": 900, "mode": "nearest", "minimum": 900},
                {"step": 360, "mode": "down", "minimum": 60},
            ]
        ),
    }


def agree_anew(chance: random.Random, document: dict[str, Any], anchor: date, cadence: str) -> None:
    coming = cycles_of(document)[1:]
    if not coming:
        return
    start = chance.choice(coming)["start"]
    other = chance.choice([cadence, cadence, "month", "week"])
    keeps = other == cadence and chance.random() < 0.7
    grid = anchor if keeps else start - timedelta(days=chance.choice([0, 0, 3, 8]))
    document["terms"].append(some_terms(chance, start, grid, other))


def an_entry(chance: random.Random, number: int, days: list[date]) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "on": chance.choice(days).isoformat(),
        "started": chance.choice([None, "09:00:00", "14:00:00"]),
        "amount": chance.choice([600, 1800, HOUR, 2 * HOUR, 5 * HOUR, 7 * HOUR, 2671]),
        "weight": chance.choice([100, 100, 150, 50]),
        "scope": chance.choice(["retainer"] * 8 + ["courtesy", "project"]),
    }


def grant(chance: random.Random, document: dict[str, Any], days: list[date]) -> None:
    ends_on = document["retainer"]["ends_on"] or "2999-12-31"
    document["topups"], document["transfers"], document["authorisations"] = [], [], []
    for i in range(chance.choice([0, 0, 1, 2])):
        on = chance.choice(days)
        until = min(ends_on, (on + timedelta(days=chance.randrange(90))).isoformat())
        topup = {
            "id": f"t{i}",
            "on": on.isoformat(),
            "amount": chance.choice([HOUR, 3 * HOUR, 5 * HOUR]),
            "kind": chance.choice(["topup", "goodwill"]),
            "until": chance.choice([None, "never", until]),
        }
        document["topups"].append(topup)
    on = chance.choice(days)
    cycle = next(one for one in cycles_of(document) if one["start"] <= on < one["until"])
    if chance.random() < 0.3 and not cycle["paused"]:
        amount = chance.choice([HOUR, -HOUR, 5 * HOUR, -30 * HOUR])
        document["transfers"].append({"id": "x0", "on": on.isoformat(), "amount": amount})
    for i in range(chance.choice([0, 0, 1, 2])):
        since = chance.choice(days)
        approval = {
            "id": f"a{i}",
            "amount": chance.choice([HOUR, 4 * HOUR, 10 * HOUR]),
            "rate": chance.choice([0, 9_000, 25_000]),
            "from": since.isoformat(),
            "until": (since + timedelta(days=chance.randrange(60))).isoformat(),
        }
        document["authorisations"].append(approval)


def close(chance: random.Random, document: dict[str, Any], as_of: date) -> None:
    """Close the first cycles; what is dated in them may be late, or corrected in the next one."""
    cycles, closes = cycles_of(document), []
    latest = date.min
    for cycle in cycles:
        if cycle["until"] == date.max or chance.random() > 0.8:
            break
        latest = max(latest, cycle["until"] + timedelta(days=chance.choice([0, 10])))
        if latest >= as_of:
            break
        closes.append({"cycle": cycle["start"].isoformat(), "on": latest.isoformat()})
    document["closes"] = closes
    if not closes or len(closes) == len(cycles):
        return
    unclosed = [cycle["start"].isoformat() for cycle in cycles[len(closes) :]]
    corrections: list[dict[str, Any]] = []
    for entry in document["entries"]:
        own = next(one for one in cycles if one["start"] <= day_of(entry["on"]) < one["until"])
        if own["index"] >= len(closes):
            continue
        if chance.random() < 0.3:
            entry["posted"] = chance.choice(unclosed) if chance.random() < 0.3 else unclosed[0]
        elif entry["scope"] == "retainer" and chance.random() < 0.35:
            corrections += correct(chance, entry, charged(entry, own["terms"]), unclosed[0])
    for i, correction in enumerate(corrections):
        correction["id"] = f"k{i}"
    document["entries"] += corrections


def correct(
    chance: random.Random, entry: dict[str, Any], full: int, posted: str
) -> list[dict[str, Any]]:
    less = chance.random() < 0.75
    amounts = [-chance.choice([full, full // 2, min(full, 600)])] if less else [600]
    if less and full + amounts[0] > 0 and chance.random() < 0.2:
        amounts.append(-min(600, full + amounts[0]))
    said = {"on": entry["on"], "started": entry["started"], "corrects": entry["id"]}
    return [said | {"amount": amount, "posted": posted} for amount in amounts if amount]


def decide(chance: random.Random, document: dict[str, Any], as_of: date) -> None:
    """Decide on some of what awaits, before the close of its cycle or after it."""
    document["decisions"] = []
    closed = {one["cycle"]: day_of(one["on"]) for one in document["closes"]}
    given_back = sum(-min(0, entry["amount"]) for entry in document["entries"])
    cycles = cycles_of(document)
    for cycle, said in zip(cycles, replay(document)["cycles"], strict=True):
        awaiting, start = said["awaiting"], said["starts_on"]
        if not awaiting or chance.random() > 0.5:
            continue
        amount, on = chance.choice([awaiting, awaiting // 2]), as_of
        if start in closed and chance.random() < 0.6:
            on = max(closed.values()) + timedelta(days=1)
            amount = min(amount, awaiting - given_back)
            if len(closed) == len(cycles):
                continue
        elif start in closed:
            on = closed[start] - timedelta(days=1)
        if amount <= 0 or not cycle["start"] <= on <= as_of:
            continue
        decision = {
            "id": f"d{len(document['decisions'])}",
            "cycle": start,
            "amount": amount,
            "outcome": chance.choice(["bill", "deduct", "absorb"]),
            "rate": chance.choice([None, 7_777]),
            "on": on.isoformat(),
        }
        document["decisions"].append(decision)
