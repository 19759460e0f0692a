"""Pages for what went wrong. They say what happened and what to do, and never show a stack
trace.
"""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(
        request, "error.html", {"title": title, "text": text, "bare": True}, status=status
    )


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 400; 413 where a form holds more than may be pasted."""
    if isinstance(exception, RequestDataTooBig):
        return _page(
            request,
            413,
            _("That is too much for a form"),
            _("Up to 2 MB of rows may be pasted. Save them as a file and choose that."),
        )
    return _page(request, 400, _("That request could not be read"), _("Go back and try once more."))


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 403."""
    return _page(
        request, 403, _("Your role does not allow this"), _("Ask the owner of the workspace.")
    )


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 404."""
    return _page(
        request,
        404,
        _("There is nothing here"),
        _("The address may be mistyped, or it is not yours to see."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return _page(
        request,
        500,
        _("Something went wrong on our side"),
        _("Nothing was lost. Please try again in a moment."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old."""
    return _page(
        request,
        403,
        _("This form is too old"),
        _("Go back, reload the page and send it again. Nothing was stored."),
    )
