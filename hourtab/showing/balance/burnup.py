"""The burn-up of a cycle: the hours used day by day, against what is available and an even pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from hourtab.core.cycles import FOR_EVER
from hourtab.core.results import CycleTotals
from hourtab.ledger.reading.breakdown import Breakdown
from hourtab.lib.words import Words

WIDTH, HEIGHT = 1000, 240


@dataclass(frozen=True, slots=True)
class BurnUp:
    """A drawing of 1000 by 240 units, y downwards, and the same in words."""

    used: str
    area: str
    cap: int
    pace: tuple[int, int] | None
    today: int
    first: str
    last: str
    whole: str
    text: str
    steps: Sequence[tuple[str, str]]


def burn_up_of(cycle: CycleTotals, parts: Breakdown, today: date, words: Words) -> BurnUp | None:
    """Return the burn-up of a cycle; None where nothing was used in it, or it is one day long."""
    is_endless = cycle.ends_on == FOR_EVER
    end = max(today, cycle.starts_on) if is_endless else cycle.ends_on
    length = (end - cycle.starts_on).days + 1
    whole = max(cycle.available, cycle.used)
    if not parts.days or length < 2 or whole <= 0:
        return None

    def across(on: date) -> int:
        """Return where a day ends."""
        return min(length, max(1, (on - cycle.starts_on).days + 1)) * WIDTH // length

    def down(amount: int) -> int:
        return HEIGHT - amount * HEIGHT // whole

    points, used, level = [(0, HEIGHT)], 0, HEIGHT
    by_day: list[tuple[date, int]] = []
    for on, amount in parts.days:
        used += amount
        x = across(on)
        before = max(0, x - WIDTH // length)
        points += [(before, level), (x, down(used))]
        level = down(used)
        by_day.append((on, used))
    now = across(min(today, end))
    points.append((max(now, points[-1][0]), level))
    line = " ".join(f"{x},{y}" for x, y in points)
    return BurnUp(
        used=line,
        area=f"{line} {points[-1][0]},{HEIGHT} 0,{HEIGHT}",
        cap=down(max(0, cycle.available)),
        pace=None if is_endless else (HEIGHT, down(max(0, cycle.available))),
        today=now,
        first=words.day(cycle.starts_on),
        last="" if is_endless else words.day(end),
        whole=words.amount(whole),
        text=_text(cycle, today, end, words, is_endless=is_endless),
        steps=[(words.day(on), words.amount(amount)) for on, amount in _some(by_day)],
    )


def _text(cycle: CycleTotals, today: date, end: date, words: Words, *, is_endless: bool) -> str:
    said = {"used": words.amount(cycle.used), "day": words.day(min(today, end))}
    if is_endless or cycle.available <= 0 or words.unit != "hour":
        return _("%(used)s used by %(day)s.") % said
    days = (end - cycle.starts_on).days + 1
    even = cycle.available * min(days, (today - cycle.starts_on).days + 1) // days // 60 * 60
    return _("%(used)s used by %(day)s; an even pace would be %(even)s.") % (
        said | {"even": words.amount(even)}
    )


def _some(days: Sequence[tuple[date, int]]) -> Sequence[tuple[date, int]]:
    """Return at most eight of the days, evenly, the last among them."""
    if len(days) <= 8:
        return days
    return [days[(len(days) - 1) * i // 7] for i in range(8)]
