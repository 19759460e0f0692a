"""Running state machines against the database."""

from django.db import transaction
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run_rolled_back(machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Run every example of `machine` in a transaction of its own, which is rolled back."""

    class RolledBack(machine):
        def __init__(self) -> None:
            super().__init__()
            self.outer = transaction.atomic()
            self.outer.__enter__()

        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                transaction.set_rollback(True)
                self.outer.__exit__(None, None, None)

    run_state_machine_as_test(
        RolledBack,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None),
    )
