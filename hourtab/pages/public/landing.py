"""What HourTab is, for whoever is not signed in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from hourtab.accounts.professions import BY_SLUG, PROFESSIONS
from hourtab.lib.language import language_of
from hourtab.lib.words import Words
from hourtab.sharing.models import ShareLink


def landing(request: HttpRequest) -> HttpResponse:
    return in_their_language(request, "landing/landing.html", _landing_context())


@require_safe
def profession(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain HourTab to one profession."""
    found = BY_SLUG.get(slug)
    if found is None:
        raise Http404
    words = Words(
        "de-DE" if language_of(request.headers.get("Accept-Language", "")) == "de" else "en-GB"
    )
    total = sum(minutes for _text, minutes in found.unseen)
    lines = [(text, words.amount(minutes * 60)) for text, minutes in found.unseen]
    context = {"profession": found, "lines": lines, "total": words.amount(total * 60)}
    return in_their_language(request, "landing/profession.html", _landing_context() | context)


def _landing_context() -> dict[str, object]:
    has_demo = ShareLink.objects.filter(workspace__is_demo=True, revoked_at=None).exists()
    return {"has_demo": has_demo, "professions": PROFESSIONS}


def in_their_language(
    request: HttpRequest, template: str, context: dict[str, object]
) -> HttpResponse:
    """Return a page in the language a browser asks for."""
    with translation.override(language_of(request.headers.get("Accept-Language", ""))):
        answer = render(request, template, context)
    patch_vary_headers(answer, ["Accept-Language"])
    return answer
