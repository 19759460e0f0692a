"""Today: every retainer in one dense table, those that need a move first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Entry, Statement
from hourtab.ledger.reading.closed import is_history, unclosed
from hourtab.ledger.reading.cycles import used_percent
from hourtab.ledger.reading.many import current_cycles
from hourtab.ledger.saying.bar import Bar, bar_of
from hourtab.ledger.saying.words import beyond, level
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer

STALE_AFTER_DAYS = 14
RESETS_SOON_DAYS = 3


@dataclass(frozen=True, slots=True)
class Move:
    """What a retainer needs now: why, and the one thing to do about it. `need` ranks it: 0 is the
    most urgent.

    Where `is_asked`, more hours are being asked for already.
    """

    need: int
    text: str
    label: str
    url: str
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class TodayRow:
    """A retainer on Today, with what it needs, the most urgent first. `need` is that one's rank, 9
    where there is none.
    """

    retainer: Retainer
    cycle: CycleTotals | None
    words: Words
    need: int
    moves: Sequence[Move]
    level: str
    used: str
    resets: str
    last: str
    link: Any
    bar: Bar | None


def today_rows(
    retainers: QuerySet[Retainer], now: datetime, more: Mapping[int, Sequence[Move]]
) -> Sequence[TodayRow]:
    """Return these retainers by need, then by how much is used. `more` are moves from elsewhere, by
    retainer.
    """
    found = list(retainers.prefetch_related("terms", "pauses", "links"))
    latest = current_cycles(found, now)
    newest = dict(
        Entry.objects.filter(retainer__in=retainers, is_withdrawn=False)
        .values_list("retainer")
        .annotate(Max("on"))
    )
    closed = dict(
        Statement.objects.filter(retainer__in=retainers, version=1)
        .values_list("retainer")
        .annotate(Count("pk"))
    )
    rows = [
        _row(
            retainer,
            latest[retainer.pk],
            newest.get(retainer.pk),
            closed.get(retainer.pk, 0),
            now,
            more.get(retainer.pk, ()),
        )
        for retainer in found
    ]
    return sorted(
        rows,
        key=lambda row: (
            row.need,
            -(used_percent(row.cycle) if row.cycle else 0),
            str(row.retainer),
        ),
    )


def _row(
    retainer: Retainer,
    cycle: CycleTotals | None,
    last: date | None,
    closed: int,
    now: datetime,
    more: Sequence[Move],
) -> TodayRow:
    words = Words(retainer.workspace.locale, retainer.workspace.hour_format, retainer.unit)
    today = retainer.today(now)
    is_asked = any(move.is_asked for move in more)
    own = (
        _move(retainer, cycle, last, today, words, is_asked=is_asked),
        _unsettled(retainer, cycle, closed, today, words),
    )
    moves = sorted([*more, *(move for move in own if move)], key=lambda move: move.need)
    resets = (
        ""
        if cycle is None or cycle.ends_on == date.max
        else words.day(cycle.ends_on + timedelta(days=1))
    )
    return TodayRow(
        retainer=retainer,
        cycle=cycle,
        words=words,
        need=moves[0].need if moves else 9,
        moves=moves,
        level=level(cycle) if cycle else "enough",
        used=words.pair(cycle.used, max(0, cycle.available)) if cycle else "",
        resets=resets if cycle else _("starts %(day)s") % {"day": words.day(retainer.starts_on)},
        last=words.day(last) if last else "–",
        link=next((link for link in retainer.links.all() if link.revoked_at is None), None),
        bar=bar_of(cycle, today) if cycle else None,
    )


def _unsettled(
    retainer: Retainer, cycle: CycleTotals | None, closed: int, today: date, words: Words
) -> Move | None:
    """Return what is left to settle by hand: time that awaits a decision, history that closes by
    hand alone.
    """
    earlier = {
        day: amount
        for day, amount in (cycle.pending if cycle else {}).items()
        if cycle and not (cycle.state == "open" and day == cycle.starts_on.isoformat())
    }
    if earlier:
        text = _("%(time)s beyond the hours await your decision.") % {
            "time": words.amount(sum(earlier.values()))
        }
        return Move(4, text, _("Decide"), reverse("decide", args=[retainer.ref, min(earlier)]))
    waiting = [item for item in unclosed(retainer, today, closed) if item.ends_before <= today]
    history = sum(1 for item in waiting if is_history(retainer, item))
    if history:
        text = ngettext(
            "%(n)s earlier cycle to close when it is all in.",
            "%(n)s earlier cycles to close when they are all in.",
            history,
        )
        return Move(
            5,
            text % {"n": history},
            _("Close them"),
            reverse("retainer_cycles", args=[retainer.ref]),
        )
    return None


def _move(
    retainer: Retainer,
    cycle: CycleTotals | None,
    last: date | None,
    today: date,
    words: Words,
    *,
    is_asked: bool,
) -> Move | None:
    """Return what the balance and the calendar ask for; nothing about hours where more are asked
    for already.
    """
    if cycle is None or cycle.state in ("ended", "closed"):
        return None
    ask = (_("Ask for more hours"), reverse("ask_for_hours", args=[retainer.ref]))
    if (excess := beyond(cycle)) > 0 and not is_asked:
        return Move(
            0,
            _("%(time)s over. Agree on it before more work is done.")
            % {"time": words.amount(excess)},
            *ask,
        )
    if cycle.authorised and cycle.authorised < cycle.ceiling:
        return None
    if level(cycle) == "near" and not is_asked:
        return Move(
            1,
            _("%(time)s left. A word now saves a surprise later.")
            % {"time": words.amount(cycle.remaining)},
            *ask,
        )
    days = (cycle.ends_on - today).days + 1
    if days <= RESETS_SOON_DAYS and cycle.lapsing:
        text = ngettext(
            "Resets in %(n)s day; %(time)s would expire.",
            "Resets in %(n)s days; %(time)s would expire.",
            days,
        )
        said = {"n": days, "time": words.amount(cycle.lapsing)}
        return Move(2, text % said, _("Plan work"), reverse("plan_work", args=[retainer.ref]))
    seen = last or retainer.starts_on
    if (today - seen).days >= STALE_AFTER_DAYS:
        text = _("Nothing logged since %(day)s.") % {"day": words.day(seen)}
        return Move(3, text, _("Import hours"), reverse("upload_import", args=[retainer.ref]))
    return None
