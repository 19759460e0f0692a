"""Addresses of statements: `/s/<reference>-<number>-<mac>`, of no use for the live page.

The mac follows from the token of the link that shows the statement, under LINK_KEY: nothing of it
lies in the database, and whoever has the link cannot make it. An address ends with its link:
revoked with it, and new when the link gets a new address.
"""

import hmac
import re
from collections.abc import Iterator
from copy import copy
from datetime import datetime

from hourtab.ledger.models import Statement
from hourtab.lib import tokens
from hourtab.sharing.models import ShareLink

_PATTERN = re.compile(r"([a-z0-9]{4,12})-(\d{1,6})-([A-Za-z0-9_-]{22})", re.ASCII)


def statement_path(link: ShareLink, ref: str, number: int) -> str:
    """Return the address of statement `number` of the retainer with this reference, as a link shows
    it.
    """
    return f"/s/{ref}-{number}-{_mac(link, ref, number)}"


def find_statements(address: str, now: datetime) -> tuple[ShareLink, list[Statement]] | None:
    """Return the link and all versions of the statement an address names, the latest last; None for
    any other.
    """
    match = _PATTERN.fullmatch(address)
    if match is None:
        return None
    ref, number, mac = match[1], int(match[2]), match[3]
    links = (
        ShareLink.objects.filter(shown__retainer__ref=ref)
        .select_related("workspace", "client")
        .prefetch_related("former")
    )
    spoken = (
        known for item in links if item.is_active(now) for known in _by_all_addresses(item, now)
    )
    link = next(
        (item for item in spoken if hmac.compare_digest(_mac(item, ref, number), mac)), None
    )
    if link is None:
        return None
    rows = Statement.objects.filter(retainer__ref=ref, number=number).select_related(
        "retainer__workspace", "retainer__client"
    )
    versions = list(rows)
    return (link, versions) if versions else None


def _by_all_addresses(link: ShareLink, now: datetime) -> Iterator[ShareLink]:
    """Yield the link as its own address names it, and as each former one does that still
    answers.
    """
    yield link
    for former in link.former.all():
        if former.until > now:
            known = copy(link)
            known.nonce, known.sealed = former.nonce, former.sealed
            yield known


def _mac(link: ShareLink, ref: str, number: int) -> str:
    return tokens.token_of(f"statement\0{ref}\0{number}\0".encode() + link.token.encode())
