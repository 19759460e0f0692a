"""From one database into another: same balances, same chains, same links, and nobody loses a
line.
"""

import urllib.request
from pathlib import Path

from tests.conftest import Installation

COUNT = """
from hourtab.ledger.models import *; from hourtab.overage.models import *; from hourtab.outbox.models import Delivery; from hourtab.accounts.models import User
print([model.objects.count() for model in (Entry, Revision, Write, Statement, Request, RequestEvent, Delivery, User)])
print(sorted(Write.objects.values_list('hash', 'at')))
"""


def test_sqlite_moves_into_another_database_with_everything_it_has(
    installation, tmp_path: Path
) -> None:
    before = Installation(tmp_path / "before", f"sqlite:///{tmp_path}/before.sqlite3")
    demo = before.json("demo")
    told = before.run("shell", "-v", "0", "-c", COUNT)
    url = installation.environment["DATABASE_URL"]
    said = before.run("move", url)
    assert "the chains of all retainers end as they do here" in said
    # The keys go along by hand, as the documentation says.
    after = Installation(tmp_path / "before", url)
    assert after.json("verify")["findings"] == {}
    assert after.run("shell", "-v", "0", "-c", COUNT) == told
    path = "/r/" + demo["url"].rpartition("/r/")[2]
    with after.serve() as site:
        page = urllib.request.urlopen(site + path).read().decode()
    assert "Brightwater Foundry" in page
    # What is new gets a number of its own.
    after.run("log", "Call after the move, 45m @brightwater")
    assert after.json("verify")["findings"] == {}


def test_a_database_that_is_not_empty_takes_nothing(installation, tmp_path: Path) -> None:
    before = Installation(tmp_path / "before", f"sqlite:///{tmp_path}/before.sqlite3")
    before.open("Acme")
    ref, _ = installation.open("Beta")
    assert "The other database is not empty" in before.run(
        "move", installation.environment["DATABASE_URL"], status=2
    )
    assert installation.json("balance", ref, "--on", "2027-01-02")["used"] == 0
