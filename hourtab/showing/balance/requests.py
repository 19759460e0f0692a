"""Requests for more hours as a link may show them: what waits, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.overage.models import Request
from hourtab.overage.words import emergency_of, outcome_in_public, title_of, what_is_asked
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink

MOST_SHOWN = 20
_DECIDED = (Request.State.APPROVED, Request.State.DECLINED)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request on a page. `reason` is empty where the link shows no texts."""

    title: str
    what: str
    reason: str
    emergency: str
    outcome: str
    is_pending: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as the public document lists it."""
        said = {
            "what": f"{self.title}. {self.what}",
            "outcome": self.outcome,
            "pending": self.is_pending,
        }
        more = {"reason": self.reason, "emergency": self.emergency}
        return said | {name: text for name, text in more.items() if text}


def requests_on_page(
    retainer: Retainer, link: ShareLink, first: date, now: datetime, words: Words
) -> list[PageRequest]:
    """Return what waits for a decision, and what was decided since the cycle that begins on `first`
    did.
    """
    if not link.shows_requests:
        return []
    rows = retainer.requests.filter(state__in=(Request.State.PENDING, *_DECIDED))
    found = [
        row
        for row in rows
        if row.state_at(now) == Request.State.PENDING
        or (
            row.state in _DECIDED
            and row.decided_at
            and row.decided_at.astimezone(retainer.tzinfo).date() >= first
        )
    ]
    return _shown(found, retainer, link, now, words)


def requests_on_statement(
    retainer: Retainer, link: ShareLink, first: date, last: date, made_at: datetime, words: Words
) -> list[PageRequest]:
    """Return what was decided about the work of a cycle before its statement was made, so that it
    never changes.
    """
    if not link.shows_requests:
        return []
    rows = retainer.requests.filter(
        state__in=_DECIDED, decided_at__lte=made_at, starts_on__lte=last, ends_on__gte=first
    )
    return _shown(list(rows), retainer, link, made_at, words)


def _shown(
    rows: Sequence[Request], retainer: Retainer, link: ShareLink, now: datetime, words: Words
) -> list[PageRequest]:
    found = []
    for row in rows[:MOST_SHOWN]:
        row.retainer = retainer
        found.append(
            PageRequest(
                title=title_of(row, words),
                what=what_is_asked(row, words),
                reason=visible(row.reason) if link.shows_descriptions else "",
                emergency=emergency_of(row, words),
                outcome=outcome_in_public(row, now, words, names=link.shows_people),
                is_pending=row.state_at(now) == Request.State.PENDING,
            )
        )
    return found
