"""What machines read from a link that has feeds: figures as JSON, resets and expiries as a
calendar, a badge. docs/feeds.md.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from hourtab.core.cycles import FOR_EVER
from hourtab.ledger.reading import cycles
from hourtab.ledger.saying.words import headline, level, over
from hourtab.lib import tokens
from hourtab.lib.text import clean, visible
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.showing.parts import words_of

BALANCE_FORMAT = "hourtab-balance/1"
MOST_RESETS = 12


@dataclass(frozen=True, slots=True)
class Feed:
    """What is sent: `etag` changes when a byte of it does."""

    content: bytes
    content_type: str

    @property
    def etag(self) -> str:
        """Its strong tag."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:24]}"'


def balance_json(link: ShareLink, retainers: Sequence[Retainer], now: datetime) -> Feed:
    """Return the figures of every retainer on the link. Amounts are seconds, or hundredths of a
    counted unit.
    """
    said = {
        "format": BALANCE_FORMAT,
        "provider": visible(link.workspace.name),
        "client": visible(link.client.name),
        "retainers": [_figures(retainer, link, now) for retainer in retainers],
    }
    return Feed(json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n", "application/json")


def _figures(retainer: Retainer, link: ShareLink, now: datetime) -> dict[str, Any]:
    today, words = retainer.today(now), words_of(link, retainer)
    said: dict[str, Any] = {
        "name": visible(retainer.name),
        "unit": retainer.unit,
        "as_of": today.isoformat(),
        "updated_at": retainer.as_of.isoformat(timespec="seconds") if retainer.as_of else None,
    }
    cycle = cycles.current_cycle(retainer, today)
    if cycle is None:
        return said | {
            "cycle": None,
            "text": _plain(_("Starts on %(day)s") % {"day": words.full_day(retainer.starts_on)}),
        }
    is_endless = cycle.ends_on == FOR_EVER
    resets = (
        None
        if is_endless or retainer.ends_on == cycle.ends_on
        else cycle.ends_on + timedelta(days=1)
    )
    return said | {
        "cycle": {
            "starts_on": cycle.starts_on.isoformat(),
            "ends_on": None if is_endless else cycle.ends_on.isoformat(),
            "resets_on": resets.isoformat() if resets else None,
            "state": cycle.state,
            "available": cycle.available,
            "carried_in": cycle.carried_in,
            "used": cycle.used,
            "remaining": cycle.remaining,
            "over": over(cycle),
            "planned": cycle.planned,
            "would_expire": cycle.lapsing
            if cycle.state in ("open", "paused") and not is_endless
            else 0,
        },
        "level": level(cycle),
        "text": _plain(headline(cycle, words)),
    }


def calendar_of(link: ShareLink, retainers: Sequence[Retainer], now: datetime) -> Feed:
    """Return resets, expiries and ends within the next twelve cycles of every retainer, as
    iCalendar (RFC 5545).
    """
    calendar = Calendar()
    calendar.add("prodid", "-//HourTab//HourTab//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _one_line(f"{link.client.name} · {link.workspace.name}"))
    calendar.add("x-published-ttl", "PT6H")
    for retainer in retainers:
        for event in _events(retainer, link, retainer.today(now)):
            calendar.add_component(event)
    return Feed(calendar.to_ical(), "text/calendar; charset=utf-8")


def _events(retainer: Retainer, link: ShareLink, today: date) -> list[Event]:
    name, words = _one_line(retainer.name), words_of(link, retainer)

    def event(kind: str, on: date, text: str) -> Event:
        return _event(f"{kind}-{on:%Y%m%d}", retainer, link, on, text)

    cycle = cycles.current_cycle(retainer, today)
    found = []
    if cycle and cycle.lapsing and cycle.state in ("open", "paused") and cycle.ends_on != FOR_EVER:
        text = _("%(name)s: %(time)s expire unless used") % {
            "name": name,
            "time": words.amount(cycle.lapsing),
        }
        found.append(event("expiry", cycle.ends_on, text))
    grid = retainer.calendar()
    on = cycle.ends_on + timedelta(days=1) if cycle and cycle.ends_on != FOR_EVER else None
    for _number in range(MOST_RESETS):
        coming = grid.cycle_of(on) if on else None
        if coming is None or on is None:
            break
        said = {"name": name, "hours": words.amount(coming.cap)}
        found.append(event("reset", on, _("%(name)s resets: %(hours)s") % said))
        on = None if coming.ends_before == FOR_EVER else coming.ends_before
    if retainer.ends_on and retainer.ends_on >= today:
        found.append(event("end", retainer.ends_on, _("%(name)s ends") % {"name": name}))
    return found


def _event(name: str, retainer: Retainer, link: ShareLink, on: date, text: str) -> Event:
    # A calendar is passed on: what tells its events apart tells nothing about the retainer, and
    # nothing that other addresses are made of.
    uid = tokens.token_of(f"event\0{retainer.ref}\0{name}\0".encode() + bytes(link.nonce))
    event = Event()
    event.add("uid", f"{uid}@hourtab")
    event.add("dtstamp", retainer.changed_at)
    event.add("dtstart", on)
    event.add("dtend", on + timedelta(days=1))
    event.add("summary", _plain(text).strip())
    event.add("transp", "TRANSPARENT")
    return event


def badge(link: ShareLink, retainers: Sequence[Retainer], now: datetime) -> Feed:
    """Return a picture with the balance of every retainer, a line each, for an intranet page."""
    rows: list[dict[str, Any]] = []
    for place, retainer in enumerate(retainers):
        today, words = retainer.today(now), words_of(link, retainer)
        cycle = cycles.current_cycle(retainer, today)
        text = (
            headline(cycle, words)
            if cycle
            else _("Starts on %(day)s") % {"day": words.full_day(retainer.starts_on)}
        )
        name = _one_line(retainer.name)
        name = name if len(name) <= 40 else f"{name[:39]}…"
        rows.append(
            {
                "name": name,
                "text": text,
                "y": place * 28,
                "level": level(cycle) if cycle else "enough",
            }
        )
    left = 24 + max(len(row["name"]) for row in rows) * 7
    right = 20 + max(len(row["text"]) for row in rows) * 7
    context = {
        "rows": rows,
        "left": left,
        "width": left + right,
        "right": right,
        "height": len(rows) * 28 - 4,
    }
    return Feed(render_to_string("sharing/badge.svg", context).encode(), "image/svg+xml")


def _one_line(name: str) -> str:
    """Return a name as one line without control characters: neither iCalendar nor XML takes them
    as they are.
    """
    return " ".join(clean(visible(name)).split())


def _plain(text: str) -> str:
    """Return a text with plain spaces, for whoever compares or cuts it."""
    return text.replace("\u00a0", " ")


type _Maker = Callable[[ShareLink, Sequence[Retainer], datetime], Feed]

FEEDS: dict[str, _Maker] = {"json": balance_json, "calendar": calendar_of, "badge": badge}
