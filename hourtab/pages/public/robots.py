"""Small plain answers."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from hourtab.lane import places


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Keep search engines away from everything but the front page and those per profession."""
    return HttpResponse(places.robots(), content_type="text/plain")
