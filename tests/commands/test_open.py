"""Everything that can be agreed on a page can be agreed by the command."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from hourtab.core.amounts import HOUR, Rounding
from hourtab.core.terms import Percent, Rollover
from hourtab.retainers.models import Retainer

pytestmark = pytest.mark.django_db


def opened(*words: str):
    call_command(
        *("open", "--client", "Acme", "--hours", "20", "--start", "2027-01-20", *words),
        stdout=StringIO(),
    )
    return Retainer.objects.get().versions()[0]


def test_the_command_agrees_on_everything_that_the_form_does(northlight) -> None:
    terms = opened(
        *("--rollover", "5", "--rollover-max", "50%", "--overage", "deduct", "--debt-max", "10"),
        *("--round-to", "5m", "--rounding", "nearest", "--minimum", "15m", "--fee", "2000.50"),
        *("--reset-day", "31", "--stub", "prorated"),
    )
    assert terms.rollover == Rollover(5, Percent(50))
    assert (terms.overage.policy, terms.overage.debt_max) == ("deduct", 10 * HOUR)
    assert terms.rounding == Rounding(300, "nearest", 900)
    assert terms.fee == 200_050
    assert (terms.anchor_on, terms.stub) == (date(2026, 12, 31), "prorated")


@pytest.mark.parametrize(
    "words",
    [
        ("--fee", "lots"),
        ("--rollover-max", "x%"),
        ("--rollover-max", "99999%"),
        ("--reset-day", "32"),
        ("--reset-day", "5", "--cadence", "week"),
        ("--minimum", "15"),
        ("--debt-max", "many"),
    ],
)
def test_what_the_command_cannot_read_is_refused_by_name(northlight, capsys, words) -> None:
    with pytest.raises(SystemExit) as left:
        opened(*words)
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith(words[0])
    assert not Retainer.objects.exists()
