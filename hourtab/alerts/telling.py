"""Whom to tell of an alert: the members who edit, and the sponsors, where either is wanted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time

from hourtab.accounts.models import Member, Role
from hourtab.alerts.models import Alert, Kind, Listener, Watch
from hourtab.clients.models import Contact
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue_all
from hourtab.retainers.models import Retainer

MORNING = time(7)
"""What the calendar causes is not told before this hour, where the retainer is."""

type Listeners = tuple[list[Listener], list[Listener]]


def tell(alerts: Sequence[Alert], watches: Mapping[int, Watch], now: datetime) -> None:
    """Queue one mail for everybody who wants to hear of these alerts. What the calendar causes
    waits for the morning.
    """
    if not alerts:
        return
    retainers = {alert.retainer.pk: alert.retainer for alert in alerts}
    listeners = all_listeners(list(retainers.values()))
    wanted = [
        (alert, listener)
        for alert in alerts
        for listener in _wanted(alert, watches[alert.retainer.pk], listeners[alert.retainer.pk])
        if listener.muted_at is None
    ]
    _keep({id(listener): listener for _alert, listener in wanted}.values())
    queue_all(_mail(alert, listener, now) for alert, listener in wanted)


def listeners_of(retainer: Retainer) -> Listeners:
    """Return who may be told of a retainer: the members who edit, and the client's sponsors with an
    address.

    Who was never told anything is not stored yet.
    """
    return all_listeners([retainer])[retainer.pk]


def all_listeners(retainers: Sequence[Retainer]) -> dict[int, Listeners]:
    """Return who may be told of each of these retainers."""
    stored = {
        (row.retainer_id, row.member_id, row.contact_id): row
        for row in Listener.objects.filter(retainer__in=retainers)
    }
    members = Member.objects.standing().filter(
        workspace__in={retainer.workspace_id for retainer in retainers},
        role__in=(Role.OWNER, Role.EDITOR),
    )
    contacts = Contact.objects.filter(
        client__in={retainer.client_id for retainer in retainers}, role=Contact.Role.SPONSOR
    ).exclude(email="")
    editors = list(members.select_related("user").prefetch_related("access").order_by("pk"))
    sponsors = list(contacts.order_by("pk"))

    def of(retainer: Retainer, member: Member | None, contact: Contact | None) -> Listener:
        key = (retainer.pk, member.pk if member else None, contact.pk if contact else None)
        found = stored.get(key) or Listener(retainer=retainer)
        found.member, found.contact = member, contact
        return found

    return {
        retainer.pk: (
            [of(retainer, member, None) for member in editors if _sees(member, retainer)],
            [of(retainer, None, row) for row in sponsors if row.client_id == retainer.client_id],
        )
        for retainer in retainers
    }


def _sees(member: Member, retainer: Retainer) -> bool:
    if member.workspace_id != retainer.workspace_id:
        return False
    return not member.is_limited or any(
        access.client_id == retainer.client_id for access in member.access.all()
    )


def _wanted(alert: Alert, watch: Watch, listeners: Listeners) -> list[Listener]:
    us, sponsors = listeners
    return [
        *(us if alert.kind in watch.tells_us else ()),
        *(sponsors if alert.kind in watch.tells_sponsors else ()),
    ]


def _keep(listeners: Iterable[Listener]) -> None:
    """Store those who are told something for the first time."""
    Listener.objects.bulk_create(row.addressed() for row in listeners if row.pk is None)


def _mail(alert: Alert, listener: Listener, now: datetime) -> Delivery:
    due = now
    if alert.kind not in (Kind.USED, Kind.NONE):
        zone = alert.retainer.tzinfo
        due = max(now, datetime.combine(now.astimezone(zone).date(), MORNING, tzinfo=zone))
    return Delivery(
        workspace_id=alert.retainer.workspace_id,
        kind=Delivery.Kind.ALERT,
        about=alert.pk,
        occasion="told",
        target=listener.to,
        created_at=now,
        due_at=due,
    )
