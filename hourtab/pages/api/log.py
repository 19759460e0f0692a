"""`POST /api/v1/log`: log time in one line."""

import json

from django.http import JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest
from hourtab.api.access import failed, key_required
from hourtab.api.models import Scope
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.quick.line import QuickLineError
from hourtab.ledger.quick.log import log_line
from hourtab.lib.text import clean
from hourtab.retainers.access import retainers_of

_MOST = {"line": 1000, "retainer": 12, "category": 60, "person": 120}


@key_required(Scope.LOG)
def log(request: MemberRequest) -> JsonResponse:
    """Log what `line` says, of `retainer` (its reference) where that is given.

    201 with the entry and the balance it left; 400, 404 or 422 with the reason why not.
    """
    try:
        said = _fields(request.body)
    except ValueError as error:
        return failed(400, str(error))
    now, retainers = timezone.now(), retainers_of(request).prefetch_related("categories")
    if said.get("retainer"):
        retainers = retainers.filter(ref=clean(said["retainer"]))
        if not retainers:
            return failed(404, _("There is no retainer “%(ref)s”.") % {"ref": said["retainer"]})
    person = clean(said.get("person", "")) or request.member.user.name
    category = clean(said.get("category", "")).strip()
    try:
        logged = log_line(
            clean(said["line"]),
            list(retainers),
            by=request.member,
            now=now,
            category=category,
            person=person,
        )
    except (QuickLineError, LedgerError) as error:
        return failed(422, str(error))
    workspace, unit = request.workspace, logged.line.retainer.unit
    how = {"locale": workspace.locale, "hours": workspace.hour_format, "unit": unit}
    return JsonResponse(logged.plain(now) | how, status=201, headers={"Cache-Control": "no-store"})


def _fields(body: bytes) -> dict[str, str]:
    """Return the texts of a JSON object. Raises `ValueError` with a sentence for anything else."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("line"), str):
        raise ValueError(_('Send JSON like {"line": "Prep: notes, 45m @acme"}.'))
    for name, value in said.items():
        if name not in _MOST:
            known = ", ".join(_MOST)
            raise ValueError(
                _("There is no field “%(name)s”. Known: %(known)s.")
                % {"name": name[:40], "known": known}
            )
        if (
            not isinstance(value, str)
            or len(value) > _MOST[name]
            or value != value.encode(errors="replace").decode()
        ):
            raise ValueError(
                _("%(name)s is a text of at most %(most)s characters.")
                % {"name": name, "most": _MOST[name]}
            )
    return said
