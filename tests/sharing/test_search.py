"""Searching a log, also a long one: right whatever the letters, and never slower for finding
nothing.
"""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.ledger.models import Source
from hourtab.ledger.verbs import bring_in as batches
from hourtab.ledger.verbs.bring_in import Batch, SourceRow
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from hourtab.showing.search import MOST_FOUND
from tests.builders import NOW, a_retainer, log, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    return a_retainer(northlight, starts="2027-06-01", hours=9000)


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None)


def found(carl, link: ShareLink, asked: str) -> str:
    said = carl.get(link.path, {"q": asked}).content.decode().replace("\u00a0", " ")
    return said.split('role="status">')[1].split(" <a")[0]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Neue Straße", "STRASSE"),
        ("Neue Straße", "straße"),
        ("NEUE STRASSE", "straße"),
        ("Ärzte", "ärzte"),
        ("ärzte", "ÄRZTE"),
        ("Ärzte vom Board", "BOARD"),
        ("300 K Sensor", "k sensor"),
        ("日本語の仕事", "仕事"),
        ("100 % of it", "%"),
        ("a_b", "A_B"),
        ("Plain words", "WORDS plain"),
    ],
)
def test_a_word_is_found_whatever_its_case(carl, link, retainer, text, asked) -> None:
    log(retainer, "2027-06-03", "1h", text)
    log(retainer, "2027-06-04", "2h", "Otherwise ö")
    assert found(carl, link, asked) == "1 line, 1 h."


def test_the_time_found_is_that_of_every_line_and_only_the_first_are_read_whole(
    northlight, carl, link, retainer
) -> None:
    rows = [
        SourceRow(work("2027-06-03", "0:06", f"Ticket {n} für Köln"), n, f"{n:032d}")
        for n in range(MOST_FOUND + 50)
    ]
    source = Source.objects.create(workspace=northlight, tool="toggl")
    batches.apply_batch(retainer, Batch("big", source, rows), by=None, now=NOW, tool="Toggl")
    log(retainer, "2027-06-04", "1h", "köln, by project", scope="courtesy")
    said = found(carl, link, "KÖLN")
    assert said.startswith("251 lines, 26 h. 51 more are not shown")
    with CaptureQueriesContext(connection) as few:
        found(carl, link, "Ticket 7 für")
    with CaptureQueriesContext(connection) as none:
        assert found(carl, link, "nowhere").startswith("0 lines")
    assert len(few) - len(none) < 3


def test_no_further_page_and_no_search_makes_the_document(carl, link, retainer, ada) -> None:
    for minute in range(60):
        log(retainer, "2027-06-03", "6m", f"Line {minute}")
    stored = ada.get(f"/links/{link.pk}/preview").content.decode()
    assert "Fingerprint of exactly what this page shows" in stored
    for query in ("?page=2", "?q=line", "?hours=15h"):
        said = carl.get(link.path + query).content.decode()
        assert "Fingerprint of exactly" not in said, query
        assert '<a href="?check">Fingerprint, and how to check this</a>' in said, query
