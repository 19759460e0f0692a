"""An import costs what its own rows cost, whatever else the workspace holds."""

import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.imports import verbs
from hourtab.imports.errors import Refusal
from hourtab.imports.models import Import, SourceRule
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.models import Entry, Source, Statement
from hourtab.ledger.reading import entries
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.writing import bulk
from hourtab.ledger.writing.bulk import Listing
from hourtab.retainers.models import Retainer
from tests.builders import NOW, a_retainer, toggl

pytestmark = pytest.mark.django_db

FIRST, ROW = toggl("06-02 09:00 1:00 Plan"), toggl("06-03 09:00 1:30 Prep call")

APPLY = {
    # What arrives, before anything is locked.
    "SELECT ledger_source": 4,  # when read; its rules; the same under the lock; locked to be kept
    "SELECT retainers_retainer": 4,  # all, twice; those that rows go to locked, and by the ledger
    "SELECT imports_sourcerule": 2,
    "SELECT imports_import": 1,  # the rules of the last import
    # What each row would do.
    "SELECT ledger_entry": 5,  # listed; of other sources; elsewhere; keys; corrections
    "SELECT ledger_revision": 2,  # doubles; the cycle's entries
    "SELECT retainers_category": 1,
    "SELECT retainers_weightrule": 1,
    # Agreement and closes: once for the plan, once for the write, and once behind its lock.
    "SELECT retainers_terms": 3,
    "SELECT retainers_pause": 3,
    "SELECT ledger_statement": 7,
    # What the calculation needs beside.
    "SELECT ledger_topup": 1,
    "SELECT ledger_transfer": 1,
    "SELECT ledger_authorisation": 1,
    "SELECT ledger_hold": 1,
    "SELECT ledger_decision": 1,
    "SELECT ledger_cycle": 6,  # the balance before and after; the state to resume from; levels
    # What is written.
    "SELECT ledger_write": 2,
    "INSERT ledger_write": 1,
    "INSERT ledger_entry": 1,
    "INSERT ledger_revision": 1,
    "DECLARE ledger_entry": 1,  # a cursor of PostgreSQL
    "DELETE ledger_cycle": 1,
    "INSERT ledger_cycle": 1,
    "UPDATE ledger_write": 1,
    "UPDATE retainers_retainer": 3,
    "INSERT imports_import": 1,
    "INSERT imports_importpart": 1,
    "SAVEPOINT": 2,
    "RELEASE": 2,
}

# How each database takes rows in, with their keys: not by statements that can be compared.
TAKEN_IN = {"SELECT sqlite_sequence": 1, "SELECT generate_series": 1, "COPY STDIN": 2}


def named(sql: str) -> str:
    """`SELECT ledger_entry`, `SAVEPOINT`: what a query does, and to which table."""
    verb = sql.partition(" ")[0]
    table = re.search(r'(?:FROM|INTO|UPDATE) "?(\w+)', sql)
    return f"{verb} {table[1]}" if table else verb


@pytest.fixture
def workspace_of_51(northlight):
    a_retainer(northlight)
    for n in range(50):
        a_retainer(northlight, f"Client {n}")
    bring_in(northlight, FIRST)
    return northlight


def bring_in(workspace, content: bytes, retainer=None, answers=(), **more) -> Import:
    upload = Upload("week.csv", content, dict(answers))
    return verbs.apply(upload, workspace, retainer, by=None, now=NOW, **more)


def used(retainer: Retainer) -> list[str]:
    fresh = Retainer.objects.get(pk=retainer.pk)
    assert findings(fresh, NOW) == []
    return sorted(entries.latest(fresh).values_list("description", flat=True))


def test_one_row_into_a_workspace_of_51_retainers(workspace_of_51) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        bring_in(workspace_of_51, ROW)
    found = Counter(named(query["sql"]) for query in asked.captured_queries)
    assert {
        name: count for name, count in found.items() if count > (APPLY | TAKEN_IN).get(name, 0)
    } == {}
    taken_in = sum(found[name] for name in TAKEN_IN)
    assert found.total() - taken_in <= 60


def test_the_preview_of_one_row_costs_the_same_beside_4_and_beside_51(northlight) -> None:
    counts = []
    for many in (4, 47):
        for n in range(many):
            a_retainer(northlight, "Acme" if not Retainer.objects.exists() else f"C {many} {n}")
        with CaptureQueriesContext(connection) as asked:
            verbs.examine(Upload("week.csv", ROW), northlight, NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 42


def test_the_first_import_of_a_morning_computes_its_retainer_once(workspace_of_51) -> None:
    Retainer.objects.update(balanced_on=None)
    with CaptureQueriesContext(connection) as asked:
        bring_in(workspace_of_51, ROW)
    assert len(asked) <= 76
    assert Retainer.objects.exclude(balanced_on=None).count() == 1


def test_only_what_rows_go_to_is_closed_and_computed(northlight) -> None:
    acme, beta = (a_retainer(northlight, name, starts="2027-05-01") for name in ("Acme", "Beta"))
    bring_in(northlight, ROW)
    assert list(Statement.objects.values_list("retainer", flat=True)) == [acme.pk]
    assert Retainer.objects.get(pk=beta.pk).version == beta.version


def test_a_rule_made_between_reading_and_locking_is_followed(northlight) -> None:
    acme, beta = (a_retainer(northlight, name) for name in ("Acme", "Beta"))
    bring_in(northlight, FIRST)

    def meanwhile(phase: str) -> None:
        if phase == "writing":
            SourceRule.objects.create(
                source=Source.objects.get(), conditions={"client": ["Acme"]}, retainer=beta
            )

    done = bring_in(northlight, ROW, progress=meanwhile)
    assert (used(acme), used(beta)) == (["Plan"], ["Prep call"])
    assert [part.retainer for part in done.parts.all()] == [beta]


def test_a_rule_made_meanwhile_is_refused_where_something_else_was_shown(northlight) -> None:
    acme, beta = (a_retainer(northlight, name) for name in ("Acme", "Beta"))
    bring_in(northlight, FIRST)
    shown = verbs.examine(Upload("week.csv", ROW), northlight, NOW).fingerprint
    SourceRule.objects.create(
        source=Source.objects.get(), conditions={"client": ["Acme"]}, retainer=beta
    )
    with pytest.raises(Refusal, match="has changed since"):
        bring_in(northlight, ROW, expect=shown)
    assert (used(acme), used(beta)) == (["Plan"], [])


def test_one_row_is_stored_without_reading_the_keys_of_others(northlight) -> None:
    retainer = a_retainer(northlight)
    bring_in(northlight, toggl(*(f"06-02 09:00 0:01 Line {n}" for n in range(300))), retainer)
    with CaptureQueriesContext(connection) as asked:
        bring_in(northlight, ROW, retainer)
    keys = [q["sql"] for q in asked.captured_queries if '"ledger_entry"."key" IN' in q["sql"]]
    assert [sql.count("-0000") for sql in keys] == [1]


def test_rows_alike_get_keys_of_their_own_also_where_some_are_taken(northlight) -> None:
    retainer = a_retainer(northlight)
    many = ["06-02 09:00 1:00 Plan"] * 5
    bring_in(northlight, toggl(*many), retainer)
    digest = Entry.objects.values_list("source_digest", flat=True).first()
    # What the source says of them now is another text; their keys stay.
    bulk.list_entries([Listing(e.pk, e.on, "0" * 32, True) for e in Entry.objects.all()])
    bring_in(northlight, toggl(*many[:2]), retainer, {"only_add": "yes"})
    keys = set(Entry.objects.values_list("key", flat=True))
    assert {f"{digest}-{n:05d}" for n in range(1, 8)} == keys


def test_what_an_undone_import_withdrew_comes_back_by_its_key(northlight) -> None:
    retainer = a_retainer(northlight)
    done = bring_in(northlight, FIRST, retainer)
    verbs.undo(done, by=None, now=NOW)
    assert used(retainer) == []
    bring_in(northlight, FIRST, retainer)
    assert (used(retainer), Entry.objects.count()) == (["Plan"], 1)
