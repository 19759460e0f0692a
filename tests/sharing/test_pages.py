"""Stored pages: valid while nothing shown has changed, and never a moment longer."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.backends.signals import connection_created

from hourtab.clients.services import rename_client
from hourtab.core.amounts import HOUR
from hourtab.lane.lane import Lane
from hourtab.lane.store import reader
from hourtab.ledger.verbs import log as ledger
from hourtab.lib import tokens
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink, StoredPage
from hourtab.sharing.services import change_link, revoke_link, rotate_link, share
from hourtab.showing import stored as pages
from tests.builders import a_retainer, log, work
from tests.environment import ON_POSTGRES

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2027, 6, 22, 12, tzinfo=UTC)


class Visitor:
    """Asks the lane, as a browser would, in this process."""

    def __init__(self) -> None:
        self.went_on: list[str] = []

    def get(self, path: str, method: str = "GET", query: bytes = b"", **headers: str):
        return asyncio.run(self._get(path, method, query, headers))

    async def _get(self, path, method, query, headers):
        sent = []

        async def site(scope, receive, send):
            self.went_on.append(scope["path"])

        async def send(message):
            sent.append(message)

        lane = Lane(reader(), site, renderers=1)
        try:
            raw = [
                (name.replace("_", "-").lower().encode(), value.encode())
                for name, value in headers.items()
            ]
            scope = {
                "type": "http",
                "path": path,
                "method": method,
                "query_string": query,
                "headers": raw,
            }
            await lane(scope, None, send)
        finally:
            await lane.reader.close()
            await asyncio.get_running_loop().run_in_executor(
                lane.renderers, lambda: connection.close()
            )
            lane.renderers.shutdown()
        if not sent:
            return None
        start, body = sent[0], b"".join(message.get("body", b"") for message in sent[1:])
        return start["status"], dict(start["headers"]), body


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture
def link(northlight) -> ShareLink:
    retainer = a_retainer(northlight, "Brightwater", "ERP programme", starts="2027-05-01")
    log(retainer, "2027-06-03", "2h", "Interviews", person="Mara", category="Discovery")
    return share([retainer], by=None)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_page_is_rendered_once_and_then_read(link, visitor) -> None:
    status, headers, body = visitor.get(link.path)
    assert status == 200
    assert b"2 of 20" in body.replace(b"\xc2\xa0", b" ")
    assert StoredPage.objects.count() == 2
    StoredPage.objects.filter(coding="identity").update(body=b"what was stored")
    assert visitor.get(link.path)[2] == b"what was stored"
    assert visitor.get(link.path, if_none_match=headers[b"etag"].decode())[0] == 304


def test_each_coding_has_its_own_tag(link, visitor) -> None:
    import gzip

    _, plain, body = visitor.get(link.path)
    _, packed, squeezed = visitor.get(link.path, accept_encoding="br, gzip")
    assert gzip.decompress(squeezed) == body
    assert packed[b"content-encoding"] == b"gzip"
    assert plain[b"etag"] != packed[b"etag"]
    assert (
        visitor.get(link.path, if_none_match=plain[b"etag"].decode(), accept_encoding="gzip")[0]
        == 200
    )
    assert b"content-encoding" not in visitor.get(link.path, accept_encoding="gzip;q=0")[1]


def test_a_write_between_render_and_store_leaves_no_stale_page(link, visitor) -> None:
    rendered = pages.render(tokens.digest_of(link.token))
    log(Retainer.objects.get(), "2027-06-04", "3h", now=NOON)
    pages.store(rendered)
    assert b"5 of 20" in visitor.get(link.path)[2].replace(b"\xc2\xa0", b" ")


def test_storing_never_replaces_a_newer_page(link) -> None:
    old = pages.render(tokens.digest_of(link.token))
    log(Retainer.objects.get(), "2027-06-04", "3h", now=NOON)
    new = pages.render_and_store(tokens.digest_of(link.token))
    pages.store(old)
    assert set(StoredPage.objects.values_list("tag", flat=True)) == {new.tag} != {old.tag}


def test_a_revoked_link_cannot_be_brought_back_by_a_late_store(link, visitor) -> None:
    rendered = pages.render(tokens.digest_of(link.token))
    revoke_link(link, now=NOON)
    pages.store(rendered)
    assert visitor.get(link.path)[0] == 404


CHANGES = {
    "an entry": lambda link, retainer, entry: log(retainer, "2027-06-04", "3h", now=NOON),
    "its text": lambda link, retainer, entry: ledger.edit_entry(
        entry, work("2027-06-03", "2h", "Other"), by=None, now=NOON
    ),
    "its category": lambda link, retainer, entry: ledger.edit_entry(
        entry, work("2027-06-03", "2h", "Interviews", category="Other"), by=None, now=NOON
    ),
    "its person": lambda link, retainer, entry: (
        change_link(link, shows_people=True),
        ledger.edit_entry(
            entry, work("2027-06-03", "2h", "Interviews", person="Jon"), by=None, now=NOON
        ),
    ),
    "a withdrawal": lambda link, retainer, entry: ledger.withdraw_entry(entry, by=None, now=NOON),
    "a top-up": lambda link, retainer, entry: ledger.top_up(
        retainer, seconds=HOUR, on=date(2027, 6, 3), by=None, now=NOON
    ),
    "the client's name": lambda link, retainer, entry: rename_client(
        retainer.client, "Brightwater Holding"
    ),
    "people shown": lambda link, retainer, entry: change_link(link, shows_people=True),
    "categories hidden": lambda link, retainer, entry: change_link(link, shows_categories=False),
    "the locale": lambda link, retainer, entry: change_link(link, locale="de-DE"),
    "the hour format": lambda link, retainer, entry: change_link(link, hour_format="decimal"),
    "project work shown": lambda link, retainer, entry: (
        log(retainer, "2027-06-05", "3h", scope="project", now=NOON),
        change_link(link, shows_projects=True),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_what_is_shown_changes_the_page(link, visitor, change) -> None:
    before = visitor.get(link.path)
    retainer = Retainer.objects.get()
    CHANGES[change](link, retainer, retainer.entries.get())
    after = visitor.get(link.path)
    assert (before[0], after[0]) == (200, 200)
    assert before[2] != after[2], change
    assert before[1][b"etag"] != after[1][b"etag"]


def test_the_name_of_the_workspace_is_shown_anew_after_the_settings_change(
    link, visitor, ada
) -> None:
    before = visitor.get(link.path)[2]
    fields = {
        "name": "Northlight & Daughters",
        "zone": "UTC",
        "locale": "en-GB",
        "currency": "EUR",
        "hour_format": "decimal",
    }
    assert ada.post("/settings", fields).status_code == 302
    after = visitor.get(link.path)[2]
    assert b"Northlight &amp; Daughters" in after
    assert before != after


def test_the_next_local_midnight_makes_the_page_anew(link, visitor) -> None:
    before = visitor.get(link.path)
    assert "in\u00a09 days".replace("\u00a0", " ").encode() in before[2].replace(b"\xc2\xa0", b" ")
    with time_machine.travel(NOON + timedelta(hours=13), tick=False):
        after = visitor.get(link.path)
    assert b"in 8 days" in after[2].replace(b"\xc2\xa0", b" ")
    assert before[1][b"etag"] != after[1][b"etag"]


def test_people_categories_and_projects_are_shown_only_where_the_link_says_so(
    link, visitor
) -> None:
    retainer = Retainer.objects.get()
    log(retainer, "2027-06-05", "3h", "Server move", scope="project", now=NOON)
    log(retainer, "2027-06-05", "3h", "Gossip", scope="internal", now=NOON)
    hidden = visitor.get(link.path)[2]
    assert b"Discovery" in hidden
    for secret in (b"Mara", b"Server move", b"Gossip"):
        assert secret not in hidden
    change_link(link, shows_people=True, shows_projects=True, shows_categories=False)
    shown = visitor.get(link.path)[2]
    assert b"Mara" in shown
    assert b"Server move" in shown
    for secret in (b"Discovery", b"Gossip"):
        assert secret not in shown


def test_wrong_revoked_rotated_and_misspelt_links_get_the_same_page(link, visitor) -> None:
    old = link.path
    expected = visitor.get("/r/" + "A" * 22)
    assert expected[0] == 404
    rotate_link(link)
    fresh = ShareLink.objects.get()
    assert visitor.get(fresh.path)[0] == 200
    last = "A" if fresh.path[-2] != "A" else "B"
    misspelt = fresh.path[:-2] + last + fresh.path[-1]
    for path in (
        old,
        misspelt,
        fresh.path + "/",
        fresh.path + "/x",
        "/r/",
        "/r/x",
        fresh.path.upper() + "x",
        "/r/%00",
    ):
        assert visitor.get(path) == expected, path
    revoke_link(fresh, now=NOON)
    assert visitor.get(fresh.path) == expected


def test_other_methods_are_refused_and_queries_go_on_to_django(link, visitor) -> None:
    assert visitor.get(link.path, method="POST")[0] == 405
    status, headers, body = visitor.get(link.path, method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers[b"content-length"]) > 1000
    assert visitor.get(link.path, query=b"page=2") is None
    assert visitor.went_on == [link.path]


def test_public_headers_are_strict_and_the_same_from_lane_and_django(link, visitor, carl) -> None:
    lane = {
        name.decode(): value.decode()
        for name, value in visitor.get(link.path)[1].items()
        if name not in (b"etag", b"content-length")
    }
    response = carl.get(f"{link.path}?page=1")
    assert response.status_code == 200
    assert (lane.pop("cache-control"), response["Cache-Control"]) == (
        "private, no-cache",
        "private, no-store",
    ), "only a tag protects"
    assert {name: response[name] for name in lane} == lane
    assert "default-src 'none'" in lane["content-security-policy"]
    assert "unsafe" not in lane["content-security-policy"]
    assert lane["referrer-policy"] == "no-referrer"
    assert "noindex" in lane["x-robots-tag"]
    assert not response.cookies


def test_public_pages_promise_tls_where_the_site_has_it(link, visitor, carl, settings) -> None:
    assert b"strict-transport-security" not in visitor.get(link.path)[1]
    settings.SECURE_HSTS_SECONDS = 31_536_000
    for path in (link.path, "/r/" + "A" * 22):
        assert visitor.get(path)[1][b"strict-transport-security"] == b"max-age=31536000", path
    secure = carl.get(f"{link.path}?page=1", secure=True)
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


def test_a_tag_tells_nothing_to_whoever_lacks_the_key(link, visitor, settings) -> None:
    tag = visitor.get(link.path)[1][b"etag"]
    StoredPage.objects.all().delete()
    settings.SECRET_KEY = "another key of the same good length, for this test alone"
    assert visitor.get(link.path)[1][b"etag"] != tag


def test_a_page_is_served_from_a_database_that_is_only_read(link, visitor) -> None:
    only_read = (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
        if ON_POSTGRES
        else "PRAGMA query_only = 1"
    )

    def is_only_read(**kwargs) -> None:
        kwargs["connection"].cursor().execute(only_read)

    connection_created.connect(is_only_read)
    try:
        status, _, body = visitor.get(link.path)
    finally:
        connection_created.disconnect(is_only_read)
    assert (status, StoredPage.objects.count()) == (200, 0)
    assert b"2 of 20" in body.replace(b"\xc2\xa0", b" ")


def test_the_second_page_of_a_long_log_goes_on_where_the_first_ends(link, carl, visitor) -> None:
    retainer = Retainer.objects.get()
    for i in range(60):
        log(retainer, "2027-06-10", "6m", f"Line {i:02d}", now=NOON)
    first = visitor.get(link.path)[2].decode()
    second = carl.get(f"{link.path}?page=2").content.decode()
    assert "Page 1 of 2" in first
    assert first.count("log__line") == 50
    assert second.count("log__line") == 11
    assert "Interviews" in second
    assert "18\u00a0h" in second
    assert carl.get(f"{link.path}?page=99").status_code == 200
    assert carl.get(f"{link.path}?page=-1&x=%00").status_code == 200
    assert carl.get("/r/" + "A" * 22 + "?page=2").content == pages.inactive_page()


def test_the_database_alone_reveals_no_working_link(link) -> None:
    visible = str(list(ShareLink.objects.values())) + str(list(StoredPage.objects.values()))
    assert link.token not in visible
    pages.render_and_store(tokens.digest_of(link.token))
    body = bytes(StoredPage.objects.get(coding="identity").body).decode()
    assert link.token not in body
    assert "http://" not in body.replace("http://www.w3.org/2000/svg", "")


def test_the_page_has_no_inline_script_or_style_and_asks_no_third_party(link, visitor) -> None:
    import re

    body = visitor.get(link.path)[2].decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", body)
    assert all(
        path.startswith("/static/") for path in re.findall(r'(?:src|href)="([^"?#][^"]*)"', body)
    )


def test_text_is_text(link, visitor) -> None:
    log(Retainer.objects.get(), "2027-06-05", "1h", "<script>alert(1)</script> & “x”", now=NOON)
    body = visitor.get(link.path)[2].decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; “x”" in body


def test_one_link_shows_the_retainers_of_one_client_only(northlight) -> None:
    one, other = a_retainer(northlight, "One"), a_retainer(northlight, "Other")
    with pytest.raises(ValueError, match="one client only"):
        share([one, other], by=None)
    two = a_retainer(northlight, "One", "Second")
    assert share([one, two], by=None).shown.count() == 2


def test_before_it_starts_the_page_says_when(northlight, visitor) -> None:
    link = share([a_retainer(northlight, starts="2027-07-01")], by=None)
    status, _, body = visitor.get(link.path)
    assert status == 200
    assert "Starts on 1\u00a0July\u00a02027" in body.decode()
