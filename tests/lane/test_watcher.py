"""What the watcher of open pages finds and whom it tells, when it stumbles, stands still, or a change
is committed long after it was written.
"""

import asyncio
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from hourtab.lane import live
from hourtab.lane.live import Live
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from tests.builders import a_retainer, log
from tests.sharing.test_live import in_thread, until, watching

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def link(northlight) -> ShareLink:
    return share([a_retainer(northlight, starts="2026-01-01")], by=None)


class Stumbling:
    """A way to the database that fails so many times when it is asked for a link."""

    def __init__(self, reader, times: int) -> None:
        self.reader, self.times = reader, times
        self.vendor = reader.vendor

    async def rows(self, query, values=()):
        if self.times and "token_digest" in query:
            self.times -= 1
            raise OSError("The database has gone away.")
        return await self.reader.rows(query, values)

    def state(self):
        return self.reader.state()

    async def close(self) -> None:
        await self.reader.close()


def a_line(link: ShareLink) -> None:
    log(link.retainers.get(), "2026-02-03", "1h", now=timezone.now())


def test_whoever_was_to_be_told_when_the_watcher_stumbled_is_told_after(northlight) -> None:
    retainer = a_retainer(northlight, starts="2026-01-01")
    one, other = share([retainer], by=None), share([retainer], by=None)

    async def story() -> None:
        async with watching(2, one.token_digest) as (registry, viewers, _):
            more = await viewers_of(registry, other.token_digest)
            before = [viewer.changes for viewer in (*viewers, *more)]
            registry.reader = Stumbling(registry.reader, 3)
            await in_thread(lambda: a_line(one))
            await until(
                lambda: all(
                    viewer.changes > told
                    for viewer, told in zip((*viewers, *more), before, strict=True)
                )
            )
            assert registry.reader.times == 0
            assert registry.untold == set()
            for viewer in more:
                viewer.gone.set()
            await asyncio.sleep(0.1)

    asyncio.run(story())


async def viewers_of(registry: Live, digest: str):
    """Let one more look at another link."""
    from tests.sharing.test_live import Viewer

    viewer = Viewer()
    scope = {"method": "GET", "headers": [], "query_string": b""}
    viewer.stream = asyncio.create_task(registry.stream(digest, scope, viewer.receive, viewer.send))
    await until(lambda: viewer.told)
    await asyncio.sleep(0.1)
    return [viewer]


def test_a_change_in_a_long_transaction_reaches_open_pages(link, monkeypatch) -> None:
    monkeypatch.setattr(live, "LOOKED_BACK", 0.3)
    monkeypatch.setattr(live, "COMPARED_EVERY", 0.5)

    def long_work() -> None:
        with transaction.atomic():
            a_line(link)
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(1.5)")
            else:
                import time

                time.sleep(1.5)

    async def story() -> None:
        async with watching(2, link.token_digest) as (_registry, viewers, _streams):
            before = [viewer.changes for viewer in viewers]
            await in_thread(long_work)
            await until(
                lambda: [viewer.changes for viewer in viewers] == [told + 1 for told in before]
            )

    asyncio.run(story())


def test_a_watcher_that_stood_still_finds_what_changed_meanwhile(link) -> None:
    def long_ago() -> None:
        a_line(link)
        Retainer.objects.update(changed_at=timezone.now() - timedelta(minutes=10))

    async def story() -> None:
        async with watching(1, link.token_digest) as (registry, viewers, _streams):
            before = viewers[0].changes
            await stop(registry)
            await in_thread(long_ago)
            registry.compared_at = 0.0
            registry.watcher = asyncio.create_task(registry._run())
            await until(lambda: viewers[0].changes == before + 1)

    asyncio.run(story())


async def stop(registry: Live) -> None:
    """Let the watcher stand still, as in a process that is stopped."""
    registry.watcher.cancel()
    await asyncio.gather(registry.watcher, return_exceptions=True)


def test_thousands_of_links_are_compared_in_few_queries(link) -> None:
    async def story() -> None:
        async with watching(1, link.token_digest) as (registry, _viewers, _streams):
            await stop(registry)
            registry.versions |= {("r", number): 1 for number in range(10_000, 12_500)}
            asked = []
            rows = registry.reader.rows

            class Counted:
                async def rows(self, query, values=()):
                    asked.append(query)
                    return await rows(query, values)

            reader, registry.reader = registry.reader, Counted()
            await registry._compare()
            registry.reader = reader
            assert len(asked) == 5

    asyncio.run(story())


def test_streams_end_when_the_server_does_also_one_that_has_just_begun(link) -> None:
    async def story() -> None:
        async with watching(3, link.token_digest) as (registry, viewers, streams):
            await registry.end()
            for viewer in viewers:
                viewer.gone.set()
            await asyncio.wait_for(asyncio.gather(*streams), 1)
            late = (await viewers_of(registry, link.token_digest))[0]
            late.gone.set()
            await asyncio.wait_for(late.stream, 1)
            assert late.told[-1] == b""

    asyncio.run(story())
