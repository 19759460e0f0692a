"""What load balancers and monitors ask."""

import secrets

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from hourtab.operating.metrics import exposition

_PLAIN = {"content_type": "text/plain; charset=utf-8", "headers": {"Cache-Control": "no-store"}}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", **_PLAIN)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests can be served: the database answers and has been set up; else 503. Tells
    nothing more.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM operating_mark LIMIT 1")
    except (DatabaseError, OSError):
        return HttpResponse("not ready\n", status=503, **_PLAIN)
    return HttpResponse("ok\n", **_PLAIN)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell Prometheus how the installation does; 404 for whoever does not send METRICS_KEY as
    bearer, or where none is set.
    """
    kind, _space, key = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_KEY
    if (
        not wanted
        or kind.lower() != "bearer"
        or not secrets.compare_digest(key.strip().encode(), wanted.encode())
    ):
        raise Http404
    return HttpResponse(
        exposition(timezone.now()),
        content_type="text/plain; version=0.0.4; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
