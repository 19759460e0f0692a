"""Answers of public views: the headers of everything public, and the one page for what does not
answer.
"""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from hourtab.lane.headers import public
from hourtab.showing import stored as pages

_KINDS = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "json": "application/json"}


def answer(content: bytes, status: int = 200) -> HttpResponse:
    """Return content with the headers of everything public."""
    found = HttpResponse(content, status=status)
    for header, value in public().items():
        found[header] = value
    return found


def page(template: str, context: Mapping[str, object], status: int = 200) -> HttpResponse:
    """Return a rendered page."""
    return answer(render_to_string(template, dict(context)).encode(), status)


def file(content: bytes, kind: str, name: str) -> HttpResponse:
    """Return a file to keep; `kind` is `pdf`, `csv` or `json`."""
    found = answer(content)
    found["Content-Type"] = _KINDS[kind]
    found["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return found


def inactive(request: HttpRequest) -> HttpResponse:
    """Return the page for every link that does not answer."""
    return answer(pages.inactive_page(request.headers.get("Accept-Language", "")), 404)
