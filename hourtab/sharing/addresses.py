"""Addresses of statements: `/s/<link>-<retainer>-<number>-<mac>`, unguessable without LINK_KEY, no use for the live page.

Nothing of them lies in the database. They end with their link: revoked with it, and new when it gets a new address.
"""

import base64
import hashlib
import hmac
import re
from datetime import datetime

from django.conf import settings

from hourtab.ledger.models import Statement
from hourtab.sharing.models import ShareLink

_PATTERN = re.compile(r"(\d{1,10})-(\d{1,10})-(\d{1,6})-([A-Za-z0-9_-]{22})", re.ASCII)


def statement_path(link: ShareLink, retainer: int, number: int) -> str:
    """Return the address of statement `number` of a retainer (its primary key), as this link shows it."""
    return f"/s/{link.pk}-{retainer}-{number}-{_mac(link, retainer, number)}"


def find_statements(address: str, now: datetime) -> tuple[ShareLink, list[Statement]] | None:
    """Return the link and all versions of the statement an address names, the latest last; None for any other."""
    match = _PATTERN.fullmatch(address)
    if match is None:
        return None
    link_id, retainer, number = (int(match[i]) for i in (1, 2, 3))
    link = ShareLink.objects.select_related("workspace", "client").filter(pk=link_id).first()
    if link is None or not link.is_active(now) or not hmac.compare_digest(_mac(link, retainer, number), match[4]):
        return None
    if not link.shown.filter(retainer=retainer).exists():
        return None
    rows = Statement.objects.filter(retainer=retainer, number=number).select_related("retainer__workspace", "retainer__client")
    versions = list(rows)
    return (link, versions) if versions else None


def _mac(link: ShareLink, retainer: int, number: int) -> str:
    said = b"statement\0" + bytes(link.nonce) + f"\0{retainer}\0{number}".encode()
    mac = hmac.new(settings.LINK_KEY.encode(), said, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()
