"""Today: every retainer in one dense table, those that need a move first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hourtab.accounts.models import Workspace
from hourtab.core.totals import CycleTotals
from hourtab.ledger import closing, queries
from hourtab.ledger.bar import Bar, bar_of
from hourtab.ledger.models import Entry, Statement
from hourtab.ledger.words import level, over
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer

STALE_AFTER_DAYS = 14
RESETS_SOON_DAYS = 3


@dataclass(frozen=True, slots=True)
class TodayRow:
    """A retainer on Today. `need` ranks it (0 is the most urgent, 9 needs nothing), `move` says why."""

    retainer: Retainer
    cycle: CycleTotals | None
    words: Words
    need: int
    move: str
    level: str
    used: str
    resets: str
    last: str
    link: Any
    bar: Bar | None


def today_rows(workspace: Workspace, now: datetime) -> Sequence[TodayRow]:
    """Return all retainers of a workspace, by need, then by how much is used."""
    found: Any = workspace.retainers.select_related("client", "workspace").prefetch_related("terms", "pauses", "cycles", "links")
    newest = dict(
        Entry.objects.filter(retainer__workspace=workspace, is_withdrawn=False).values_list("retainer").annotate(Max("on"))
    )
    closed = dict(
        Statement.objects.filter(retainer__workspace=workspace, version=1).values_list("retainer").annotate(Count("pk"))
    )
    rows = [_row(retainer, newest, closed.get(retainer.pk, 0), now) for retainer in found]
    return sorted(rows, key=lambda row: (row.need, -(queries.used_percent(row.cycle) if row.cycle else 0), str(row.retainer)))


def _row(retainer: Retainer, newest: Mapping[int, date], closed: int, now: datetime) -> TodayRow:
    words = Words(retainer.workspace.locale, retainer.workspace.hour_format, retainer.unit)
    today = retainer.today(now)
    cycle = queries.current_cycle(retainer, today)
    last = newest.get(retainer.pk)
    need, move = _move(retainer, cycle, last, today, words)
    unsettled = _unsettled(retainer, cycle, closed, today, words) if need >= 3 else (9, "")
    if unsettled[0] < 9:
        need, move = min(need, unsettled[0]), " ".join(text for text in (move, unsettled[1]) if text)
    resets = "" if cycle is None or cycle.ends_on == date.max else words.day(cycle.ends_on + timedelta(days=1))
    return TodayRow(
        retainer=retainer,
        cycle=cycle,
        words=words,
        need=need,
        move=move,
        level=level(cycle) if cycle else "enough",
        used=words.pair(cycle.used, max(0, cycle.available)) if cycle else "",
        resets=resets if cycle else _("starts %(day)s") % {"day": words.day(retainer.starts_on)},
        last=words.day(last) if last else "–",
        link=next((link for link in retainer.links.all() if link.revoked_at is None), None),
        bar=bar_of(cycle, today) if cycle else None,
    )


def _unsettled(retainer: Retainer, cycle: CycleTotals | None, closed: int, today: date, words: Words) -> tuple[int, str]:
    """Return what is left to settle by hand: time that awaits a decision, history that closes by hand alone."""
    earlier = sum(cycle.pending.values()) - (cycle.awaiting if cycle.state == "open" else 0) if cycle else 0
    if earlier:
        return 4, _("%(time)s beyond the hours await your decision.") % {"time": words.amount(earlier)}
    waiting = [item for item in closing.unclosed(retainer, today, closed) if item.ends_before <= today]
    history = sum(1 for item in waiting if closing.is_history(retainer, item))
    if history:
        text = ngettext(
            "%(n)s earlier cycle to close when it is all in.", "%(n)s earlier cycles to close when they are all in.", history
        )
        return 5, text % {"n": history}
    return 9, ""


def _move(retainer: Retainer, cycle: CycleTotals | None, last: date | None, today: date, words: Words) -> tuple[int, str]:
    if cycle is None or cycle.state in ("ended", "closed"):
        return 9, ""
    if over(cycle):
        return 0, _("%(time)s over. Agree on it before more work is done.") % {"time": words.amount(over(cycle))}
    if level(cycle) == "near":
        return 1, _("%(time)s left. A word now saves a surprise later.") % {"time": words.amount(cycle.remaining)}
    days = (cycle.ends_on - today).days + 1
    if days <= RESETS_SOON_DAYS and cycle.lapsing:
        text = ngettext("Resets in %(n)s day; %(time)s would expire.", "Resets in %(n)s days; %(time)s would expire.", days)
        return 2, text % {"n": days, "time": words.amount(cycle.lapsing)}
    seen = last or retainer.starts_on
    if (today - seen).days >= STALE_AFTER_DAYS:
        return 3, _("Nothing logged since %(day)s.") % {"day": words.day(seen)}
    return 9, ""
