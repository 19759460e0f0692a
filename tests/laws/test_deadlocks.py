"""Whoever wants several retainers takes them in the order of their keys, whatever their names; and
what the database gave up for the sake of another is done again.
"""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from hourtab.archive import erasure
from hourtab.clients.services import rename_client
from hourtab.imports import verbs as imports
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.models import Entry
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import log as services
from hourtab.ledger.writing import record
from hourtab.lib import locking
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer
from hourtab.sharing.services import change_retainers, share
from tests.builders import NOW, a_retainer, log, toggl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(northlight) -> list[Retainer]:
    """Two retainers of one client; the older one's name comes last."""
    return [a_retainer(northlight, name=name) for name in ("Zeta", "Alpha")]


def walk(retainers: list[Retainer], *, is_under_way: threading.Event) -> None:
    """Take one retainer after the other, slowly."""
    with transaction.atomic():
        for retainer in retainers:
            record.lock(retainer)
            is_under_way.set()
            time.sleep(0.4)
            retainer.touch()


def beside_one_who_walks(retainers: list[Retainer], job: Callable[[], object]) -> None:
    """Do the job while somebody takes these retainers in their order; both get to the end."""
    failed: list[BaseException] = []
    under_way = threading.Event()

    def work() -> None:
        try:
            walk(retainers, is_under_way=under_way)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=work)
    other.start()
    under_way.wait(20)
    job()
    other.join(30)
    assert failed == []


@pytest.fixture
def once_only(monkeypatch) -> None:
    """Nothing is tried again: the order alone has to do."""
    monkeypatch.setattr(locking, "TRIES", 1)


@pytest.mark.usefixtures("once_only")
def test_a_client_is_renamed_beside_one_who_locks_in_order(two) -> None:
    beside_one_who_walks(two, lambda: rename_client(two[0].client, "Umbrella"))
    assert {row.version for row in Retainer.objects.all()} == {two[0].version + 2}


@pytest.mark.usefixtures("once_only")
def test_an_import_is_taken_back_beside_one_who_locks_in_order(northlight) -> None:
    two = [a_retainer(northlight, client=name) for name in ("Zeta", "Alpha")]
    file = toggl("06-03 09:00 1:00 Call | Zeta", "06-04 09:00 1:00 Call | Alpha")
    done = imports.apply(Upload("week.csv", file), northlight, None, by=None, now=NOW)
    assert done.parts.count() == 2
    beside_one_who_walks(two, lambda: imports.undo(done, by=None, now=NOW))
    assert not Entry.objects.filter(is_withdrawn=False).exists()


@pytest.mark.usefixtures("once_only")
def test_a_person_is_erased_beside_one_who_locks_in_order(northlight, ada, two) -> None:
    for retainer in reversed(two):
        log(retainer, "2027-06-03", "1h", person="Jane Doe")
    beside_one_who_walks(
        two,
        lambda: erasure.erase(northlight, erasure.Person("Jane Doe", ""), by=ada.member, now=NOW),
    )
    assert all(findings(retainer, NOW) == [] for retainer in two)


@pytest.mark.usefixtures("once_only")
def test_lines_of_two_retainers_are_converted_beside_one_who_locks_in_order(two) -> None:
    lines = [log(retainer, "2027-06-03", "1h") for retainer in reversed(two)]
    beside_one_who_walks(
        two, lambda: services.convert_to_project(lines, by=None, now=NOW, reason="Agreed")
    )
    assert {record.latest_work(line).scope for line in lines} == {"project"}


def test_two_who_change_what_a_link_shows_leave_one_of_both_orders(two) -> None:
    link, orders = share(two[:1], by=None), [two, two[::-1]]
    threads = [threading.Thread(target=_changed, args=[link, order]) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    shown = [row.retainer for row in link.shown.order_by("position")]
    assert shown in orders


def _changed(link, order) -> None:
    try:
        change_retainers(link, order)
    finally:
        connection.close()


@whole
def crosswise(retainers: list[Retainer]) -> None:
    """What nobody should do, and what a foreign key or an index may do all the same."""
    for retainer in retainers:
        record.lock(retainer)
        time.sleep(0.4)
        retainer.touch()


def test_what_was_given_up_for_another_is_done_again(two) -> None:
    before = two[0].version
    threads = [threading.Thread(target=_crosswise, args=[order]) for order in (two, two[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {row.version for row in Retainer.objects.all()} == {before + 2}


def _crosswise(order: list[Retainer]) -> None:
    try:
        crosswise(order)
    finally:
        connection.close()
