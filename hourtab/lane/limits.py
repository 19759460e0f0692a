"""How often an address may be asked for, and how many wrong ones a visitor may try. In memory, per
process.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from typing import Any

from django.conf import settings

MOST_KEPT = 10_000


class Limit:
    """So many events a minute for each key."""

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self.counting = threading.Lock()
        self.seen: OrderedDict[str, list[float]] = OrderedDict()

    def is_reached(self, key: str) -> bool:
        """Have there been as many in the last minute?"""
        return len(self._recent(key)) >= self.a_minute

    def take(self, key: str, weight: int = 1) -> bool:
        """Count one event, or what is worth several, where there is room; False where there is
        none. Of many at once no more get through than there may be.
        """
        with self.counting:
            if self.is_reached(key):
                return False
            self._count(key, weight)
            return True

    def give_back(self, key: str) -> None:
        """Take back the last event of a key: it was none after all."""
        with self.counting:
            if seen := self.seen.get(key):
                seen.pop()

    def _count(self, key: str, weight: int) -> None:
        recent = self._recent(key)
        recent += [time.monotonic()] * weight
        self.seen[key] = recent
        self.seen.move_to_end(key)
        if len(self.seen) > MOST_KEPT:
            self.seen.popitem(last=False)

    def _recent(self, key: str) -> list[float]:
        since = time.monotonic() - 60
        return [at for at in self.seen.get(key, ())[-self.a_minute :] if at > since]


def visitor_of(scope: Any) -> str:
    """Return the network address a request comes from: of IPv6 the /64, which is one household or
    office.

    `X-Forwarded-For` counts only as far as TRUSTED_PROXIES of our own wrote it.
    """
    client = scope.get("client")
    address = client[0] if client else ""
    if settings.TRUSTED_PROXIES:
        said = b",".join(
            value for name, value in scope["headers"] if name == b"x-forwarded-for"
        ).decode("latin-1")
        hops = [hop.strip() for hop in said.split(",") if hop.strip()]
        address = (
            hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else address
        )
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    return (
        str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
    )
