import pytest
from tests.ledger.test_machine import StatementMachine
from tests.machines import run_rolled_back
@pytest.mark.django_db
def test_long():
    run_rolled_back(StatementMachine, examples=150, steps=25)
