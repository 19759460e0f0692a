"""Looking at what was written, and at the calendar: which thresholds are newly crossed, what else
is worth a word (ledger §6).

Every write is judged by the state it left, in its order, however late this looks. What was told of
a cycle is told once, and a threshold again only after the state fell below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.db.models import F, Q

from hourtab.alerts import states
from hourtab.alerts.models import Alert, Kind, Watch
from hourtab.alerts.states import State
from hourtab.alerts.telling import tell
from hourtab.core.cycles import FOR_EVER
from hourtab.core.forecast import forecast
from hourtab.core.results import CycleTotals
from hourtab.ledger.book import Book
from hourtab.ledger.writing import cache
from hourtab.retainers.models import Retainer
from hourtab.worker.rows import in_batches

RESETS_WITHIN_DAYS = 3
EXPIRES_WITHIN_DAYS = 7
STALE_AFTER_DAYS = 14
AT_ONCE, BATCH = 200, 50
"""So many retainers are looked at in one round, and in one transaction, which locks them."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A cycle whose state crossed a threshold; None where nothing is available in it."""

    cycle_on: date
    threshold: int | None
    used: int
    available: int


def reached(thresholds: Sequence[int], used: int, available: int) -> list[int]:
    """Return the thresholds a state stands at or above; none where nothing is available."""
    return [
        threshold
        for threshold in thresholds
        if available > 0 and used * 100 >= threshold * available
    ]


def watch_retainers(now: datetime) -> int:
    """Look at every retainer that changed since it was looked at, or whose day has turned; return
    how many alerts that caused.
    """
    seen = Q(watch__version=F("version"), watch__seen_on=F("balanced_on"))
    due = Retainer.objects.exclude(balanced_on=None).exclude(seen).order_by("pk")
    look = partial(look_at, now=now)
    return in_batches("look at retainers", due, look, now, size=BATCH, most=AT_ONCE)


@transaction.atomic
def look_at(keys: Sequence[int], now: datetime) -> int:
    """Look at these retainers; return how many alerts that caused. Two workers who look at one do
    so one after the other.
    """
    found = states.read(keys, now)
    alerts = [alert for state in found for alert in _judged(state, now)]
    states.keep(found)
    Alert.objects.bulk_create(alerts)
    tell(alerts, {state.retainer.pk: state.watch for state in found}, now)
    return len(alerts)


def _judged(state: State, now: datetime) -> list[Alert]:
    """Take over everything that was written since, in its order; return what is worth a word."""
    alerts = []
    for number, levels in state.levels():
        crossed = _crossed(state, levels)
        state.watch.write = max(state.watch.write, number)
        if crossed:
            alerts.append(_alert(state.retainer, crossed, number, now))
    if state.retainer.balanced_on == state.today:
        alerts += _by_the_calendar(state, now)
    return alerts


def _crossed(state: State, levels: Mapping[str, Sequence[int]]) -> Crossing | None:
    """Take over a state; return the highest newly crossed threshold of it, of the latest cycle
    where several crossed it.
    """
    found: list[Crossing] = []
    for day, (used, available) in sorted(levels.items()):
        on = date.fromisoformat(day)
        if on not in state.named:
            continue
        row = state.row(on)
        standing = reached(state.watch.thresholds, used, available)
        new = set(standing) - set(row.reached)
        row.reached = standing
        if available > 0:
            row.told = [kind for kind in row.told if kind != Kind.NONE]
        elif Kind.NONE not in row.told:
            row.told = [*row.told, Kind.NONE.value]
            found.append(Crossing(on, None, used, available))
        if new:
            found.append(Crossing(on, max(new), used, available))
    return max(found, key=lambda item: (item.threshold or 1000, item.cycle_on), default=None)


def _alert(retainer: Retainer, crossed: Crossing, number: int, now: datetime) -> Alert:
    kind = Kind.NONE if crossed.threshold is None else Kind.USED
    return Alert(
        retainer=retainer,
        kind=kind,
        cycle_on=crossed.cycle_on,
        threshold=crossed.threshold,
        used=crossed.used,
        available=crossed.available,
        write=number,
        at=now,
    )


def _by_the_calendar(state: State, now: datetime) -> list[Alert]:
    """Return what is worth a word because of the date and the pace, each once a cycle."""
    cycle = state.cycle
    if cycle is None or cycle.state not in ("open", "paused"):
        return []
    row = state.row(cycle.starts_on)
    found = []
    for kind, mark in _worth_a_word(state, cycle):
        if mark not in row.told:
            row.told = [*row.told, mark]
            found.append(
                Alert(
                    retainer=state.retainer,
                    kind=kind,
                    cycle_on=cycle.starts_on,
                    used=cycle.used,
                    available=cycle.available,
                    at=now,
                )
            )
    return found


def _worth_a_word(state: State, cycle: CycleTotals) -> list[tuple[Kind, str]]:
    """Return what is so on that day, with the mark by which it is told once."""
    found: list[tuple[Kind, str]] = []
    retainer, today = state.retainer, state.today
    length, left = cycle.ends_on - cycle.starts_on, (cycle.ends_on - today).days + 1
    if cycle.state == "open":
        coming = forecast(cycle, state.charged, today)
        runs_out_on = coming.runs_out_on if coming else None
        if runs_out_on is not None and runs_out_on < cycle.ends_on:
            found.append((Kind.PACE, Kind.PACE))
    if cycle.ends_on != FOR_EVER:
        if left <= EXPIRES_WITHIN_DAYS <= length.days and cycle.lapsing:
            found.append((Kind.EXPIRES, Kind.EXPIRES))
        if left <= RESETS_WITHIN_DAYS and length.days > EXPIRES_WITHIN_DAYS:
            found.append((Kind.RESETS, Kind.RESETS))
    since = max(
        retainer.today(retainer.as_of) if retainer.as_of else retainer.starts_on,
        retainer.today(retainer.opened_at),
    )
    if (today - since).days >= STALE_AFTER_DAYS and cycle.state == "open":
        found.append((Kind.STALE, f"{Kind.STALE} {since}"))
    return found


def change_thresholds(watch: Watch, thresholds: Sequence[int], today: date) -> list[int]:
    """Watch other thresholds from now on; return those that are past already, of which nobody is
    told.
    """
    before = set(watch.thresholds)
    watch.thresholds = sorted(set(thresholds))
    passed: set[int] = set()
    levels = cache.levels(Book(watch.retainer, today))
    for row in watch.cycles.all():
        used, available = levels.get(row.starts_on.isoformat(), (0, 0))
        row.reached = reached(watch.thresholds, used, available)
        passed |= set(row.reached) - before
        row.save(update_fields=["reached"])
    return sorted(passed)
