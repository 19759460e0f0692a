"""Who did what and when, in a whole workspace: the ledger's own writes, decisions on requests, and
everything noted beside.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import batched, islice
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hourtab.accounts.models import Event, Invitation, Member, Workspace
from hourtab.clients.models import Contact
from hourtab.core.cycles import FIRST_DAY, LAST_DAY
from hourtab.ledger.models import Write
from hourtab.ledger.reading.history import abouts
from hourtab.lib.csv import lines
from hourtab.overage.models import OverageTerms, RequestEvent
from hourtab.retainers.models import OfficeHours
from hourtab.retainers.words import words_for
from hourtab.sharing.models import ShareLink

AT_ONCE = 2000
_KIND = Event.Kind
TOPICS: Mapping[str, tuple[Any, frozenset[str]]] = {
    "hours": (
        gettext_lazy("Hours and money"),
        frozenset(
            {
                _KIND.RETAINER_OPENED,
                _KIND.TERMS_OF_OVERAGE,
                _KIND.WEIGHTS,
                _KIND.RULES,
                _KIND.ALERTS,
            }
        ),
    ),
    "links": (
        gettext_lazy("Links"),
        frozenset({_KIND.LINK_MADE, _KIND.LINK_CHANGED, _KIND.LINK_ROTATED, _KIND.LINK_REVOKED}),
    ),
    "people": (
        gettext_lazy("Members, clients and contacts"),
        frozenset(
            {
                _KIND.INVITED,
                _KIND.INVITATION_WITHDRAWN,
                _KIND.JOINED,
                _KIND.MEMBER_CHANGED,
                _KIND.MEMBER_REMOVED,
                _KIND.MEMBER_LEFT,
                _KIND.OWNERSHIP,
                _KIND.CLIENT_RENAMED,
                _KIND.CONTACT,
            }
        ),
    ),
    "security": (
        gettext_lazy("Security"),
        frozenset(
            {
                _KIND.SIGNED_IN,
                _KIND.SIGN_IN_FAILED,
                _KIND.SECURITY,
                _KIND.KEY_MADE,
                _KIND.KEY_REVOKED,
            }
        ),
    ),
    "workspace": (
        gettext_lazy("The workspace and its data"),
        frozenset(
            {
                _KIND.SETTINGS,
                _KIND.PLAN,
                _KIND.EXPORTED,
                _KIND.DELETION,
                _KIND.DELETION_OFF,
                _KIND.ERASED,
            }
        ),
    ),
}
"""What the audit can be narrowed to. Each kind of event has one topic; the ledger and requests are
hours and money.
"""

_SECURITY = {
    "password_changed": gettext_lazy("password changed"),
    "password_reset": gettext_lazy("password set anew by mail"),
    "password_set": gettext_lazy("password set"),
    "email_changed": gettext_lazy("address changed"),
    "email_confirm": gettext_lazy("address confirmed"),
    "email_deleted": gettext_lazy("address removed"),
    "totp_activated": gettext_lazy("authenticator app added"),
    "totp_deactivated": gettext_lazy("authenticator app removed"),
    "webauthn_added": gettext_lazy("passkey added"),
    "webauthn_removed": gettext_lazy("passkey removed"),
    "recovery_codes_generated": gettext_lazy("recovery codes made"),
    "account_connected": gettext_lazy("account at a provider connected"),
    "account_disconnected": gettext_lazy("account at a provider disconnected"),
}
_HAVE_FIELDS: tuple[type[models.Model], ...] = (
    Workspace,
    ShareLink,
    Contact,
    OverageTerms,
    OfficeHours,
    Member,
    Invitation,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the audit is narrowed to: a topic, a member, and days where the workspace is, both
    included.
    """

    topic: str = ""
    member: Member | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing somebody did. `changes` gives each field's name, what it was, and what it is."""

    at: datetime
    what: str
    about: str
    who: str
    changes: Sequence[tuple[str, str, str]] = field(default=())


def lines_of(
    workspace: Workspace, asked: Asked, *, offset: int = 0, most: int | None = None
) -> list[Line]:
    """Return what was done, the latest first: `most` lines after the first `offset`, or all of
    them.
    """
    until = None if most is None else offset + most
    return list(islice(_lines(workspace, asked, until), offset, until))


def as_csv(workspace: Workspace, asked: Asked) -> Iterator[str]:
    """Yield everything that was asked for as lines of CSV, instants in UTC. However much it is,
    little of it is held at a time.
    """
    rows = (
        (
            line.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            line.what,
            line.about,
            line.who,
            "; ".join(f"{name}: {before} → {after}" for name, before, after in line.changes),
        )
        for line in _lines(workspace, asked, None)
    )
    return lines(["At (UTC)", "What", "About", "Who", "Changes"], rows)


def _lines(workspace: Workspace, asked: Asked, most: int | None) -> Iterator[Line]:
    sources = [_events(workspace, asked, most)]
    if asked.topic in ("", "hours"):
        sources += [_writes(workspace, asked, most), _requests(workspace, asked, most)]
    return merge(*sources, key=lambda line: line.at, reverse=True)


def _between(asked: Asked, zone: ZoneInfo) -> dict[str, datetime]:
    found = {}
    if asked.first and asked.first > FIRST_DAY:
        found["at__gte"] = datetime.combine(asked.first, time.min, tzinfo=zone)
    if asked.last and asked.last < LAST_DAY:
        found["at__lt"] = datetime.combine(asked.last + timedelta(days=1), time.min, tzinfo=zone)
    return found


def _events(workspace: Workspace, asked: Asked, most: int | None) -> Iterator[Line]:
    rows = Event.objects.filter(workspace=workspace, **_between(asked, ZoneInfo(workspace.zone)))
    if asked.topic:
        rows = rows.filter(kind__in=TOPICS[asked.topic][1])
    if asked.member:
        rows = rows.filter(by=asked.member)
    for event in rows[:most].iterator(chunk_size=AT_ONCE):
        about = (
            str(_SECURITY.get(event.about, event.about))
            if event.kind == Event.Kind.SECURITY
            else event.about
        )
        changes = [
            (_label(name), _said(before), _said(after))
            for name, (before, after) in event.changes.items()
        ]
        yield Line(event.at, event.get_kind_display(), about, event.who, changes)


def _writes(workspace: Workspace, asked: Asked, most: int | None) -> Iterator[Line]:
    rows = Write.objects.filter(
        retainer__workspace=workspace, **_between(asked, ZoneInfo(workspace.zone))
    )
    rows = rows.exclude(kind=Write.Kind.OPEN)  # The event says so already, at the time it was.
    if asked.member:
        rows = rows.filter(by=asked.member)
    rows = rows.select_related("retainer__client", "retainer__workspace", "by__user")
    rows = rows.defer("levels").order_by("-at", "-pk")[:most]
    for some in batched(rows.iterator(chunk_size=AT_ONCE), AT_ONCE):
        about = _abouts(some)
        for write in some:
            text = " · ".join(
                part for part in (str(write.retainer), about[write.pk], write.reason) if part
            )
            yield Line(write.at, write.get_kind_display(), text, str(write.by or ""))


def _abouts(writes: Sequence[Write]) -> dict[int, str]:
    """Return what each write was about. Retainers of one workspace are read alike but for what they
    count in: so there is a query for each of these units, however many retainers there are.
    """
    by_unit: dict[str, list[Write]] = defaultdict(list)
    for write in writes:
        by_unit[write.retainer.unit].append(write)
    about: dict[int, str] = {}
    for some in by_unit.values():
        about |= abouts(some, words_for(some[0].retainer))
    return about


def _requests(workspace: Workspace, asked: Asked, most: int | None) -> Iterator[Line]:
    rows = RequestEvent.objects.filter(
        request__retainer__workspace=workspace, **_between(asked, ZoneInfo(workspace.zone))
    )
    if asked.member:
        rows = rows.filter(who=str(asked.member))
    rows = rows.select_related("request__retainer__client").order_by("-at", "-pk")[:most]
    for event in rows.iterator(chunk_size=AT_ONCE):
        what = _("Request %(number)s: %(what)s") % {
            "number": event.request.number,
            "what": event.get_kind_display(),
        }
        about = " · ".join(part for part in (str(event.request.retainer), event.said) if part)
        yield Line(event.at, what, about, event.who)


def _label(name: str) -> str:
    """Return what a form calls a field."""
    for model in _HAVE_FIELDS:
        try:
            return str(getattr(model._meta.get_field(name), "verbose_name", name))
        except FieldDoesNotExist:
            continue
    return name.replace("_", " ")


def _said(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else str(value)
