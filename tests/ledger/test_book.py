"""A write reads a retainer's ledger once. A second."""

import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import a_retainer, log

pytestmark = pytest.mark.django_db

ONE_LINE = {
    "SAVEPOINT": 1,
    "SELECT retainers_retainer": 1,
    "SELECT retainers_terms": 1,
    "SELECT retainers_pause": 1,
    "SELECT retainers_weightrule": 1,
    "SELECT ledger_statement": 1,
    "SELECT ledger_write": 1,
    "SELECT ledger_cycle": 1,
    "SELECT ledger_entry": 1,  # how often a line like this is there already
    "SELECT ledger_revision": 1,  # the entries of the cycle
    "SELECT ledger_topup": 1,
    "SELECT ledger_transfer": 1,
    "SELECT ledger_authorisation": 1,
    "SELECT ledger_hold": 1,
    "SELECT ledger_decision": 1,
    "INSERT ledger_write": 1,
    "INSERT ledger_entry": 1,
    "INSERT ledger_revision": 1,
    "INSERT ledger_cycle": 1,
    "UPDATE ledger_write": 1,
    "UPDATE retainers_retainer": 1,
    "RELEASE": 1,
}


def test_one_more_line_asks_for_everything_once(northlight) -> None:
    retainer = a_retainer(northlight)
    for day in ("2027-06-02", "2027-06-03"):
        log(retainer, day, "1h")
    with CaptureQueriesContext(connection) as seen:
        log(retainer, "2027-06-04", "1h")
    asked = Counter(named(query["sql"]) for query in seen.captured_queries)
    assert asked == ONE_LINE
    assert sum(ONE_LINE.values()) == 22


def named(query: str) -> str:
    verb = query.split()[0]
    table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', query)
    return f"{verb} {table[1]}" if table else verb
