"""Questions cost what they make a process do: ten documents a minute and address, two costly ones
at once.
"""

import asyncio

import pytest

from hourtab.lane import costs
from hourtab.lane.lane import Lane
from hourtab.lane.store import reader
from hourtab.sharing.services import share
from tests.builders import a_retainer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def links(northlight) -> list[str]:
    """Two addresses that answer."""
    return [share([a_retainer(northlight, name)], by=None).path for name in ("Acme", "Beta")]


def visits(ask, site=None):
    """Run `ask(visit)` against a lane in front of `site`."""

    async def answers(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def run():
        lane = Lane(reader(), site or answers, renderers=1)

        async def visit(path: str, query: str) -> int:
            statuses = []

            async def send(message) -> None:
                if "status" in message:
                    statuses.append(message["status"])

            scope = {
                "type": "http",
                "path": path,
                "method": "GET",
                "query_string": query.encode(),
                "headers": [],
                "client": ("203.0.113.7", 1),
            }
            await lane(scope, None, send)
            return statuses[0]

        try:
            return await ask(visit)
        finally:
            await lane.close()
            lane.renderers.shutdown()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        ("as=pdf", 10),
        ("as=csv", 10),
        ("%61s=json", 10),
        ("check", 10),
        ("year=2027", 10),
        ("retainer=1&all=&q=x", 10),
        ("q=call", 30),
        ("hours=15h", 30),
        ("page=2", 120),
        ("feed=json", 120),
    ],
)
def test_an_address_answers_so_many_a_minute_of_each_kind(query, answered, links) -> None:
    one, another = links

    async def ask(visit):
        first = [await visit(one, query) for _ in range(answered + 3)]
        return first, await visit(another, query)

    first, other = visits(ask)
    assert first == [200] * answered + [429] * 3
    assert other == 200, "each address has a budget of its own"


def test_a_statement_is_a_document_where_its_file_is_asked_for(northlight) -> None:
    address = f"/s/{a_retainer(northlight).ref}-1-" + "A" * 22

    async def ask(visit):
        return [await visit(address, "as=pdf") for _ in range(12)]

    assert visits(ask) == [200] * 10 + [429] * 2


def test_two_costly_questions_are_answered_at_once_and_pages_beside_them(
    links, monkeypatch
) -> None:
    running, most = 0, 0
    gate = asyncio.Event()

    async def slow(scope, receive, send) -> None:
        nonlocal running, most
        if b"page" not in scope["query_string"]:
            running += 1
            most = max(most, running)
            await gate.wait()
            running -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def until_running(many: int) -> None:
        while running < many:
            await asyncio.sleep(0.01)

    async def ask(visit):
        waiting = [asyncio.create_task(visit(links[0], "as=pdf")) for _ in range(5)]
        await until_running(costs.COSTLY_AT_ONCE)
        beside = await visit(links[0], "page=2")
        gate.set()
        return beside, await asyncio.gather(*waiting)

    assert visits(ask, slow) == (200, [200] * 5)
    assert most == costs.COSTLY_AT_ONCE

    gate.clear()
    monkeypatch.setattr(costs, "WAITS_SECONDS", 0.05)

    async def ask_in_vain(visit):
        waiting = [asyncio.create_task(visit(links[0], "as=pdf")) for _ in range(2)]
        await until_running(2)
        late = await visit(links[0], "as=pdf")
        gate.set()
        return late, await asyncio.gather(*waiting)

    gate = asyncio.Event()
    assert visits(ask_in_vain, slow) == (503, [200] * 2)
