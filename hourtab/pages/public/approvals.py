"""The page of whoever decides. It shows the balance, the request and what it costs; a POST alone
decides, and once.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from hourtab.core import amounts
from hourtab.deciding.errors import DecidingError
from hourtab.deciding.links import signed
from hourtab.lib.text import clean
from hourtab.overage import links, services
from hourtab.overage.models import Approver, Request
from hourtab.overage.words import asked_of, outcome_of
from hourtab.pages.public.answers import answer, inactive, page
from hourtab.retainers.words import words_for
from hourtab.showing.look import look_of


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, token: str) -> HttpResponse:
    """Show a request to whoever was asked; a POST decides. The token in the path is the only
    authority.
    """
    approver = links.find(token)
    if approver is None:
        return inactive(request)
    with translation.override(words_for(approver.request.retainer).language):
        if request.method == "POST":
            return _act(request, approver)
        if request.method == "GET":
            links.note_opened(approver, timezone.now())
        return _page(approver, {})


def _act(request: HttpRequest, approver: Approver) -> HttpResponse:
    now = timezone.now()
    said = {
        name: clean(request.POST.get(name, ""))[:2000]
        for name in ("do", "name", "amount", "comment", "code")
    }
    if not _can_decide(approver):
        if _is_the_same(approver.request, said):
            return _page(approver, said)
        if said["do"] in ("approve", "decline"):
            services.note_late(
                approver.request, said["name"].strip(), now, is_approval=said["do"] == "approve"
            )
        return _page(approver, said, status=409)
    try:
        if said["do"] == "code" and approver.request.needs_code:
            links.send_code(approver, now)
            return _page(approver, said | {"code_sent": approver.to, "code": ""})
        if said["do"] not in ("approve", "decline"):
            raise _Problem("", _("Choose one of the buttons: approve or decline."))
        if not said["name"].strip():
            raise _Problem("name", _("Type your name: it stands under the decision."))
        amount = _amount(approver.request, said["amount"]) if said["do"] == "approve" else 0
        if approver.request.needs_code:
            _check_code(approver, said["code"])
        services.decide(
            approver.request,
            approver=approver,
            name=said["name"],
            amount=amount,
            comment=said["comment"],
            now=now,
        )
    except _Problem as problem:
        return _page(approver, said, {problem.field: str(problem)}, status=422)
    except DecidingError as error:
        fresh = links.find(approver.token) or approver
        status = 422 if _can_decide(fresh) else 200 if _is_the_same(fresh.request, said) else 409
        return _page(fresh, said, {"": str(error)} if status == 422 else {}, status=status)
    done = answer(b"", 303)
    done["Location"] = approver.path
    return done


class _Problem(ValueError):
    """What was typed is not right; `field` says where."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def _amount(row: Request, text: str) -> int:
    try:
        unit = row.retainer.unit
        amount = (
            amounts.parse(text, bare_most=amounts.LONGEST)
            if unit == "hour"
            else amounts.parse_count(text)
        )
    except amounts.AmountError as error:
        raise _Problem("amount", str(error)) from None
    if not 0 < amount <= row.amount:
        most = words_for(row.retainer).amount(row.amount)
        raise _Problem("amount", _("Approve more than 0 and at most %(time)s.") % {"time": most})
    return amount


def _check_code(approver: Approver, code: str) -> None:
    try:
        links.check_code(approver, code, timezone.now())
    except DecidingError as error:
        raise _Problem("code", str(error)) from None


def _can_decide(approver: Approver) -> bool:
    return (
        approver.request.state_at(timezone.now()) == Request.State.PENDING and approver.may_decide
    )


def _is_the_same(row: Request, said: Mapping[str, str]) -> bool:
    """Was this sent twice: does it say what was decided already, under the same name?"""
    wanted = {"approve": Request.State.APPROVED, "decline": Request.State.DECLINED}.get(said["do"])
    return row.state == wanted and row.decided_by == signed(said["name"])


def _page(
    approver: Approver,
    said: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    now, row = timezone.now(), approver.request
    words = words_for(row.retainer)
    asked = asked_of(row, now, words)
    can_decide = _can_decide(approver)
    typed: dict[str, Any] = {"name": "", "amount": _shown(row), "comment": ""} | dict(said)
    state = row.state_at(now)
    context = {
        "asked": asked,
        "row": row,
        "can_decide": can_decide,
        "typed": typed,
        "problems": {} if problems is None else dict(problems),
        "problem": (problems or {}).get("", ""),
        "outcome": outcome_of(row, now, words)
        if state != Request.State.PENDING
        else services.refusal(row, now)
        if not can_decide
        else "",
        "replaced": row.replaced_by.exists() and state == Request.State.WITHDRAWN,
        "too_late": status == 409,
        "state": state,
        "page": {
            "provider": asked.provider,
            "client": asked.client,
            "look": look_of(row.retainer.workspace),
        },
        "language": translation.get_language(),
    }
    return page("overage/approval.html", context, status)


def _shown(row: Request) -> str:
    return amounts.clock(row.amount) if row.retainer.unit == "hour" else amounts.count(row.amount)
