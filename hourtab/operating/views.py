"""What load balancers and monitors ask."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

_PLAIN = {"content_type": "text/plain; charset=utf-8", "headers": {"Cache-Control": "no-store"}}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", **_PLAIN)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests can be served: the database answers and has been set up; else 503. Tells nothing more."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM operating_mark LIMIT 1")
    except (DatabaseError, OSError):
        return HttpResponse("not ready\n", status=503, **_PLAIN)
    return HttpResponse("ok\n", **_PLAIN)
