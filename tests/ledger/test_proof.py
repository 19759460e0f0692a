"""The chain: whatever is changed behind the ledger is named; what is erased for privacy still
verifies.
"""

import copy
import json
from datetime import date

import pytest
from django.db import connection

from hourtab.core.amounts import HOUR
from hourtab.core.document import read
from hourtab.core.document.fields import DocumentError
from hourtab.core.statement import statement
from hourtab.ledger.models import Entry, Revision
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import erase as erasing
from hourtab.ledger.verbs import log as services
from hourtab.ledger.writing.chain import head
from hourtab.retainers.models import Retainer
from tests.builders import log, work
from tests.ledger.test_statements import JANUARY, a_january, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def retainer(northlight) -> Retainer:
    """January closed with 13 h of which 3 await; a decision, a top-up, late work, a correction, an
    edit.
    """
    retainer = a_january(northlight, rollover=1, used="13h")
    services.decide(
        retainer, cycle_on=JANUARY, amount=HOUR, outcome="bill", by=None, now=at("02-15"), rate=9000
    )
    services.top_up(retainer, seconds=HOUR, on=date(2027, 2, 1), by=None, now=at("02-15"))
    log(retainer, "2027-01-28", "2h", "Late call with Zofia", now=at("02-16"), person="Mara")
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        entry, work("2027-01-05", "12h", "January's work"), by=None, now=at("02-17")
    )
    entry = Entry.objects.get(on=date(2027, 2, 3))
    services.edit_entry(
        entry, work("2027-02-03", "3:30", "February's work"), by=None, now=at("02-17")
    )
    return Retainer.objects.get(pk=retainer.pk)


@pytest.fixture
def document(retainer) -> dict:
    return json.loads(json.dumps(ledger_document(retainer, date(2027, 2, 17))))


def test_the_document_carries_the_chain_and_verifies(retainer, document) -> None:
    found = read.from_json(document)
    assert found.chain.head == head(retainer) != ""
    assert found.chain.records == sum(len(write["records"]) for write in document["revisions"])
    assert [write["kind"] for write in document["revisions"]] == [
        "open",
        "log",
        "log",
        "close",
        "decide",
        "topup",
        "log",
        "correct",
        "edit",
    ]
    assert len(statement(found.ledger, found.as_of).cycles) == 2
    assert findings(retainer, at("02-17")) == []


def entry_at(document: dict, text: str) -> dict:
    return next(entry for entry in document["entries"] if entry["description"] == text)


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (
            lambda d: entry_at(d, "February's work").update(description="Other"),
            r"entries\[\d\].description: is not what record 10",
        ),
        (
            lambda d: entry_at(d, "February's work").update(amount=12601),
            r"entries\[\d\].amount: is not what record 10",
        ),
        (
            lambda d: d["entries"].remove(entry_at(d, "February's work")),
            r"entries: “.*” is missing; record 10",
        ),
        (
            lambda d: d["entries"].append(entry_at(d, "February's work") | {"id": "x"}),
            r"entries\[4\]: is not in the chain",
        ),
        (lambda d: d["topups"][0].update(amount=7200), r"topups\[0\].amount: is not what record"),
        (lambda d: d["topups"].clear(), r"topups: “t001” is missing"),
        (lambda d: d["closes"].clear(), r"missing|does not post|more than"),
        (lambda d: d["terms"][0].update(cap=1), r"terms\[0\].cap|more than"),
        (lambda d: d["decisions"][0].update(rate=1), r"decisions\[0\].rate: is not what record"),
        (
            lambda d: d["retainer"].update(zone="Europe/Berlin"),
            r"retainer.zone: is not what record 1",
        ),
        (
            lambda d: d["revisions"][1]["records"][0].update(description="Other"),
            r"revisions\[1\].records\[0\]: record 3 .* was altered",
        ),
        (
            lambda d: d["revisions"][1]["records"][0].update(amount=1),
            r"revisions\[1\].records\[0\]: record 3 .* was altered",
        ),
        (
            lambda d: d["revisions"][1]["records"].clear(),
            r"revisions\[1\]|revisions\[2\].records\[0\]: is not record 3",
        ),
        (
            lambda d: d["revisions"].pop(2),
            r"revisions\[2\].records\[0\]: is not record 4: one is missing",
        ),
        (
            lambda d: d["revisions"].reverse(),
            r"is not record 1: one is missing, or two were swapped",
        ),
        (
            lambda d: swap(d["revisions"][0]["records"]),
            r"revisions\[0\].records\[0\]: is not record 1: .*swapped",
        ),
        (
            lambda d: renumbered(swap(d["revisions"][0]["records"])),
            r"revisions\[0\].records\[0\]: write 1 does not give its hash",
        ),
        (
            lambda d: d["revisions"][1]["records"][0].pop("salt"),
            r"revisions\[1\].records\[0\]: record 3 .* is not complete",
        ),
        (lambda d: d["revisions"][4].update(records=7), r"revisions\[4\]: is no write"),
        (lambda d: d.update(revisions={}) or d.update(revisions="x"), r"revisions: must be a list"),
    ],
)
def test_the_first_record_that_does_not_fit_is_named(document, tamper, named) -> None:
    altered = copy.deepcopy(document)
    tamper(altered)
    with pytest.raises(DocumentError, match=named):
        read.from_json(altered)


def swap(records: list) -> list:
    records[0], records[1] = records[1], records[0]
    return records


def renumbered(records: list) -> None:
    for number, record in enumerate(records, 1):
        record["seq"] = number


def test_a_record_with_a_new_digest_breaks_the_hash_of_its_write(document) -> None:
    from hourtab.core.document import chain

    record = document["revisions"][5]["records"][0]
    record["amount"] = 7200
    record["digest"] = chain.record_digest(
        {key: value for key, value in record.items() if key not in ("seq", "digest")}
    )
    with pytest.raises(
        DocumentError, match=r"revisions\[5\].records\[0\]: write 6 does not give its hash"
    ):
        read.from_json(document)


def test_an_erased_text_still_verifies_and_is_nowhere(retainer) -> None:
    before = read.from_json(ledger_document(retainer, date(2027, 2, 17)))
    entry = Entry.objects.get(on=date(2027, 1, 28))
    erasing.erase_texts(entry, by=None, now=at("02-18"), reason="Asked for")
    document = ledger_document(retainer, date(2027, 2, 17))
    assert "Zofia" not in json.dumps(document)
    assert "Mara" not in json.dumps(document)
    after = read.from_json(document)
    assert after.chain.records == before.chain.records + 1
    assert findings(retainer, at("02-18")) == []
    assert statement(after.ledger, after.as_of) == statement(before.ledger, before.as_of)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM ledger_revision WHERE description LIKE %s", ["%Zofia%"]
        )
        assert cursor.fetchone() == (0,)


def test_an_erased_text_cannot_be_filled_in_again(retainer) -> None:
    entry = Entry.objects.get(on=date(2027, 1, 28))
    erasing.erase_texts(entry, by=None, now=at("02-18"))
    document = ledger_document(retainer, date(2027, 2, 17))
    next(item for item in document["entries"] if item["id"] == entry.key)["description"] = (
        "Invented"
    )
    with pytest.raises(DocumentError, match=r"entries\[\d\].description: is not what record"):
        read.from_json(document)


def test_verify_names_the_write_whose_hash_does_not_fit(retainer) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_write SET hash = %s WHERE number = 2 AND retainer_id = %s",
            ["0" * 64, retainer.pk],
        )
    found = findings(retainer, at("02-17"))
    assert any(line.startswith("write 2 (log") for line in found)


def test_verify_names_a_statement_that_was_changed(retainer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_statement SET lines = '[]'")
    assert findings(retainer, at("02-17")) == ["statement 1.1: its lines are not the computed ones"]


def test_the_same_revision_has_another_digest_in_another_place(retainer) -> None:
    digests = list(Revision.objects.values_list("digest", flat=True))
    assert len(set(digests)) == len(digests)
