"""Looking at what was written, and at the calendar: which thresholds are newly crossed, what else
is worth a word (ledger §6).

Every write is judged by the state it left, in its order, however late this looks. What was told of
a cycle is told once, and a threshold again only after the state fell below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.db.models import F, Q

from hourtab.accounts.models import Member, Role
from hourtab.alerts.models import Alert, Kind, Listener, Watch, WatchedCycle
from hourtab.clients.models import Contact
from hourtab.core.cycles import FOR_EVER
from hourtab.core.forecast import forecast
from hourtab.core.totals import CycleTotals
from hourtab.ledger import cache, closing, queries, record
from hourtab.ledger.breakdown import breakdown_at
from hourtab.ledger.models import Write
from hourtab.outbox.models import Message
from hourtab.outbox.services import queue
from hourtab.retainers.models import Retainer
from hourtab.worker.rows import each

MORNING = time(7)
"""What the calendar causes is not told before this hour, where the retainer is."""
RESETS_WITHIN_DAYS = 3
EXPIRES_WITHIN_DAYS = 7
STALE_AFTER_DAYS = 14
AT_ONCE = 200


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
    due = Retainer.objects.exclude(balanced_on=None).exclude(seen).order_by("pk").only("pk")
    return each("look at retainers", due, lambda row: look_at(row.pk, now), now, most=AT_ONCE)


@transaction.atomic
def look_at(pk: int, now: datetime) -> int:
    """Look at one retainer; return how many alerts that caused. Two workers who look at it do so
    one after the other.
    """
    retainer = record.lock(Retainer(pk=pk))
    version = Retainer.objects.values_list("version", flat=True).get(pk=pk)
    watch = watch_of(retainer)
    today = retainer.today(now)
    named = _named_cycles(retainer, today)
    rows = {row.starts_on: row for row in watch.cycles.filter(starts_on__in=named)}
    alerts = []
    for number, levels in _states(retainer, watch):
        crossed = _crossed(watch, rows, named, levels)
        watch.write = max(watch.write, number)
        if crossed:
            alerts.append(_alert(retainer, crossed, number, now))
    if retainer.balanced_on == today:
        alerts += _by_the_calendar(retainer, watch, rows, today, now)
    WatchedCycle.objects.bulk_create([row for row in rows.values() if row.pk is None])
    for row in rows.values():
        row.save(update_fields=["reached", "told"])
    watch.version, watch.seen_on = version, retainer.balanced_on
    watch.save(update_fields=["version", "seen_on", "write"])
    for alert in alerts:
        alert.save()
        _tell(alert, watch, now)
    return len(alerts)


def watch_of(retainer: Retainer) -> Watch:
    """Return what is watched of a retainer. One that was not watched yet is looked at as its last
    write left it.
    """
    found = Watch.objects.filter(retainer=retainer).first()
    if found is None:
        last = (
            Write.objects.filter(retainer=retainer)
            .order_by("-number")
            .values_list("number", flat=True)
            .first()
            or 0
        )
        found = Watch.objects.create(retainer=retainer, write=max(0, last - 1))
    return found


def _named_cycles(retainer: Retainer, today: date) -> set[date]:
    """Return the first days of the cycles that are watched: the present one, and those in grace; no
    history, no pause.
    """
    unclosed = closing.unclosed(retainer, today)
    return {
        cycle.starts_on
        for cycle in unclosed
        if not closing.is_history(retainer, cycle) and not cycle.is_paused
    }


def _states(retainer: Retainer, watch: Watch) -> list[tuple[int, Mapping[str, list[int]]]]:
    """Return the states to judge: as each write left them, then as they are now, which a turn of
    the day may have changed.
    """
    writes = (
        Write.objects.filter(retainer=retainer, number__gt=watch.write)
        .order_by("number")
        .values_list("number", "levels")
    )
    return [*((number, levels) for number, levels in writes), (0, cache.levels(retainer))]


def _crossed(
    watch: Watch, rows: dict[date, WatchedCycle], named: set[date], levels: Mapping[str, list[int]]
) -> Crossing | None:
    """Take over a state; return the highest newly crossed threshold of it, of the latest cycle
    where several crossed it.
    """
    found: list[Crossing] = []
    for day, (used, available) in sorted(levels.items()):
        on = date.fromisoformat(day)
        if on not in named:
            continue
        row = rows.setdefault(on, WatchedCycle(watch=watch, starts_on=on))
        standing = reached(watch.thresholds, used, available)
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


def _by_the_calendar(
    retainer: Retainer, watch: Watch, rows: dict[date, WatchedCycle], today: date, now: datetime
) -> list[Alert]:
    """Return what is worth a word because of the date and the pace, each once a cycle."""
    cycle = queries.current_cycle(retainer, today)
    if cycle is None or cycle.state not in ("open", "paused"):
        return []
    row = rows.setdefault(cycle.starts_on, _row_of(watch, cycle.starts_on))
    found = []
    for kind, mark in _worth_a_word(retainer, cycle, today):
        if mark not in row.told:
            row.told = [*row.told, mark]
            found.append(
                Alert(
                    retainer=retainer,
                    kind=kind,
                    cycle_on=cycle.starts_on,
                    used=cycle.used,
                    available=cycle.available,
                    at=now,
                )
            )
    return found


def _row_of(watch: Watch, on: date) -> WatchedCycle:
    return watch.cycles.filter(starts_on=on).first() or WatchedCycle(watch=watch, starts_on=on)


def _worth_a_word(retainer: Retainer, cycle: CycleTotals, today: date) -> list[tuple[Kind, str]]:
    """Return what is so on that day, with the mark by which it is told once."""
    found: list[tuple[Kind, str]] = []
    if cycle.state == "open":
        coming = forecast(cycle, breakdown_at(retainer, cycle, today).charged, today)
        if (
            coming is not None
            and coming.runs_out_on is not None
            and coming.runs_out_on < cycle.ends_on
        ):
            found.append((Kind.PACE, Kind.PACE))
    if cycle.ends_on != FOR_EVER:
        days = (cycle.ends_on - today).days + 1
        if (
            days <= EXPIRES_WITHIN_DAYS
            and cycle.lapsing
            and (cycle.ends_on - cycle.starts_on).days >= EXPIRES_WITHIN_DAYS
        ):
            found.append((Kind.EXPIRES, Kind.EXPIRES))
        if (
            days <= RESETS_WITHIN_DAYS
            and (cycle.ends_on - cycle.starts_on).days > EXPIRES_WITHIN_DAYS
        ):
            found.append((Kind.RESETS, Kind.RESETS))
    since = max(
        retainer.today(retainer.as_of) if retainer.as_of else retainer.starts_on,
        retainer.today(retainer.opened_at),
    )
    if (today - since).days >= STALE_AFTER_DAYS and cycle.state == "open":
        found.append((Kind.STALE, f"{Kind.STALE} {since}"))
    return found


def listeners_of(retainer: Retainer) -> tuple[list[Listener], list[Listener]]:
    """Return who may be told of a retainer: the members who edit, and the client's sponsors with an
    address.

    Who was never told anything is not stored yet.
    """
    members = Member.objects.standing().filter(
        workspace=retainer.workspace_id, role__in=(Role.OWNER, Role.EDITOR)
    )
    members = members.filter(Q(is_limited=False) | Q(access__client=retainer.client_id)).distinct()
    contacts = Contact.objects.filter(client=retainer.client_id, role=Contact.Role.SPONSOR).exclude(
        email=""
    )
    return (
        [
            Listener.of(retainer, member=member)
            for member in members.select_related("user").order_by("pk")
        ],
        [Listener.of(retainer, contact=contact) for contact in contacts.order_by("pk")],
    )


def _tell(alert: Alert, watch: Watch, now: datetime) -> None:
    """Queue one mail for everybody who wants to hear of it. What the calendar causes waits for the
    morning.
    """
    us, sponsors = listeners_of(alert.retainer)
    wanted = (us if alert.kind in watch.tells_us else []) + (
        sponsors if alert.kind in watch.tells_sponsors else []
    )
    due, workspace = now, alert.retainer.workspace
    if alert.kind not in (Kind.USED, Kind.NONE):
        zone = alert.retainer.tzinfo
        due = max(now, datetime.combine(now.astimezone(zone).date(), MORNING, tzinfo=zone))
    for listener in wanted:
        if listener.muted_at is None:
            listener.keep()
            occasion = f"to {listener.pk}"
            queue(
                workspace,
                Message.Kind.ALERT,
                about=alert.pk,
                occasion=occasion,
                to=listener.to,
                now=now,
                due=due,
            )


def change_thresholds(watch: Watch, thresholds: Sequence[int], today: date) -> list[int]:
    """Watch other thresholds from now on; return those that are past already, of which nobody is
    told.
    """
    before = set(watch.thresholds)
    watch.thresholds = sorted(set(thresholds))
    passed: set[int] = set()
    levels = cache.levels(watch.retainer)
    for row in watch.cycles.all():
        used, available = levels.get(row.starts_on.isoformat(), (0, 0))
        row.reached = reached(watch.thresholds, used, available)
        passed |= set(row.reached) - before
        row.save(update_fields=["reached"])
    return sorted(passed)
