"""Every value terms can have is read, written, stored, offered and said: leaving one out fails here."""

import json
from dataclasses import fields, replace
from datetime import date
from typing import get_args, get_type_hints

import pytest

from hourtab.core import overage, terms
from hourtab.core.amounts import Rounding
from hourtab.core.cycles import index_of, start
from hourtab.core.document import read, write
from hourtab.core.document.states import terms_from_json
from hourtab.core.entries import Ledger, Settlement
from hourtab.core.statement import statement
from hourtab.core.terms import Overage, Percent, Retainer, Rollover, Terms
from hourtab.lib.words import Words
from hourtab.retainers import terms_form as forms
from hourtab.retainers.forms import UNITS
from hourtab.retainers.models import Retainer as RetainerRow
from hourtab.retainers.models import Terms as TermsRow
from hourtab.retainers.words import agreement

FIRST = date(2027, 1, 31)
PLAIN = Terms(FIRST, 36000, "month", FIRST)
MODES = get_args(get_type_hints(Rounding)["mode"])
EVERY = [
    *(replace(PLAIN, cadence=value) for value in get_args(terms.Cadence)),
    *(replace(PLAIN, stub=value) for value in get_args(terms.Stub)),
    *(replace(PLAIN, overage=Overage(value, 7200, 9000)) for value in get_args(terms.Policy)),
    *(replace(PLAIN, rounding=Rounding(900, mode, 900)) for mode in MODES),
    *(
        replace(PLAIN, rollover=Rollover(cycles, most))
        for cycles in (0, 1, None)
        for most in (None, 18000, Percent(50))
    ),
]


@pytest.mark.parametrize("agreed", EVERY, ids=str)
def test_terms_are_read_written_stored_and_said(agreed: Terms) -> None:
    ledger = Ledger(Retainer(FIRST), (agreed,))
    text = json.dumps(write.to_json(ledger, date(2027, 6, 30)))
    assert read.from_text(text).ledger.terms == (agreed,)
    assert terms_from_json(json.loads(json.dumps(write.terms_json(agreed)))) == agreed
    assert TermsRow.from_core(RetainerRow(), agreed).as_core() == agreed
    assert statement(ledger, date(2027, 6, 30)).cycles
    assert all(agreement(agreed, Words(), "EUR"))


def test_every_value_has_a_sentence_of_its_own() -> None:
    said = [" ".join(agreement(agreed, Words(), "EUR")) for agreed in EVERY]
    policies = len(get_args(terms.Cadence)) + len(get_args(terms.Stub))
    assert len(set(said[: len(get_args(terms.Cadence))])) == len(get_args(terms.Cadence))
    assert len(set(said[policies : policies + 4])) == len(get_args(terms.Policy)) == 4


def test_the_form_offers_every_value() -> None:
    for kind, offered in (
        (terms.Cadence, forms.CADENCES),
        (terms.Stub, forms.STUBS),
        (terms.Policy, forms.POLICIES),
        (terms.Unit, UNITS),
    ):
        assert sorted(value for value, _ in offered) == sorted(get_args(kind))


def test_every_policy_settles_and_every_outcome_is_one_of_them() -> None:
    assert set(overage.POLICIES) == set(get_args(terms.Policy))
    assert set(overage.OUTCOMES) == set(get_args(Settlement))
    assert set(overage.OUTCOMES) < set(overage.POLICIES)


@pytest.mark.parametrize("cadence", [c for c in get_args(terms.Cadence) if c != "once"])
def test_every_rhythm_has_a_grid(cadence) -> None:
    assert index_of(FIRST, cadence, start(FIRST, cadence, 5)) == 5


def test_every_part_of_terms_is_walked() -> None:
    walked = {"cadence", "stub", "overage", "rounding", "rollover"}
    assert {item.name for item in fields(Terms)} == walked | {
        "effective_on",
        "cap",
        "anchor_on",
        "fee",
        "grace_days",
    }
