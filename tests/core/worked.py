"""Worked examples an accountant can read: what was agreed and what happened, a line, what follows.

    terms    cap 10, policy deduct, debt_max 2, rate 9000
    closes   January
    01-05    e1 14:00
    02-20    c1 -3:00 corrects e1, in February
    02-15    decides bill 2:00 of January at 7000
    02-01    pause
    ---
    January  overage 4:00  debt_out 2:00

Months are those of 2027, each closed on the 11th of the next. `in` names the month an entry posts
in. A figure of the document or of its workings is an amount; `drawn` is said by lot (`base:01-01`),
`billed_at` by rate.
"""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from hourtab.core.amounts import clock, parse
from hourtab.core.entries import Authorisation, Close, Decision, Entry, Ledger, TopUp
from hourtab.core.results import Statement
from hourtab.core.statement import statement
from hourtab.core.terms import Overage, Retainer, Rollover, Terms
from tests.core.builders import day

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def first_of(month: str) -> date:
    return date(2027, MONTHS.index(month) + 1, 1)


def amount_of(text: str) -> int:
    return -parse(text[1:]) if text.startswith("-") else parse(text)


def worked(text: str) -> Statement:
    """Compute what stands above the rule of a worked example, and assert what stands below."""
    above, below = text.split("---")
    book = Ledger(Retainer(date(2027, 1, 1)), ())
    for line in filter(None, map(str.strip, above.splitlines())):
        when, said = line.split(maxsplit=1)
        book = _happened(book, when, said)
    expected = [line.split(maxsplit=1) for line in filter(None, map(str.strip, below.splitlines()))]
    last = max(first_of(month) for month, _ in expected)
    result = statement(book, last.replace(day=28))
    cycles = {MONTHS[cycle.starts_on.month - 1]: cycle for cycle in result.cycles}
    for month, figures in expected:
        names = re.findall(r"(\S+) (-?\d+:\d\d)", figures)
        assert " ".join(f"{name} {amount}" for name, amount in names) == " ".join(figures.split())
        said = "  ".join(f"{name} {clock(_figure(cycles[month], name))}" for name, _ in names)
        assert f"{month} {said}" == f"{month} {'  '.join(map(' '.join, names))}"
    return result


def _figure(cycle: Any, name: str) -> int:
    if ":" in name:
        kind, _, of = name.partition(":")
        if kind == "at":
            return cycle.billed_at.get(int(of), 0)
        key = f"base:{day(of)}" if kind == "base" else name
        return cycle.drawn.get(key, 0)
    return getattr(cycle, name)


def _happened(book: Ledger, when: str, said: str) -> Ledger:
    if when == "terms":
        return replace(book, terms=[*book.terms, _terms(said)])
    if when == "closes":
        closes = [Close(first_of(m), _close_of(first_of(m))) for m in said.split(", ")]
        return replace(book, closes=closes)
    if when == "ends":
        return replace(book, retainer=replace(book.retainer, ends_on=day(said)))
    on = day(when)
    if said == "pause":
        return replace(book, pauses=book.pauses | {on})
    if made := re.fullmatch(r"decides (\w+) (\S+) of (\w+)(?: at (\d+))?", said):
        outcome, amount, month, rate = made.groups()
        decision = Decision(
            f"d{len(book.decisions):02d}",
            first_of(month),
            amount_of(amount),
            outcome,
            on,
            rate and int(rate),
        )
        return replace(book, decisions=[*book.decisions, decision])
    if made := re.fullmatch(r"(topup|goodwill) (\S+) (\S+)(?: until (\S+))?", said):
        kind, name, amount, until = made.groups()
        topup = TopUp(name, on, amount_of(amount), kind, day(until) if until else None)
        return replace(book, topups=[*book.topups, topup])
    if made := re.fullmatch(r"approves (\S+) (\S+) at (\d+) until (\S+)", said):
        name, amount, rate, until = made.groups()
        approval = Authorisation(name, amount_of(amount), on, day(until), int(rate))
        return replace(book, authorisations=[*book.authorisations, approval])
    made = re.fullmatch(r"(\S+) (-?\d+:\d\d)(?: corrects (\w+))?(?:,? in (\w+))?", said)
    assert made, said
    name, amount, corrects, month = made.groups()
    posted = first_of(month) if month else None
    entry = Entry(name, on, amount_of(amount), posted=posted, corrects=corrects)
    return replace(book, entries=[*book.entries, entry])


def _close_of(month: date) -> date:
    return date(2027, month.month + 1, 11)


def _terms(said: str) -> Terms:
    known = dict(part.split() for part in said.split(", "))
    number = {
        key: int(known[key]) for key in ("cap", "debt_max", "rate", "max", "keeps") if key in known
    }
    on = day(known.get("from", "01-01"))
    return Terms(
        on,
        number["cap"] * 3600,
        known.get("cadence", "month"),
        on,
        rollover=Rollover(
            number.get("keeps", 0), number["max"] * 3600 if "max" in number else None
        ),
        overage=Overage(
            known.get("policy", "ask"),
            number["debt_max"] * 3600 if "debt_max" in number else None,
            number.get("rate"),
        ),
    )
