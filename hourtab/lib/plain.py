"""Small plain answers."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Keep search engines away from everything but the front page and those per profession."""
    return HttpResponse(
        "User-agent: *\nAllow: /$\nAllow: /for/\nDisallow: /\n", content_type="text/plain"
    )
