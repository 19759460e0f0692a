"""Refusals: a sentence for people, a code for programs, a field where one thing was wrong."""

import pytest

from hourtab.ledger import errors
from hourtab.ledger.errors import LedgerError
from tests import catalogues
from tests.builders import a_retainer, log

REFUSALS = [
    found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, LedgerError)
]


def test_each_has_a_sentence_and_a_code_of_its_own() -> None:
    assert len({refusal.code for refusal in REFUSALS}) == len(REFUSALS) > 50
    for refusal in REFUSALS:
        assert refusal.code.isidentifier()
        assert refusal.__doc__ is not None
        assert refusal.__doc__.strip().endswith(".")


def test_every_sentence_is_gathered_for_translation() -> None:
    gathered = {message.id for message in catalogues.texts()}
    assert {" ".join(str(refusal.__doc__).split()) for refusal in REFUSALS} <= gathered


@pytest.mark.django_db
def test_a_refusal_names_its_field_and_what_was_said(northlight) -> None:
    with pytest.raises(errors.BeforeTheStart, match="it starts on 2027-06-01") as refused:
        log(a_retainer(northlight), "2027-05-31", "1h")
    assert (refused.value.code, refused.value.field) == ("before_the_start", "on")


@pytest.mark.django_db
def test_a_form_says_it_beside_that_field(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    fields = {"on": "2027-06-03", "amount": "5", "until": "9999-12-31", "kind": "topup"}
    answer = ada.post(f"/retainers/{retainer.ref}/top-up", fields)
    assert list(answer.context["form"].errors) == ["until"]
