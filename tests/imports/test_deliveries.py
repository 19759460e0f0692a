"""Hours that come without a file are taken by the same verbs."""

from datetime import date, time

import pytest

from hourtab.core.amounts import HOUR
from hourtab.imports import verbs
from hourtab.imports.matching.deliveries import Delivery
from hourtab.imports.reading.lines import Reading, WorkLine
from hourtab.imports.reading.readers import BY_KEY
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.verify import findings
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer

pytestmark = pytest.mark.django_db


def fetched(*texts: str) -> Delivery:
    """What a sync would bring: rows of Toggl, one for each text."""
    lines = [
        WorkLine(n, date(2027, 6, n), HOUR, time(9), "Acme", description=text, person="Mara")
        for n, text in enumerate(texts, 1)
    ]
    return Delivery("Toggl, June", f"digest of {texts}", Reading(BY_KEY["toggl"], lines))


def test_a_delivery_is_examined_applied_and_taken_back(northlight) -> None:
    retainer = a_retainer(northlight)
    examined = verbs.examine(fetched("Call", "Notes"), northlight, NOW)
    assert examined.plan.counts["new"] == 2
    done = verbs.apply(
        fetched("Call", "Notes"), northlight, by=None, now=NOW, expect=examined.fingerprint
    )
    assert (done.file_name, done.source.tool, done.columns) == ("Toggl, June", "toggl", {})
    again = verbs.apply(fetched("Call", "Plan"), northlight, by=None, now=NOW)
    assert (again.counts["unchanged"], again.counts["changed"]) == (1, 1)
    verbs.undo(again, by=None, now=NOW)
    verbs.undo(done, by=None, now=NOW)
    assert not entries.latest(retainer).exists()
    assert findings(Retainer.objects.get(pk=retainer.pk), NOW) == []
