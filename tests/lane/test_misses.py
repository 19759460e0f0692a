"""Wrong addresses: so many a minute and visitor, and never at the cost of whoever sits beside."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from hourtab.accounts.models import Invitation
from hourtab.lane.lane import WRONG_A_MINUTE, Lane
from hourtab.lane.limits import Limit
from hourtab.lane.places import IN_LANE
from hourtab.lane.store import reader
from hourtab.lib import tokens
from hourtab.lib.addressed import Addressed
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.lookups import lookups
from hourtab.sharing.models import Subscription
from hourtab.sharing.services import rotate_link, share
from tests.builders import NOW, a_retainer

pytestmark = pytest.mark.django_db(transaction=True)


class Street:
    """Visitors of one lane, whose Django answers as it is told."""

    def __init__(self) -> None:
        self.went_on: list[str] = []
        self.found: set[str] = set()
        self.lane = Lane(reader(), self.site, renderers=1)

    async def site(self, scope, receive, send) -> None:
        self.went_on.append(scope["path"])
        await asyncio.sleep(0.01)
        status = 200 if scope["path"] in self.found else 404
        await send({"type": "http.response.start", "status": status, "headers": []})

    async def visit(self, path: str, client: str = "203.0.113.7", query: bytes = b"") -> int:
        statuses = []

        async def send(message) -> None:
            if "status" in message:
                statuses.append(message["status"])

        scope = {"type": "http", "path": path, "method": "GET", "query_string": query}
        await self.lane(scope | {"headers": [], "client": (client, 1)}, None, send)
        return statuses[0]

    async def burst(self, paths: list[str], query: bytes = b"") -> Counter[int]:
        return Counter(await asyncio.gather(*(self.visit(path, query=query) for path in paths)))


def walk(story) -> None:
    async def told() -> None:
        street = Street()
        try:
            await story(street)
        finally:
            await street.lane.reader.close()
            await asyncio.get_running_loop().run_in_executor(
                street.lane.renderers, lambda: connection.close()
            )
            street.lane.renderers.shutdown()

    asyncio.run(told())


def wrong(place: str, count: int) -> list[str]:
    return [place + tokens.digest_of(str(n))[:22] for n in range(count)]


@pytest.mark.parametrize("place", sorted(IN_LANE))
@pytest.mark.parametrize("query", [b"", b"page=2"])
def test_of_three_hundred_wrong_ones_at_once_no_more_get_through_than_one_by_one(
    place, query
) -> None:
    async def story(street: Street) -> None:
        answers = await street.burst(wrong(place, 300), query)
        assert answers == {404: WRONG_A_MINUTE, 429: 300 - WRONG_A_MINUTE}
        assert street.went_on == [], "Django is not asked for what is not there"

    walk(story)


def test_what_is_there_is_answered_whatever_a_neighbour_tried(northlight) -> None:
    retainer = a_retainer(northlight, starts="2026-01-01")
    link = share([retainer], by=None)
    former = link.path
    rotate_link(link, grace=timedelta(days=1), now=NOW)
    link.refresh_from_db()
    subscription = Subscription.objects.create(link=link, to="cfo@acme.example", asked_at=NOW)
    paths = [link.path, former, subscription.path, statement_path(link, retainer.ref, 1)]

    async def story(street: Street) -> None:
        street.found |= set(paths)
        await street.burst(wrong("/r/", 100))
        for path in paths:
            for query in (b"", b"page=1"):
                assert await street.visit(path, query=query) == 200, (path, query)
        assert await street.visit(f"/r/{'A' * 22}") == 429

    walk(story)


def test_guesses_at_one_retainers_statements_bar_from_these_alone(northlight) -> None:
    one, other = (a_retainer(northlight, name, starts="2026-01-01") for name in ("A", "B"))
    guesses = [f"/s/{one.ref}-1-{address[3:]}" for address in wrong("/s/", 100)]

    async def story(street: Street) -> None:
        street.found.add(right := f"/s/{other.ref}-1-{'A' * 22}")
        assert await street.burst(guesses) == {404: WRONG_A_MINUTE, 429: 100 - WRONG_A_MINUTE}
        assert len(street.went_on) == WRONG_A_MINUTE
        assert await street.visit(right) == 200
        assert await street.visit(guesses[0], client="203.0.113.8") == 404, "nor anybody else"

    walk(story)


def test_every_place_of_the_lane_can_be_looked_up() -> None:
    assert set(lookups()) == set(IN_LANE)
    assert Invitation in Addressed.__subclasses__()


def test_of_many_threads_at_once_no_more_get_through() -> None:
    limit = Limit(30)
    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(lambda _: limit.take("a"), range(3_000)))
    assert taken.count(True) == 30
    limit.give_back("a")
    assert [limit.take("a"), limit.take("a"), limit.take("b")] == [True, False, True]
