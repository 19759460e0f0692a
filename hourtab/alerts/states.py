"""What there is to judge of many retainers: read in a constant number of queries, and kept again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Max, Q, prefetch_related_objects

from hourtab.alerts.models import Watch, WatchedCycle
from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Cycle, Statement, Write
from hourtab.ledger.reading.breakdown import breakdown_at
from hourtab.ledger.reading.closed import is_history, unclosed
from hourtab.ledger.reading.cycles import totals_from_json
from hourtab.ledger.writing import record
from hourtab.retainers.models import Retainer


@dataclass
class State:
    """One retainer: what is watched of it, how its writes left it, and its unclosed cycles.

    `named` are the first days of the cycles that are watched: the present one, and those in grace;
    no history, no pause. `cycles` are totals and number of charged lines, the newest first.
    """

    retainer: Retainer
    watch: Watch
    today: date
    named: frozenset[date]
    rows: dict[date, WatchedCycle] = field(default_factory=dict)
    writes: list[tuple[int, Mapping[str, Sequence[int]]]] = field(default_factory=list)
    cycles: list[tuple[dict[str, Any], int | None]] = field(default_factory=list)

    def levels(self) -> list[tuple[int, Mapping[str, Sequence[int]]]]:
        """Return the states to judge: as each write left them, then as they are now, which a turn
        of the day may have changed.
        """
        now = {
            totals["starts_on"]: (totals["used"], totals["available"])
            for totals, _charged in self.cycles
        }
        return [*self.writes, (0, now)]

    def row(self, on: date) -> WatchedCycle:
        """Return what was told of a cycle already."""
        return self.rows.setdefault(on, WatchedCycle(watch=self.watch, starts_on=on))

    @cached_property
    def cycle(self) -> CycleTotals | None:
        """The present cycle; None before the start, and where the last one is closed."""
        return totals_from_json(self.cycles[0][0]) if self.cycles else None

    @property
    def charged(self) -> int:
        """How many lines of the present cycle drew hours."""
        charged = self.cycles[0][1]
        if charged is None and self.cycle is not None:
            return breakdown_at(self.retainer, self.cycle, self.today).charged
        return charged or 0


def read(keys: Sequence[int], now: datetime) -> list[State]:
    """Return these retainers as they are now, locked until the transaction ends."""
    retainers = record.lock_all(Retainer(pk=key) for key in keys)
    prefetch_related_objects(retainers, "terms", "pauses")
    watches, closed = watches_of(retainers), _closed_counts(retainers)
    found = {}
    for retainer in retainers:
        today = retainer.today(now)
        named = _named_cycles(retainer, today, closed.get(retainer.pk, 0))
        found[retainer.pk] = State(retainer, watches[retainer.pk], today, named)
    _add_writes(found)
    _add_cycles(found, closed)
    _add_rows(found)
    return list(found.values())


def keep(found: Sequence[State]) -> None:
    """Store what was taken over, so that nothing is judged twice."""
    rows = [row for state in found for row in state.rows.values()]
    WatchedCycle.objects.bulk_create([row for row in rows if row.pk is None])
    WatchedCycle.objects.bulk_update([row for row in rows if row.pk], ["reached", "told"])
    for state in found:
        state.watch.version = state.retainer.version
        state.watch.seen_on = state.retainer.balanced_on
    Watch.objects.bulk_update([state.watch for state in found], ["version", "seen_on", "write"])


def watches_of(retainers: Sequence[Retainer]) -> dict[int, Watch]:
    """Return what is watched of each retainer. One that was not watched yet is looked at as its
    last write left it.
    """
    found = {row.retainer_id: row for row in Watch.objects.filter(retainer__in=retainers)}
    new = [retainer for retainer in retainers if retainer.pk not in found]
    if new:
        numbers = Write.objects.filter(retainer__in=new).order_by().values("retainer")
        last = dict(numbers.annotate(last=Max("number")).values_list("retainer", "last"))
        made = [Watch(retainer=row, write=max(0, last.get(row.pk, 0) - 1)) for row in new]
        found |= {row.retainer_id: row for row in Watch.objects.bulk_create(made)}
    return found


def _closed_counts(retainers: Sequence[Retainer]) -> dict[int, int]:
    first = Statement.objects.filter(retainer__in=retainers, version=1).order_by()
    counted = first.values("retainer").annotate(closed=Count("pk"))
    return dict(counted.values_list("retainer", "closed"))


def _named_cycles(retainer: Retainer, today: date, closed: int) -> frozenset[date]:
    return frozenset(
        cycle.starts_on
        for cycle in unclosed(retainer, today, closed)
        if not is_history(retainer, cycle) and not cycle.is_paused
    )


def _add_writes(found: Mapping[int, State]) -> None:
    writes = Write.objects.filter(retainer__in=found, number__gt=F("retainer__watch__write"))
    for key, number, levels in writes.order_by("number").values_list(
        "retainer_id", "number", "levels"
    ):
        found[key].writes.append((number, levels))


def _add_cycles(found: Mapping[int, State], closed: Mapping[int, int]) -> None:
    still_open = Q(pk__in=())
    for key in found:
        still_open |= Q(retainer=key, index__gte=closed.get(key, 0))
    rows = Cycle.objects.filter(still_open).order_by("-index")
    for key, totals, charged in rows.values_list("retainer_id", "totals", "breakdown__charged"):
        if totals["state"] != "closed":
            found[key].cycles.append((totals, charged))


def _add_rows(found: Mapping[int, State]) -> None:
    days = {day for state in found.values() for day in state.named}
    days |= {state.cycle.starts_on for state in found.values() if state.cycle}
    watches = [state.watch for state in found.values()]
    rows = WatchedCycle.objects.filter(watch__in=watches, starts_on__in=days)
    for row in rows.select_related("watch"):
        found[row.watch.retainer_id].rows[row.starts_on] = row
