from datetime import date

import pytest

from hourtab.ledger.errors import LedgerError
from hourtab.ledger.quick import line as quick_line
from hourtab.ledger.quick.line import QuickLineError
from hourtab.ledger.quick.log import log_line
from hourtab.retainers.models import Category, Retainer
from tests.builders import a_retainer

pytestmark = pytest.mark.django_db
TODAY = date(2027, 6, 22)  # a Tuesday


@pytest.fixture
def retainers(northlight):
    a_retainer(northlight, "Acme Corp", "Coaching", categories=("Session 3 prep", "Call"))
    a_retainer(northlight, "Brightwater Foundry", "ERP")
    a_retainer(northlight, "Brightwater Foundry", "Helpdesk")
    return list(Retainer.objects.all())


@pytest.mark.parametrize(
    ("line", "client", "on", "seconds", "category", "description"),
    [
        (
            "Session 3 prep: prior notes, 45m @acme yesterday",
            "Acme Corp",
            "2027-06-21",
            2700,
            "Session 3 prep",
            "prior notes",
        ),
        ("call: with Ben, 1h 30m @acme", "Acme Corp", "2027-06-22", 5400, "Call", "with Ben"),
        (
            "Vendor A: weekly call 1:15 @acme monday",
            "Acme Corp",
            "2027-06-21",
            4500,
            "",
            "Vendor A: weekly call",
        ),
        (
            "@brightwater/help printer, 0.5",
            "Brightwater Foundry",
            "2027-06-22",
            1800,
            "",
            "printer",
        ),
        ("45m notes @acme-corp 2027-06-03", "Acme Corp", "2027-06-03", 2700, "", "notes"),
        (
            "30m call prepared, 45m @acme 3.6.2027",
            "Acme Corp",
            "2027-06-03",
            2700,
            "",
            "30m call prepared",
        ),
        ("notes, 45m @acme last tuesday", "Acme Corp", "2027-06-15", 2700, "", "notes"),
    ],
)
def test_a_line_is_understood(retainers, line, client, on, seconds, category, description) -> None:
    read = quick_line.read(line, retainers, TODAY)
    assert (
        read.retainer.client.name,
        read.on.isoformat(),
        read.seconds,
        read.category,
        read.description,
    ) == (
        client,
        on,
        seconds,
        category,
        description,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("notes @acme", "Say how long it took"),
        ("45m @acme", "Say what was done"),
        ("notes, 45m", "Say for whom, for example @acme-corp/coaching"),
        ("notes, 45m @nobody", "No client matches “@nobody”"),
        (
            "notes, 45m @brightwater",
            "could be 2 retainers. Write one of @brightwater-foundry/erp, @brightwater-foundry/helpdesk",
        ),
        ("notes, 45m @acme 3/4", "could be two dates"),
        ("notes 45m and 30m more @acme", "Two durations"),
        ("notes, 1:5 @acme", "could mean 1:05 or 1:50"),
        ("notes, 45m @acme 2027-02-30", "not in the calendar"),
        ("notes, 45m @acme @bright", "names two clients"),
        ("notes, 45m @acme 2027-06-03 yesterday", "names two days"),
    ],
)
def test_a_line_that_could_mean_two_things_is_refused(retainers, line, sentence) -> None:
    with pytest.raises(QuickLineError) as refusal:
        quick_line.read(line, retainers, TODAY)
    assert sentence in str(refusal.value)


def test_the_only_retainer_needs_no_name(northlight) -> None:
    retainer = a_retainer(northlight)
    assert quick_line.read("notes, 45m", [retainer], TODAY).retainer == retainer


def test_text_before_a_colon_is_offered_as_a_category_when_it_is_not_one(retainers) -> None:
    assert (
        quick_line.read("Vendor A: weekly call, 1:15 @acme", retainers, TODAY).before_colon
        == "Vendor A"
    )


def test_a_refused_line_leaves_no_kind_of_work(retainers, now) -> None:
    told = {"by": None, "now": now, "category": "Advice"}
    with pytest.raises(LedgerError, match="more than 0"):
        log_line("Call, 0m @acme", retainers, **told)
    with pytest.raises(LedgerError, match="longer than 60"):
        log_line("Call, 1h @acme", retainers, **told | {"category": "A" * 61})
    assert not Category.objects.filter(name__startswith="A").exists()
    logged = log_line("Call, 1h @acme", retainers, **told)
    assert logged.work.category == "Advice"
    assert Category.objects.filter(retainer=logged.line.retainer, name="Advice").exists()
