"""Links: what they show, to whom they were given, until when they answer, and how often they were
opened.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from hourtab.lane import limits
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Statement
from hourtab.lib import tokens
from hourtab.retainers.models import Retainer
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.counting import write_views
from hourtab.sharing.models import FormerAddress, ShareLink, StoredPage, ViewDay
from hourtab.sharing.services import (
    change_link,
    change_retainers,
    forget_former,
    revoke_link,
    rotate_link,
    share,
)
from tests.builders import NOW, a_retainer, log
from tests.sharing.test_pages import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

OPTIONS = {
    "label": "For the CFO",
    "given_to": "Carl Brandt",
    "shows_descriptions": "on",
    "shows_categories": "on",
    "shows_courtesy": "on",
    "shows_worked": "on",
    "shows_past": "on",
    "shows_documents": "on",
    "splits_by": "category",
    "locale": "",
    "hour_format": "",
    "expires_on": "",
    "takes_subscribers": "on",
}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight):
    retainer = a_retainer(northlight, "Brightwater", "ERP programme", starts="2027-04-01")
    log(retainer, "2027-04-05", "3h", "Old work", now=datetime(2027, 4, 5, 12, tzinfo=UTC))
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=datetime(2027, 4, 1, tzinfo=UTC))
    turn_the_day(NOW)
    log(retainer, "2027-06-03", "2h", "Interviews")
    return Retainer.objects.get(pk=retainer.pk)


async def end(lane) -> None:
    await lane.close()
    await asyncio.get_running_loop().run_in_executor(lane.renderers, lambda: connection.close())
    lane.renderers.shutdown()


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def test_a_link_is_made_with_everything_the_form_offers(ada, carl, retainer, northlight) -> None:
    other = a_retainer(northlight, "Brightwater", "Helpdesk", starts="2027-06-01")
    shown = {
        "retainers": [retainer.pk, other.pk],
        "expires_on": "2027-06-30",
        "locale": "de-DE",
        "has_feeds": "on",
        "unfurls": "on",
    }
    assert ada.post(f"/retainers/{retainer.ref}/links/add", OPTIONS | shown).status_code == 302
    link = ShareLink.objects.get()
    assert [row.retainer for row in link.shown.all()] == [retainer, other]
    assert (link.label, link.given_to, link.has_feeds, link.locale) == (
        "For the CFO",
        "Carl Brandt",
        True,
        "de-DE",
    )
    assert link.expires_at == datetime(2027, 7, 1, tzinfo=UTC), (
        "the day it expires on is its last whole one"
    )
    said = ada.get(f"/retainers/{retainer.ref}/links").content.decode()
    assert "Given to Carl Brandt." in said
    assert "?feed=calendar" in said
    assert b"Carl Brandt" not in carl.get(link.path + "?page=1").content
    assert b"For the CFO" not in carl.get(link.path + "?page=1").content


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expires_on": "2027-06-21"}, "This day is over."),
        ({"splits_by": "person"}, "This would name people."),
        ({"splits_by": "colour"}, "not one of the available choices"),
        ({"locale": "xx-YY"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(ada, retainer, change, said) -> None:
    answer = ada.post(f"/retainers/{retainer.ref}/links/add", OPTIONS | change)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ShareLink.objects.exists()


def test_a_link_never_shows_a_retainer_of_another_client(ada, retainer, northlight, olga) -> None:
    foreign = a_retainer(northlight, "Someone else", starts="2027-06-01")
    own = a_retainer(northlight, "Brightwater", "Helpdesk", starts="2027-06-01")
    answer = ada.post(
        f"/retainers/{retainer.ref}/links/add", OPTIONS | {"retainers": [own.pk, foreign.pk]}
    )
    assert answer.status_code == 422
    link = share([retainer], by=None)
    for wrong in ([], [retainer, foreign]):
        with pytest.raises(ValueError, match="one client"):
            change_retainers(link, wrong)


def test_changing_the_retainers_of_a_link_changes_its_page(
    ada, visitor, retainer, northlight
) -> None:
    other = a_retainer(northlight, "Brightwater", "Helpdesk", starts="2027-06-01")
    link = share([retainer], by=None)
    before = visitor.get(link.path)
    assert (
        ada.post(
            f"/links/{link.pk}/change", OPTIONS | {"retainers": [retainer.pk, other.pk]}
        ).status_code
        == 302
    )
    after = visitor.get(link.path)
    assert b"Helpdesk" not in before[2]
    assert b"Helpdesk" in after[2]
    assert before[1][b"etag"] != after[1][b"etag"]


def test_a_link_ends_with_the_day_it_expires_on(visitor, retainer) -> None:
    link = share([retainer], by=None, expires_at=datetime(2027, 6, 23, tzinfo=UTC))
    assert visitor.get(link.path)[0] == 200
    with time_machine.travel(datetime(2027, 6, 22, 23, 59, 59, tzinfo=UTC), tick=False):
        assert visitor.get(link.path)[0] == 200
    with time_machine.travel(datetime(2027, 6, 23, 0, 0, 1, tzinfo=UTC), tick=False):
        assert visitor.get(link.path)[0] == 404


def test_a_former_address_answers_in_its_grace_and_never_tells_the_new_one(
    ada, carl, visitor, retainer
) -> None:
    link = share([retainer], by=None)
    old, old_statement = link.path, statement_path(link, retainer.ref, 1)
    assert Statement.objects.exists()
    assert ada.post(f"/links/{link.pk}/rotate", {"grace": "7"}).status_code == 302
    fresh = ShareLink.objects.get()
    assert fresh.path != old
    visitor.get(old)
    assert visitor.went_on == [old], "the lane leaves a former address to the site"
    for query in ("", "?page=1", "?all", "?check", "?q=x"):
        said = carl.get(old + query).content.decode()
        assert "Brightwater" in said, query
        assert fresh.token not in said, query
        assert statement_path(fresh, retainer.ref, 1) not in said, query
    assert old_statement in carl.get(old).content.decode()
    assert carl.get(old_statement).status_code == 200
    assert carl.get(statement_path(fresh, retainer.ref, 1)).status_code == 200
    assert (
        "Its former address answers until"
        in ada.get(f"/retainers/{retainer.ref}/links").content.decode()
    )
    with time_machine.travel(NOW + timedelta(days=7, seconds=1), tick=False):
        assert carl.get(old).status_code == 404
        assert carl.get(old_statement).status_code == 404
        assert forget_former(NOW + timedelta(days=7, seconds=1)) == 1


def test_an_address_that_leaked_ends_at_once_with_all_before_it(visitor, carl, retainer) -> None:
    link = share([retainer], by=None)
    first = link.path
    link = rotate_link(link, grace=timedelta(days=7), now=NOW)
    second = link.path
    rotate_link(link)
    assert [carl.get(path).status_code for path in (first, second)] == [404, 404]
    link = rotate_link(ShareLink.objects.get(), grace=timedelta(days=7), now=NOW)
    revoke_link(link, now=NOW)
    assert not FormerAddress.objects.exists()


def test_a_preview_shows_the_page_and_counts_nothing(ada, ria, olga, retainer) -> None:
    link = share([retainer], by=None)
    for member in (ada, ria):
        answer = member.get(f"/links/{link.pk}/preview")
        assert b"Interviews" in answer.content
    assert b"1 line" in ada.get(f"/links/{link.pk}/preview?q=interviews").content
    assert ada.get(f"/links/{link.pk}/preview?check")["Location"] == f"{link.path}?check="
    assert olga.get(f"/links/{link.pk}/preview").status_code == 404
    assert not ViewDay.objects.exists()


def test_views_are_counted_by_day_and_nothing_else_is_known(retainer, ada) -> None:
    link, gone = share([retainer], by=None), share([retainer], by=None)
    from collections import Counter

    write_views(
        Counter(
            {
                (link.pk, date(2027, 6, 21)): 3,
                (link.pk, date(2027, 6, 22)): 1,
                (gone.pk + 999, date(2027, 6, 22)): 5,
            }
        )
    )
    write_views(Counter({(link.pk, date(2027, 6, 22)): 1}))
    assert list(ViewDay.objects.values_list("link", "on", "views")) == [
        (link.pk, date(2027, 6, 22), 2),
        (link.pk, date(2027, 6, 21), 3),
    ]
    assert {field.name for field in ViewDay._meta.fields} == {"id", "link", "on", "views"}
    said = ada.get(f"/retainers/{retainer.ref}/links").content.decode().replace("\u00a0", " ")
    assert "Opened 5 times, last on 22 June 2027." in said
    assert "Not opened yet." in said


def test_the_lane_counts_who_looks_and_not_what_fetches(retainer) -> None:
    from hourtab.lane.lane import Lane
    from hourtab.lane.store import reader

    link = share([retainer], by=None)

    async def visits() -> None:
        lane = Lane(reader(), None, renderers=1)

        async def send(message) -> None:
            pass

        for method, mode in (
            ("GET", None),
            ("GET", b"navigate"),
            ("GET", b"cors"),
            ("HEAD", None),
            ("GET", None),
        ):
            headers = [(b"sec-fetch-mode", mode)] if mode else []
            await lane(
                {
                    "type": "http",
                    "path": link.path,
                    "method": method,
                    "query_string": b"",
                    "headers": headers,
                },
                None,
                send,
            )
        assert lane.views == {(link.pk, NOW.date()): 3}
        await end(lane)

    asyncio.run(visits())
    assert ViewDay.objects.get().views == 3


def test_wrong_addresses_are_limited_by_visitor_and_what_is_there_stays_open(
    retainer, settings
) -> None:
    from hourtab.lane.lane import WRONG_A_MINUTE, Lane
    from hourtab.lane.store import reader

    link, other = share([retainer], by=None), share([retainer], by=None)
    answers: list[int] = []

    async def visits() -> None:
        lane = Lane(reader(), None, renderers=1)

        async def send(message) -> None:
            if "status" in message:
                answers.append(message["status"])

        async def visit(path: str, client: str) -> int:
            scope = {
                "type": "http",
                "path": path,
                "method": "GET",
                "query_string": b"",
                "headers": [],
                "client": (client, 1),
            }
            await lane(scope, None, send)
            return answers[-1]

        assert await visit(link.path, "203.0.113.9") == 200
        wrong = [
            await visit("/r/" + tokens.digest_of(str(i))[:22], "203.0.113.7")
            for i in range(WRONG_A_MINUTE + 5)
        ]
        assert wrong == [404] * WRONG_A_MINUTE + [429] * 5
        assert await visit(link.path, "203.0.113.7") == 200, (
            "the office goes on reading what it reads"
        )
        assert await visit(other.path, "203.0.113.7") == 200, (
            "what is there is never refused for what a neighbour tried"
        )
        assert await visit(other.path, "203.0.113.8") == 200
        await end(lane)

    asyncio.run(visits())


def test_who_a_visitor_is(settings) -> None:
    def visitor_of(client: str, said: str = "") -> str:
        headers = [(b"x-forwarded-for", said.encode())] if said else []
        return limits.visitor_of({"client": (client, 1), "headers": headers})

    assert visitor_of("203.0.113.7", "198.51.100.1") == "203.0.113.7", (
        "without a proxy of ours nobody is believed"
    )
    assert visitor_of("2001:db8:1:2:3::4") == visitor_of("2001:db8:1:2:ffff::9")
    settings.TRUSTED_PROXIES = 1
    assert visitor_of("10.0.0.1", "1.2.3.4, 198.51.100.1") == "198.51.100.1"
    settings.TRUSTED_PROXIES = 2
    assert visitor_of("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2") == "198.51.100.1"
    assert visitor_of("10.0.0.1", "198.51.100.1") == "10.0.0.1"


def test_a_page_in_memory_is_never_older_than_the_database(retainer) -> None:
    from hourtab.lane.lane import Lane
    from hourtab.lane.store import reader

    link = share([retainer], by=None)
    seen: list[bytes] = []

    async def visits() -> None:
        lane = Lane(reader(), None, renderers=1)

        async def send(message) -> None:
            seen.append(message.get("body", b""))

        async def visit() -> bytes:
            await lane(
                {
                    "type": "http",
                    "path": link.path,
                    "method": "GET",
                    "query_string": b"",
                    "headers": [],
                },
                None,
                send,
            )
            return seen[-1].replace(b"\xc2\xa0", b" ")

        loop = asyncio.get_running_loop()
        for hours in (1, 2, 3):
            both = await asyncio.gather(visit(), visit(), visit())
            assert len(set(both)) == 1
            said = f"{2 + sum(range(hours))} of 20 h".encode()
            assert said in both[0]
            await loop.run_in_executor(
                lane.renderers, lambda n=hours: log(retainer, "2027-06-04", f"{n}h")
            )
        await loop.run_in_executor(lane.renderers, lambda: StoredPage.objects.all().delete())
        assert b"8 of 20 h" in await visit()
        await loop.run_in_executor(lane.renderers, lambda: revoke_link(link, now=NOW))
        assert b"This link is not active" in await visit()
        await end(lane)

    asyncio.run(visits())


def test_change_link_keeps_what_is_not_named(retainer) -> None:
    link = share([retainer], by=None, label="Mine", shows_people=True)
    change_link(link, shows_past=False)
    fresh = ShareLink.objects.get()
    assert (fresh.label, fresh.shows_people, fresh.shows_past) == ("Mine", True, False)
    assert fresh.version == link.version + 1
