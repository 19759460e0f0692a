"""A retainer with an approver, and a request on its way."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.overage import services
from hourtab.overage.models import Request
from hourtab.overage.services import Wish
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from tests.builders import NOW, a_retainer, log


@pytest.fixture
def retainer(northlight) -> Retainer:
    retainer = a_retainer(northlight, "Brightwater", "ERP programme", rate=20000)
    log(retainer, "2027-06-03", "18h")
    return retainer


@pytest.fixture
def carl_decides(retainer) -> Contact:
    return Contact.objects.create(
        client=retainer.client, name="Carl Meyer", email="carl@brightwater.example", role="approver"
    )


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None)


@pytest.fixture
def ask(retainer, carl_decides, ada) -> Callable[..., Request]:
    def asked(
        hours: float = 15,
        *,
        kind: str = "extra",
        rate: int | None = 25000,
        now: datetime = NOW,
        more: Any = (),
        **wish: Any,
    ) -> Request:
        wanted = Wish(
            kind,
            int(hours * HOUR),
            date(2027, 6, 22),
            date(2027, 6, 30),
            "Go-live: three vendors in one week",
            rate if kind == "extra" else None,
            **wish,
        )
        return services.ask(
            retainer,
            wanted,
            [carl_decides, *more],
            decide_by=now + timedelta(days=3),
            by=ada.member,
            now=now,
        )

    return asked
