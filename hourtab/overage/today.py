"""What requests need now, for the provider's first page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from hourtab.accounts.models import Workspace
from hourtab.ledger.saying.today import Move
from hourtab.lib.words import Words
from hourtab.outbox.models import Delivery
from hourtab.overage.models import Approver, Request
from hourtab.overage.words import instant, title_of
from hourtab.retainers.words import words_for

State = Request.State
SHOWN_FOR = timedelta(days=14)
"""So long an expired or declined request stays on Today, unless another one follows it."""


def moves_of(workspace: Workspace, now: datetime) -> Mapping[int, Sequence[Move]]:
    """Return what requests need, by the key of their retainer."""
    waiting, over = (
        Q(state__in=(State.DRAFT, State.PENDING)),
        Q(state__in=(State.DECLINED, State.EXPIRED)),
    )
    rows = Request.objects.filter(
        waiting | over & Q(decided_at__gte=now - SHOWN_FOR), retainer__workspace=workspace
    )
    rows = rows.select_related("retainer__client", "retainer__workspace").prefetch_related(
        "approvers__contact", "replaced_by"
    )
    failed = _failed(workspace)
    found: dict[int, list[Move]] = defaultdict(list)
    for row in rows:
        move = _move(row, failed, now)
        if move is not None:
            found[row.retainer_id].append(move)
    return found


def _failed(workspace: Workspace) -> dict[int, str]:
    """Return, by approver, why the mail that asks them came back."""
    mails = Delivery.objects.filter(
        workspace=workspace, kind=Delivery.Kind.REQUEST, state=Delivery.State.FAILED
    )
    return dict(mails.values_list("about", "problem"))


def _move(row: Request, failed: Mapping[int, str], now: datetime) -> Move | None:
    words = words_for(row.retainer)
    title = title_of(row, words)
    show = reverse("show_request", args=[row.retainer.ref, row.number])
    ask = reverse("ask_for_hours", args=[row.retainer.ref])
    state = row.state_at(now)
    if state == State.DRAFT:
        return _draft(row, title, f"{ask}?draft={row.number}", words, now)
    again = f"{ask}?replaces={row.number}"
    if state == State.PENDING:
        return _pending(row, failed, title, show, again, words)
    if row.replaced_by.all():
        return None
    if state == State.DECLINED:
        said = {"what": title, "name": row.decided_by}
        return Move(1, _("%(what)s: declined by %(name)s.") % said, _("Look at it"), show)
    return Move(
        1,
        _("%(what)s: nobody decided in time.") % {"what": title},
        _("Ask again"),
        again,
        is_asked=True,
    )


def _draft(row: Request, title: str, url: str, words: Words, now: datetime) -> Move:
    if row.ask_by is None:
        text = _("%(what)s: drafted, because the soft limit is reached.") % {"what": title}
        return Move(1, text, _("Look at it and send it"), url, is_asked=True)
    said = {"what": title, "at": instant(row.ask_by, row, words)}
    text = (
        _("%(what)s: ask for the approval by %(at)s.")
        if now < row.ask_by
        else _("%(what)s: approval was to be asked by %(at)s.")
    )
    return Move(0, text % said, _("Ask for the approval"), url, is_asked=True)


def _pending(
    row: Request, failed: Mapping[int, str], title: str, show: str, again: str, words: Words
) -> Move:
    able = [approver for approver in row.approvers.all() if approver.may_decide]
    reached = [approver for approver in able if approver.pk not in failed]
    said = {
        "what": title,
        "names": _names(able),
        "at": instant(row.decide_by, row, words) if row.decide_by else "",
    }
    if not able:
        return Move(
            0,
            _("%(what)s: nobody who was asked decides any more.") % said,
            _("Ask somebody else"),
            again,
            is_asked=True,
        )
    if not reached:
        text = _("%(what)s: the mail to %(names)s came back: %(problem)s")
        problem = failed[able[0].pk]
        return Move(
            0, text % (said | {"problem": problem}), _("Correct the address"), again, is_asked=True
        )
    return Move(
        2,
        _("%(what)s: waiting for %(names)s until %(at)s.") % said,
        _("Look at it"),
        show,
        is_asked=True,
    )


def _names(approvers: Sequence[Approver]) -> str:
    return ", ".join(approver.name for approver in approvers)
