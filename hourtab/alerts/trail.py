"""The sign-off trail of a retainer: what was asked, decided, mailed and opened, in one line of
time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db.models import Q
from django.utils.translation import gettext as _

from hourtab.alerts.mails import what_happened
from hourtab.alerts.models import Alert
from hourtab.ledger.models import Write
from hourtab.ledger.reading.history import abouts
from hourtab.lib.words import Words
from hourtab.outbox.models import Delivery
from hourtab.overage.models import Approver, Request, RequestEvent
from hourtab.overage.words import title_of
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import Subscription, ViewDay

_SIGNED = (
    Write.Kind.TOPUP,
    Write.Kind.APPROVE,
    Write.Kind.TRANSFER,
    Write.Kind.DECIDE,
    Write.Kind.CLOSE,
    Write.Kind.REOPEN,
    Write.Kind.TERMS,
    Write.Kind.PAUSE,
    Write.Kind.END,
)
_TO_APPROVERS = (
    Delivery.Kind.REQUEST,
    Delivery.Kind.REMINDER,
    Delivery.Kind.CODE,
    Delivery.Kind.RECEIPT,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trail. `at` is an instant; of views, which are counted by day (UTC), the
    day's end.
    """

    at: datetime
    what: str
    about: str
    who: str
    is_day: bool = False


def trail_of(
    retainer: Retainer, words: Words, first: date | None = None, last: date | None = None
) -> list[Step]:
    """Return the trail, the latest first; with `first` and `last`, of these days where the retainer
    is.
    """
    steps = [
        *_events(retainer, words),
        *_writes(retainer, words),
        *_mails(retainer, words),
        *_views(retainer),
    ]
    inside = [
        step
        for step in steps
        if (first is None or step.at.astimezone(retainer.tzinfo).date() >= first)
        and (last is None or step.at.astimezone(retainer.tzinfo).date() <= last)
    ]
    return sorted(inside, key=lambda step: step.at, reverse=True)


def _events(retainer: Retainer, words: Words) -> Iterator[Step]:
    rows = RequestEvent.objects.filter(request__retainer=retainer).select_related("request")
    for event in rows:
        about = " · ".join(
            text for text in (_title(event.request, retainer, words), event.said) if text
        )
        what = _("Request %(number)s: %(what)s") % {
            "number": event.request.number,
            "what": event.get_kind_display(),
        }
        yield Step(event.at, what, about, event.who)


def _title(row: Request, retainer: Retainer, words: Words) -> str:
    row.retainer = retainer
    return title_of(row, words)


def _writes(retainer: Retainer, words: Words) -> Iterator[Step]:
    rows = list(
        Write.objects.filter(retainer=retainer, kind__in=_SIGNED).select_related("by__user")
    )
    about = abouts(rows, words)
    for write in rows:
        text = " · ".join(part for part in (about[write.pk], write.reason) if part)
        yield Step(write.at, write.get_kind_display(), text, str(write.by or ""))


def _mails(retainer: Retainer, words: Words) -> Iterator[Step]:
    """Yield every mail about the retainer, with what became of it."""
    approvers = dict(
        Approver.objects.filter(request__retainer=retainer).values_list("pk", "request__number")
    )
    alerts = {alert.pk: alert for alert in Alert.objects.filter(retainer=retainer)}
    digests = set(
        Subscription.objects.filter(link__shown__retainer=retainer).values_list("pk", flat=True)
    )
    of_this = (
        Q(kind__in=_TO_APPROVERS, about__in=list(approvers))
        | Q(kind=Delivery.Kind.ALERT, about__in=list(alerts))
        | Q(kind=Delivery.Kind.DIGEST, about__in=list(digests))
    )
    for mail in Delivery.objects.filter(of_this, workspace=retainer.workspace_id):
        if mail.kind in _TO_APPROVERS:
            about = _("request %(number)s") % {"number": approvers[mail.about]}
        elif mail.kind == Delivery.Kind.ALERT:
            about = what_happened(alerts[mail.about], words)
        else:
            about = mail.occasion
        state = " · ".join(text for text in (mail.get_state_display(), mail.problem) if text)
        yield Step(
            mail.sent_at or mail.created_at,
            f"{mail.get_kind_display()}: {state}",
            about,
            mail.target,
        )


def _views(retainer: Retainer) -> Iterator[Step]:
    for day in ViewDay.objects.filter(link__shown__retainer=retainer).select_related("link"):
        what = _("Page opened %(n)s times") % {"n": day.views}
        yield Step(
            datetime.combine(day.on, time(23, 59, 59), tzinfo=UTC),
            what,
            day.link.label or day.link.given_to,
            "",
            True,
        )
