import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hourtab.core.document import read
from hourtab.core.document.fields import DocumentError


def a_document() -> dict:
    return {
        "format": "hourtab-ledger/1",
        "retainer": {"starts_on": "2027-01-31"},
        "terms": [
            {
                "effective_on": "2027-01-31",
                "cap": 36000,
                "cadence": "month",
                "anchor_on": "2027-01-31",
            }
        ],
        "entries": [{"id": "e1", "on": "2027-02-03", "amount": 3600}],
        "as_of": "2027-06-30",
    }


def correction(**more) -> dict:
    return {"id": "c1", "on": "2027-02-03", "corrects": "e1"} | more


def decision(**more) -> dict:
    return {
        "id": "d1",
        "cycle": "2027-01-31",
        "amount": 60,
        "outcome": "bill",
        "on": "2027-03-05",
    } | more


def test_keys_with_a_default_may_be_absent() -> None:
    ledger = read.from_json(a_document()).ledger
    assert (ledger.retainer.zone, ledger.terms[0].overage.policy, ledger.entries[0].weight) == (
        "UTC",
        "ask",
        100,
    )


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (
            lambda d: d["entries"][0].update(amount=1.5),
            "entries[0].amount",
            "not a whole number of seconds",
        ),
        (lambda d: d["entries"][0].update(amount=True), "entries[0].amount", "not a whole number"),
        (lambda d: d["entries"][0].update(amount=-1), "entries[0].amount", "must not be negative"),
        (lambda d: d["entries"][0].update(on="2027-02-30"), "entries[0].on", "not in the calendar"),
        (lambda d: d["entries"][0].update(on="20270203"), "entries[0].on", "must be a date like"),
        (
            lambda d: d["entries"][0].update(on="2027-01-30"),
            "entries[0].on",
            "before the retainer starts",
        ),
        (lambda d: d["entries"][0].update(colour="red"), "entries[0].colour", "not a key"),
        (lambda d: d["entries"][0].update(started="25:00"), "entries[0].started", "time of day"),
        (
            lambda d: d["entries"].append(dict(d["entries"][0])),
            "entries[1].id",
            "the same as in entries[0]",
        ),
        (
            lambda d: d["entries"][0].update(posted="2027-02-01"),
            "entries[0].posted",
            "does not start a cycle",
        ),
        (
            lambda d: d["entries"][0].update(on="2027-03-03", posted="2027-01-31"),
            "entries[0].posted",
            "before its own cycle",
        ),
        (
            lambda d: d["entries"][0].update(corrects="e9"),
            "entries[0].corrects",
            "not an entry that can be corrected",
        ),
        (
            lambda d: d["entries"].append(correction(amount=-60)),
            "entries[1].corrects",
            "not post in an earlier cycle",
        ),
        (
            lambda d: d["entries"].append(correction(amount=-3601, posted="2027-02-28")),
            "entries[1].amount",
            "more than was charged",
        ),
        (
            lambda d: d.update(closes=[{"cycle": "2027-01-31", "on": "2027-02-27"}]),
            "closes[0].on",
            "before the cycle is over",
        ),
        (
            lambda d: d.update(closes=[{"cycle": "2027-02-28", "on": "2027-04-10"}]),
            "closes[0].cycle",
            "2027-01-31 is not closed",
        ),
        (
            lambda d: d.update(closes=[{"cycle": "2027-02-01", "on": "2027-04-10"}]),
            "closes[0].cycle",
            "does not start a cycle",
        ),
        (
            lambda d: d.update(decisions=[decision()]),
            "decisions[0].amount",
            "more than what awaits a decision then (0)",
        ),
        (
            lambda d: d.update(decisions=[decision(cycle="2027-02-01")]),
            "decisions[0].cycle",
            "does not start a cycle",
        ),
        (
            lambda d: d.update(decisions=[decision(outcome="forget")]),
            "decisions[0].outcome",
            "one of bill, deduct, absorb",
        ),
        (lambda d: d.pop("as_of"), "as_of", "is missing"),
        (lambda d: d.update(format="x"), "format", "must be"),
        (lambda d: d.update(terms=[]), "terms", "at least one"),
        (
            lambda d: d["terms"][0].update(effective_on="2027-02-01"),
            "terms[0].effective_on",
            "after the retainer starts",
        ),
        (lambda d: d["terms"][0].update(cap=-3600), "terms[0].cap", "must not be negative"),
        (
            lambda d: d["terms"][0].update(rounding={"mode": "sideways"}),
            "terms[0].rounding.mode",
            "one of up",
        ),
        (
            lambda d: d["terms"].append(d["terms"][0] | {"effective_on": "2027-03-01"}),
            "terms[1].effective_on",
            "does not start a cycle",
        ),
        (lambda d: d["retainer"].update(zone="Mars/Olympus"), "retainer.zone", "not a time zone"),
        (
            lambda d: d["retainer"].update(ends_on="2027-01-01"),
            "retainer.ends_on",
            "before starts_on",
        ),
        (
            lambda d: d.update(pauses=[{"cycle": "2027-02-01"}]),
            "pauses[0].cycle",
            "does not start a cycle",
        ),
        (lambda d: d.update(entries={}), "entries", "must be a list"),
    ],
)
def test_a_refusal_names_the_field(change, path: str, reason: str) -> None:
    raw = a_document()
    change(raw)
    with pytest.raises(DocumentError, match=re.escape(reason)) as refusal:
        read.from_text(json.dumps(raw))
    assert refusal.value.path == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"a": NaN}',
        b"\xff\xfe",
        '{"format": 1, "format": 2}',
        "[" * 100_000,
        "1" * 5000,
        '"x"',
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes) -> None:
    with pytest.raises(DocumentError):
        read.from_text(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    ["format", "retainer", "terms", "entries", "as_of", "starts_on", "id", "on"]
                ),
                x,
            )
        ),
        max_leaves=20,
    )
)
def test_read_raises_nothing_but_its_refusal(raw: object) -> None:
    if isinstance(raw, dict):
        raw = a_document() | raw
    try:
        read.from_json(raw)
    except DocumentError as refusal:
        assert str(refusal)
