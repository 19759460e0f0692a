"""A year of a busy retainer: 2,000 lines, other terms three times, a pause, late work, corrections,
two reopenings.
"""

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from hourtab.core.amounts import HOUR, Rounding
from hourtab.core.cycles import start
from hourtab.core.document import read, write
from hourtab.core.statement import statement
from hourtab.core.terms import Overage, Percent, Rollover, Terms
from hourtab.ledger import jobs
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry, Source, Statement
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.reading.statements import statements_of
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import agree as agreement
from hourtab.ledger.verbs import bring_in as batches
from hourtab.ledger.verbs import close as statements
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs import log as services
from hourtab.ledger.verbs.bring_in import Batch, SourceRow
from hourtab.retainers.models import Retainer
from hourtab.retainers.services import open_retainer

pytestmark = pytest.mark.django_db
FIRST = date(2027, 1, 1)


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), tzinfo=UTC)


@pytest.fixture
def busy(northlight) -> Retainer:
    chance = random.Random(7)
    terms = Terms(
        FIRST,
        170 * HOUR,
        "month",
        FIRST,
        rollover=Rollover(1, Percent(20)),
        overage=Overage("ask", rate=9000),
        rounding=Rounding(360),
    )
    retainer = open_retainer(northlight, client="Acme", name="Service desk", terms=terms)
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=noon(FIRST))
    source = Source.objects.create(workspace=northlight, tool="toggl")
    months = [start(FIRST, "month", k) for k in range(13)]
    changes = {
        4: {"cap": 150 * HOUR, "overage": Overage("deduct", 20 * HOUR, 9000)},
        7: {"cap": 160 * HOUR, "overage": Overage("bill", rate=11000)},
        10: {"cap": 180 * HOUR, "overage": Overage("ask"), "rollover": Rollover(None)},
    }
    for k, month in enumerate(months[:12]):
        days = (months[k + 1] - month).days
        for half in (0, 1):
            rows = []
            for number in range(84):
                on = month + timedelta(days=chance.randrange(days // 2) + half * (days // 2))
                work = Work(
                    on,
                    chance.randrange(600, 14400),
                    time(8 + number % 9),
                    description=f"Ticket {number}",
                    category="Help",
                )
                rows.append(SourceRow(work, number + 2, f"{k:02d}{half}{number:029d}"))
            now = noon(month + timedelta(days=half * (days // 2) + days // 2))
            batches.apply_batch(
                retainer, Batch(f"b{k}{half}", source, rows), by=None, now=now, tool="Toggl"
            )
        following = months[k + 1]
        if k + 2 in changes:
            agreed = replace(
                Retainer.objects.get(pk=retainer.pk).versions()[-1],
                effective_on=following,
                **changes[k + 2],
            )
            agreement.change_terms(
                retainer, agreed, by=None, now=noon(following - timedelta(days=2))
            )
        if k == 5:
            agreement.pause(retainer, months[7], by=None, now=noon(month + timedelta(days=20)))
        if k % 2:
            late = Work(months[k - 1] + timedelta(days=3), 5400, description="Found later")
            services.log_time(retainer, late, by=None, now=noon(following - timedelta(days=1)))
            closed = Entry.objects.filter(
                retainer=retainer,
                on__range=(months[k - 1], months[k - 1] + timedelta(days=9)),
                corrects=None,
            )
            for entry in closed.order_by("key")[:3]:
                work = corrections.standing_work(entry)
                services.edit_entry(
                    entry,
                    work._replace(amount=work.amount // 2),
                    by=None,
                    now=noon(following - timedelta(days=1)),
                )
        if k in (4, 9):
            since = months[1 if k == 4 else 2]
            statements.reopen_cycle(
                retainer,
                since,
                by=None,
                now=noon(following - timedelta(days=1)),
                reason="Agreed with the CFO",
            )
    jobs.turn_the_day(noon(date(2028, 1, 20)))
    return Retainer.objects.get(pk=retainer.pk)


def test_it_replays_to_the_same_statements(busy) -> None:
    as_of = date(2028, 1, 20)
    assert entries.latest(busy).count() > 2000
    assert findings(busy, noon(as_of)) == []
    document = read.from_text(json.dumps(ledger_document(busy, as_of)))
    replayed = {
        cycle.starts_on: write.cycle_json(cycle)
        for cycle in statement(document.ledger, document.as_of).cycles
    }
    standing = statements_of(busy)
    assert [row.number for row in standing] == list(range(1, 13))
    assert max(row.version for row in standing) == 3
    for row in standing:
        assert {key: row.totals[key] for key in replayed[row.starts_on]} == replayed[row.starts_on]
    assert Statement.objects.filter(retainer=busy).count() > 12
    assert any(cycle["reinstated"] for cycle in replayed.values()) or any(
        cycle["topped_up"] for cycle in replayed.values()
    )
    states = {cycle["state"] for cycle in replayed.values()}
    assert states == {"closed", "open"}
