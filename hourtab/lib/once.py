"""A form that is sent twice (a double click, a reload) is stored once."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from hourtab.lib.notices import warn

FIELD = "once"
_REMEMBERED = 24 * 60 * 60


def once[R: HttpRequest, **P](
    view: Callable[Concatenate[R, P], HttpResponse],
) -> Callable[Concatenate[R, P], HttpResponse]:
    """Refuse a form whose very content, from the very same rendering, was accepted before.

    A rendering is told by the hidden field that `{% once %}` writes; several processes share what
    was seen. A form that came back with errors is rendered anew and counts as new.
    """

    @wraps(view)
    def guarded(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST" or not request.POST.get(FIELD):
            return view(request, *args, **kwargs)
        sent = repr(
            sorted(
                (name, values)
                for name, values in request.POST.lists()
                if name != "csrfmiddlewaretoken"
            )
        )
        key = f"once:{hashlib.sha256(f'{request.path}{sent}'.encode()).hexdigest()}"
        if cache.add(key, True, _REMEMBERED):
            try:
                return view(request, *args, **kwargs)
            except BaseException:
                cache.delete(key)
                raise
        warn(request, _("This form was sent twice. It was taken once."))
        back: Any = request.headers.get("Referer", "")
        return redirect(
            back
            if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
            else "/"
        )

    return guarded
