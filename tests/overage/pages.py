"""What a page says, and deciding on one."""

import re
from datetime import datetime, timedelta

import time_machine

from hourtab.ledger.reading import cycles
from hourtab.overage.models import Request
from hourtab.retainers.models import Retainer
from tests.builders import NOW


def said(answer) -> str:
    """The words of a page, in one line."""
    text = re.sub(r"<(head|style|script).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(
        re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " ").replace("&#x27;", "'").split()
    )


def cycle_of(retainer: Retainer, now: datetime = NOW):
    return cycles.current_cycle(Retainer.objects.get(pk=retainer.pk), now.date())


def path_of(request: Request) -> str:
    return request.approvers.get().path


def decide(
    browser,
    request: Request,
    do: str = "approve",
    now: datetime = NOW + timedelta(hours=1),
    path: str = "",
    **more: str,
):
    with time_machine.travel(now, tick=False):
        return browser.post(
            path or path_of(request),
            {"do": do, "name": "Carl Meyer", "amount": "15", "comment": ""} | more,
        )
