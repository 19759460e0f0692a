"""Digests by mail: asked for on the page, confirmed from the mailbox, ended with one click."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from hourtab.lib.addressed import reached_by
from hourtab.lib.locking import locked
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.sharing.models import ShareLink, Subscription

MOST_A_LINK = 50
"""So many addresses may subscribe to one link, confirmed or not."""
AGAIN_AFTER = timedelta(minutes=10)
DAY = timedelta(days=1)
MOST_A_DAY = 200
"""Mails that ask to confirm, of all links of a workspace within a day."""
MOST_TO_ONE = 5
"""Those of them to one address, however often it changes its mind about the rhythm."""
UNCONFIRMED_FOR = timedelta(days=7)


@transaction.atomic
def ask(link: ShareLink, to: str, rhythm: str, *, now: datetime) -> None:
    """Have a mail sent to `to` that asks to confirm a digest of the link; or, where it is
    confirmed, take the new rhythm.

    Nobody learns from it who subscribes. An address is asked at most every ten minutes and five
    times a day, a link asks at most fifty, and a workspace two hundred times a day. Where the link
    has another address by now, nothing happens.
    """
    present = locked(ShareLink.objects.all()).get(pk=link.pk)
    if present.token != link.token:
        return
    to = to.strip().lower()
    if _asked_enough(link, to, now):
        return
    row = Subscription.objects.filter(link=link, to=to).first()
    if row is None:
        if Subscription.objects.filter(link=link).count() >= MOST_A_LINK:
            return
        row = Subscription(link=link, to=to, rhythm=rhythm, asked_at=now)
        row.save()
    elif row.is_standing:
        # The address speaks for itself only by a mail: another rhythm is confirmed like a new
        # subscription.
        if row.rhythm == rhythm:
            return
    elif now - row.asked_at < AGAIN_AFTER and row.rhythm == rhythm and row.ended_at is None:
        return
    occasion = f"{rhythm} {now:%Y-%m-%dT%H}:{now.minute // 10}"
    if not row.is_standing:
        Subscription.objects.filter(pk=row.pk).update(asked_at=now, rhythm=rhythm)
    queue(
        link.workspace, Delivery.Kind.CONFIRM, about=row.pk, occasion=occasion, target=to, now=now
    )


def _asked_enough(link: ShareLink, to: str, now: datetime) -> bool:
    """Were as many mails queued within a day as strangers may be sent, whatever became of them?"""
    asked = Delivery.objects.filter(
        workspace=link.workspace_id, kind=Delivery.Kind.CONFIRM, created_at__gt=now - DAY
    )
    return asked.count() >= MOST_A_DAY or asked.filter(target=to).count() >= MOST_TO_ONE


def find(token: str) -> Subscription | None:
    """Return the subscription of a token; None for any other."""
    rows = Subscription.objects.select_related("link__workspace", "link__client")
    return reached_by(token, rows)


@transaction.atomic
def confirm(subscription: Subscription, rhythm: str, *, now: datetime) -> bool:
    """Begin the digests; return False where the wish is too old or the link no longer answers."""
    locked(ShareLink.objects.all()).get(pk=subscription.link_id)
    subscription = Subscription.objects.select_related("link").get(pk=subscription.pk)
    if not may_confirm(subscription, now=now):
        return False
    Subscription.objects.filter(pk=subscription.pk).update(
        confirmed_at=subscription.confirmed_at if subscription.is_standing else now,
        ended_at=None,
        rhythm=rhythm,
    )
    return True


def may_confirm(subscription: Subscription, *, now: datetime) -> bool:
    """Does the link still answer, and is the wish not too old, nor ended since it was uttered?"""
    if not subscription.link.is_active(now) or not subscription.link.takes_subscribers:
        return False
    if subscription.is_standing:
        return True
    is_over = subscription.ended_at is not None and subscription.ended_at >= subscription.asked_at
    return not is_over and now - subscription.asked_at <= UNCONFIRMED_FOR


def standing(link: ShareLink) -> QuerySet[Subscription]:
    """Return who has the digests of a link."""
    return Subscription.objects.filter(link=link, confirmed_at__isnull=False, ended_at=None)


def end(subscription: Subscription, *, now: datetime) -> None:
    """End the digests, at once and without a question."""
    Subscription.objects.filter(pk=subscription.pk, ended_at=None).update(ended_at=now)


def end_all(link: ShareLink, *, keep: Collection[int], now: datetime) -> None:
    """End the digests of a link and every wish for one, but for the standing ones in `keep`."""
    rows = Subscription.objects.filter(link=link, ended_at=None)
    rows.exclude(pk__in=standing(link).filter(pk__in=keep)).update(ended_at=now)


def forget_unconfirmed(now: datetime) -> int:
    """Delete addresses that never confirmed, and those that ended their digest a month ago; return
    how many.
    """
    unconfirmed = Subscription.objects.filter(confirmed_at=None, asked_at__lt=now - UNCONFIRMED_FOR)
    ended = Subscription.objects.filter(ended_at__lt=now - timedelta(days=30))
    return unconfirmed.delete()[0] + ended.delete()[0]
