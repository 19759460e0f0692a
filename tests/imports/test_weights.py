"""Weights of imported rows: decided by their start when they are stored, and kept when the file
comes again.
"""

from datetime import time

import pytest

from hourtab.ledger.models import Revision
from hourtab.ledger.reading.verify import findings
from hourtab.retainers.models import OfficeHours, Retainer, WeightRule
from tests.builders import NOW, a_retainer, toggl
from tests.imports.test_series import bring_in

pytestmark = pytest.mark.django_db
EVENING = "06-03 19:30 1:00 Mail server down"
NOON = "06-03 12:00 1:00 Weekly call"


@pytest.fixture
def retainer(northlight) -> Retainer:
    retainer = a_retainer(northlight)
    WeightRule.objects.create(
        retainer=retainer, name="After hours", percent=150, is_after_hours=True
    )
    OfficeHours.objects.create(retainer=retainer, opens=time(8), closes=time(18))
    return retainer


def weights() -> dict[str, tuple[int, str, int]]:
    return {
        row.description: (row.weight, row.weighted_by, row.number)
        for row in Revision.objects.order_by("number")
    }


def test_the_start_decides_and_a_second_import_changes_nothing(retainer) -> None:
    bring_in(retainer.workspace, toggl(EVENING, NOON), retainer)
    assert weights() == {"Mail server down": (150, "After hours", 1), "Weekly call": (100, "", 1)}
    WeightRule.objects.update(percent=200)
    done = bring_in(retainer.workspace, toggl(EVENING, NOON), retainer)
    assert done.counts["unchanged"] == 2
    assert weights()["Mail server down"] == (150, "After hours", 1)
    # Another text at the source is another revision with the weight it had; another start is
    # weighed anew.
    bring_in(retainer.workspace, toggl("06-03 19:30 1:00 Mail server rebuilt", NOON), retainer)
    assert weights()["Mail server rebuilt"] == (150, "After hours", 2)
    bring_in(retainer.workspace, toggl("06-03 17:30 1:00 Mail server rebuilt", NOON), retainer)
    assert weights()["Mail server rebuilt"][:2] == (100, "")
    assert findings(retainer, NOW) == []
