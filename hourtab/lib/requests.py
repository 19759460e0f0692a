"""What is known of every request Django answers: its route, status and time. Never its path, which
may hold a token.
"""

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hourtab.lane.places import FROM_ANY_HOST
from hourtab.lib import metrics

log = logging.getLogger("hourtab.access")
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


class AnyHost:
    """Let monitors ask under whatever name they know the machine by: their places tell it to
    nobody. All others take the names of ALLOWED_HOSTS alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, as one to our site."""
        if request.path in FROM_ANY_HOST:
            request.META["HTTP_HOST"] = urlsplit(settings.SITE_URL).netloc
        return self.get_response(request)


class RequestLog:
    """Log requests at INFO, and count them where somebody wants to know."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, and note how it went."""
        if not metrics.is_counted() and not log.isEnabledFor(logging.INFO):
            return self.get_response(request)
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        match: Any = request.resolver_match
        place = f"/{match.route}" if match else "none"
        method = request.method if request.method in METHODS else "other"
        if metrics.is_counted():
            metrics.count(place, str(method), response.status_code, seconds)
        said = {
            "method": method,
            "place": place,
            "status": response.status_code,
            "ms": round(seconds * 1000),
        }
        log.info("%(method)s %(place)s %(status)s %(ms)s ms", said, extra=said)
        return response
