"""A form that is sent twice (a double click, a reload) is stored once."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from hourtab.lib.notices import warn

FIELD = "once"
REMEMBERED = timedelta(hours=24)
MOST = 2000
"""So many forms are remembered of a member; beyond that their oldest are forgotten."""


def once[R: HttpRequest, **P](
    view: Callable[Concatenate[R, P], HttpResponse],
) -> Callable[Concatenate[R, P], HttpResponse]:
    """Refuse a form whose very content, from the very same rendering, was accepted before.

    A rendering is told by the hidden field that `{% once %}` writes; several processes share what
    was seen. A form that came back with errors is rendered anew and counts as new. What was seen is
    kept with the member who sent it (`request.member.sent_forms`), so the view asks for one.
    """

    @wraps(view)
    def guarded(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST" or not request.POST.get(FIELD):
            return view(request, *args, **kwargs)
        seen: Any = request.member.sent_forms  # type: ignore[attr-defined]
        digest = _digest(request)
        if _take(seen, digest):
            try:
                return view(request, *args, **kwargs)
            except BaseException:
                seen.filter(digest=digest).delete()
                raise
        warn(request, _("This form was sent twice. It was taken once."))
        back: Any = request.headers.get("Referer", "")
        return redirect(
            back
            if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
            else "/"
        )

    return guarded


def _digest(request: HttpRequest) -> str:
    sent = repr(
        sorted(
            (name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"
        )
    )
    return hashlib.sha256(f"{request.path}{sent}".encode()).hexdigest()


def _take(seen: Any, digest: str) -> bool:
    """Note the form; False where it was noted before, be it a moment ago in another process."""
    try:
        with transaction.atomic():
            seen.create(digest=digest, at=timezone.now())
    except IntegrityError:
        return False
    if seen.count() > MOST:
        last_kept = seen.order_by("-pk").values_list("pk", flat=True)[MOST - 1]
        seen.filter(pk__lt=last_kept).delete()
    return True
