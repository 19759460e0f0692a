"""Event streams: who is told, when a stream ends, and that a viewer whose line is stuck holds up
nobody.
"""

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from hourtab.lane import live
from hourtab.lane.live import Live
from hourtab.lane.store import reader
from hourtab.lib import tokens
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import change_retainers, revoke_link, rotate_link, share
from tests.builders import a_retainer, log

pytestmark = pytest.mark.django_db(transaction=True)


class Viewer:
    """One open page: what it was sent, and whether its line takes anything."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.status = 0
        self.is_stuck = False
        self.gone = asyncio.Event()

    async def send(self, message) -> None:
        if self.is_stuck:
            await asyncio.sleep(3600)
        self.status = message.get("status", self.status)
        self.told.append(message.get("body", b""))

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def changes(self) -> int:
        return b"".join(self.told).count(b"event: change")

    async def waits_for(self, text: bytes) -> None:
        for _ in range(300):
            if text in b"".join(self.told):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{text!r} did not come: {self.told}")


@asynccontextmanager
async def watching(count: int, digest: str):
    """Let so many viewers look at a link; yields the registry, the viewers and their streams."""
    registry = Live(reader())
    viewers = [Viewer() for _ in range(count)]
    scope = {"method": "GET", "headers": [], "query_string": b""}
    streams = [
        asyncio.create_task(registry.stream(digest, scope, viewer.receive, viewer.send))
        for viewer in viewers
    ]
    await until(lambda: all(viewer.told for viewer in viewers))
    await asyncio.sleep(0.1)
    try:
        yield registry, viewers, streams
    finally:
        for viewer in viewers:
            viewer.gone.set()
        for stream in streams:
            with suppress(asyncio.CancelledError):
                await stream
        await registry.close()
        await registry.reader.close()


async def until(condition) -> None:
    """Wait for something that is to come about within some seconds."""
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


async def in_thread(work) -> None:
    """Write as another process would."""

    def done() -> None:
        work()
        connection.close()

    await asyncio.to_thread(done)


@pytest.fixture
def link(northlight) -> ShareLink:
    return share([a_retainer(northlight, starts="2026-01-01")], by=None)


def test_all_are_told_and_come_back_at_moments_of_their_own(link) -> None:
    async def story() -> None:
        async with watching(40, link.token_digest) as (registry, viewers, _streams):
            retries = {
                int(re.search(rb"retry: (\d+)", b"".join(viewer.told))[1]) for viewer in viewers
            }
            assert len(retries) > 20
            assert min(retries) >= 500
            assert max(retries) <= 5000
            before = [viewer.changes for viewer in viewers]
            await in_thread(
                lambda: log(link.retainers.get(), "2026-02-03", "1h", now=timezone.now())
            )
            await until(
                lambda: all(
                    viewer.changes > told for viewer, told in zip(viewers, before, strict=True)
                )
            )
            await asyncio.sleep(0.5)
            assert [
                viewer.changes - told for viewer, told in zip(viewers, before, strict=True)
            ] == [1] * 40
            for viewer in viewers:
                viewer.gone.set()
            await until(lambda: registry.watched == {})
            assert registry.versions == {}

    asyncio.run(story())


def test_one_whose_line_is_stuck_holds_up_nobody_and_is_told_no_more(link, monkeypatch) -> None:
    monkeypatch.setattr(live, "STALLED_AFTER", 0.3)

    async def story() -> None:
        async with watching(3, link.token_digest) as (registry, viewers, _streams):
            viewers[1].is_stuck = True
            await in_thread(
                lambda: log(link.retainers.get(), "2026-02-03", "1h", now=timezone.now())
            )
            (watched,) = registry.watched.values()
            await until(lambda: len(watched.viewers) == 2)
            assert viewers[0].changes == viewers[2].changes == 2
            viewers[1].is_stuck = False

    asyncio.run(story())


def test_a_stream_ends_with_its_link(link) -> None:
    async def story() -> None:
        async with watching(2, link.token_digest) as (registry, viewers, _streams):
            await in_thread(lambda: revoke_link(link, now=timezone.now()))
            for viewer in viewers:
                await viewer.waits_for(b"event: end")
            assert registry.watched == {}

    asyncio.run(story())


def test_a_stream_ends_when_the_link_or_a_former_address_expires(link) -> None:
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() + timedelta(hours=1))

    def expire() -> None:
        ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        link.former.update(until=timezone.now() - timedelta(seconds=1))

    async def story(digest: str) -> None:
        async with watching(1, digest) as (registry, viewers, _streams):
            (watched,) = registry.watched.values()
            assert watched.ends_at is not None
            watched.ends_at = datetime.now(UTC) - timedelta(seconds=1)
            await in_thread(expire)
            registry.minute = -1
            await viewers[0].waits_for(b"event: end")

    asyncio.run(story(link.token_digest))
    ShareLink.objects.update(expires_at=None)
    old = link.token_digest
    rotate_link(link, grace=timedelta(days=1), now=timezone.now())
    asyncio.run(story(old))


def test_a_retainer_that_is_added_to_a_link_is_watched_from_then_on(link, northlight) -> None:
    other = a_retainer(northlight, "Acme", "Helpdesk", starts="2026-01-01")

    async def story() -> None:
        async with watching(1, link.token_digest) as (_registry, viewers, _streams):
            await in_thread(lambda: change_retainers(link, [link.retainers.get(), other]))
            await until(lambda: viewers[0].changes == 2)
            await in_thread(lambda: log(other, "2026-02-03", "1h", now=timezone.now()))
            await until(lambda: viewers[0].changes == 3)

    asyncio.run(story())


def test_nobody_watches_a_link_that_is_none() -> None:
    async def story() -> None:
        registry, viewer = Live(reader()), Viewer()
        scope = {"method": "GET", "headers": [], "query_string": b""}
        digest = tokens.digest_of("A" * 22)
        assert not await registry.stream(digest, scope, viewer.receive, viewer.send)
        assert (viewer.told, registry.watched) == ([], {})
        await registry.reader.close()

    asyncio.run(story())
