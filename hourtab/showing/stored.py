"""Stored pages: rendered once from one state of the data, valid while that is the present one.

The tag of a page is known without rendering it: it is a keyed digest of the versions and local dates
it is made from.
"""

import gzip
import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from hourtab.lib.database import snapshot
from hourtab.lib.language import language_of
from hourtab.overage.models import Request
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import FormerAddress, ShareLink
from hourtab.showing.balance.asked import Asked
from hourtab.showing.balance.page import balance_page
from hourtab.showing.parts import words_of

log = logging.getLogger(__name__)

_HOUSE = Path(__file__).parent.parent
CODINGS = ("gzip", "identity")


@dataclass(frozen=True, slots=True)
class Versions:
    """What a page was made from."""

    link: int
    workspace: int
    retainers: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page and what makes it valid."""

    link_id: int
    versions: Versions
    tag: str
    good_until: int
    body: str

    def coded(self, coding: str) -> bytes:
        """Return the body as it is sent."""
        return (
            gzip.compress(self.body.encode(), 6, mtime=0)
            if coding == "gzip"
            else self.body.encode()
        )


@cache
def release() -> str:
    """Name this release: the version, and the digest of templates and static files, so that a new
    look is a new page.
    """
    digest = hashlib.sha256()
    for folder in (_HOUSE / "templates", _HOUSE / "static", _HOUSE / "locale"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.read_bytes())
    digest.update(bytes([bool(settings.EMAIL_URL)]))
    return f"{settings.RELEASE}-{digest.hexdigest()[:12]}"


def tag_of(link_id: int, versions: Versions, zones: Sequence[str], now: datetime) -> str:
    """Return the tag of a page: known from the versions and the local dates alone.

    A key goes in, so that nobody finds out from a tag how many links and changes there are.
    """
    parts = (
        release(),
        link_id,
        versions.link,
        versions.workspace,
        versions.retainers,
        *local_dates(zones, now),
    )
    said = "|".join(map(str, parts)).encode()
    return hmac.new(settings.SECRET_KEY.encode(), b"page\0" + said, hashlib.sha256).hexdigest()[:24]


def local_dates(zones: Sequence[str], now: datetime) -> tuple[str, ...]:
    """Return the date it is at `now` in each of the zones."""
    return tuple(now.astimezone(ZoneInfo(zone)).date().isoformat() for zone in zones)


def good_until(link: ShareLink, retainers: Sequence[Retainer], now: datetime) -> int:
    """Return when the page must be made anew even if nothing changes: the next local midnight, the
    end of a request that waits, or the link's own.
    """
    moments = [
        datetime.combine(
            retainer.today(now) + timedelta(days=1), time.min, tzinfo=retainer.tzinfo
        ).timestamp()
        for retainer in retainers
    ]
    if link.shows_requests:
        waiting = Request.objects.filter(
            retainer__in=retainers, state=Request.State.PENDING, decide_by__gt=now
        )
        moments += [at.timestamp() for at in waiting.values_list("decide_by", flat=True) if at]
    if link.expires_at:
        moments.append(link.expires_at.timestamp())
    return int(min(moments))


def find(token_digest: str, now: datetime) -> tuple[ShareLink, list[Retainer]] | None:
    """Return the active link of a token's digest and what it shows; None for any other.

    A link found by a former address speaks of itself by that one: whoever has the old address does
    not learn the new.
    """
    links = ShareLink.objects.select_related("workspace", "client")
    link = links.filter(token_digest=token_digest).first()
    if link is None:
        former = FormerAddress.objects.filter(token_digest=token_digest, until__gt=now).first()
        if former is None:
            return None
        link = links.get(pk=former.link_id)
        link.nonce, link.sealed = former.nonce, former.sealed
    if not link.is_active(now):
        return None
    shown = link.shown.select_related("retainer__client", "retainer__workspace").prefetch_related(
        "retainer__terms", "retainer__pauses"
    )
    return link, [row.retainer for row in shown]


def render(token_digest: str, asked: Asked | None = None) -> Rendered | None:
    """Render the page of a link from one state of the data, in its language; None where no active
    link answers to that digest.
    """
    with snapshot():
        now = timezone.now()
        found = find(token_digest, now)
        if found is None:
            return None
        link, retainers = found
        versions = Versions(
            link.version, link.workspace.version, sum(retainer.version for retainer in retainers)
        )
        tag = tag_of(link.pk, versions, [retainer.zone for retainer in retainers], now)
        with translation.override(words_of(link, retainers[0]).language):
            content = balance_page(link, retainers, now, asked=asked, tag=tag)
            body = render_to_string("sharing/balance.html", {"page": content})
        return Rendered(link.pk, versions, tag, good_until(link, retainers, now), body)


def store(rendered: Rendered) -> None:
    """Keep a page for others. It never replaces one made from a newer state."""
    with transaction.atomic(), connection.cursor() as cursor:
        for coding in CODINGS:
            versions = rendered.versions
            cursor.execute(
                _UPSERT,
                [
                    rendered.link_id,
                    coding,
                    release(),
                    versions.link,
                    versions.workspace,
                    versions.retainers,
                    rendered.tag,
                    rendered.good_until,
                    rendered.coded(coding),
                    rendered.link_id,
                ],
            )


def render_and_store(token_digest: str) -> Rendered | None:
    """Render a page and keep it: what the lane asks for when it finds none. Where nothing can be
    written (a full disk, a database that is only read) it is served all the same.
    """
    rendered = render(token_digest)
    if rendered is not None:
        try:
            store(rendered)
        except DatabaseError:
            log.exception("A page could not be stored; it is rendered for everybody who asks.")
    return rendered


def inactive_page(accepted: str = "") -> bytes:
    """Return the one page for every link that does not answer, in the language a browser asks
    for.
    """
    return _plain_page("sharing/inactive.html", language_of(accepted))


def busy_page(accepted: str = "") -> bytes:
    """Return the page for a moment in which the database does not answer."""
    return _plain_page("sharing/busy.html", language_of(accepted))


@cache
def _plain_page(template: str, language: str) -> bytes:
    with translation.override(language):
        return render_to_string(template, {"language": language}).encode()


_UPSERT = """
INSERT INTO sharing_storedpage
    (link_id, coding, release, link_version, workspace_version, retainers_version, tag, good_until, body)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s WHERE EXISTS (SELECT 1 FROM sharing_sharelink WHERE id = %s)
ON CONFLICT (link_id, coding) DO UPDATE SET
    release = excluded.release, link_version = excluded.link_version, workspace_version = excluded.workspace_version,
    retainers_version = excluded.retainers_version, tag = excluded.tag,
    good_until = excluded.good_until, body = excluded.body
WHERE excluded.link_version > sharing_storedpage.link_version
   OR (excluded.link_version = sharing_storedpage.link_version
       AND excluded.workspace_version + excluded.retainers_version
           >= sharing_storedpage.workspace_version + sharing_storedpage.retainers_version)
"""
