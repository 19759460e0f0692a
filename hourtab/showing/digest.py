"""The digest of a page: when it is due, and what it says. The figure first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hourtab.core.cycles import FOR_EVER
from hourtab.ledger.reading import entries, log
from hourtab.ledger.saying.words import headline
from hourtab.lib.database import snapshot
from hourtab.lib.text import visible
from hourtab.outbox.channels.mail import Mail
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink, Subscription
from hourtab.showing.log import Day, corrections_shown, days_of, scopes_of
from hourtab.showing.parts import Part, words_of
from hourtab.worker.rows import each

MORNING = time(7)
"""The hour, in the zone of the link's first retainer, from which a digest goes out."""
MOST_LINES = 30


@dataclass(frozen=True, slots=True)
class Told:
    """What a digest tells of one retainer."""

    name: str
    headline: str
    ended: str
    facts: Sequence[tuple[str, str]]
    days: Sequence[Day]
    more: int


def queue_digests(now: datetime) -> int:
    """Queue the digests that are due; return how many. Asking again queues none of them twice."""

    def queue_one(row: Subscription) -> int:
        retainers = [shown.retainer for shown in row.link.shown.all()]
        occasion = _occasion(row, retainers, now) if retainers else ""
        if not (occasion and row.link.is_active(now) and row.link.takes_subscribers):
            return 0
        return queue(
            row.link.workspace,
            Delivery.Kind.DIGEST,
            about=row.pk,
            occasion=occasion,
            target=row.to,
            now=now,
        )

    rows = Subscription.objects.filter(
        confirmed_at__isnull=False, ended_at=None, link__revoked_at=None
    )
    rows = rows.select_related("link__workspace").prefetch_related(
        "link__shown__retainer__terms", "link__shown__retainer__pauses"
    )
    return each("queue digests", rows, queue_one, now)


def _occasion(row: Subscription, retainers: Sequence[Retainer], now: datetime) -> str:
    """Return the week, or the day on which the latest cycle began, that a digest is due for; empty
    where none is.

    A week begins on the workspace's first weekday, else that of its locale; for a link with a
    locale of its own, on that one's. Nothing is due for a time before the subscription was
    confirmed.
    """
    local = now.astimezone(retainers[0].tzinfo)
    if local.time() < MORNING or row.confirmed_at is None:
        return ""
    since = row.confirmed_at.astimezone(retainers[0].tzinfo).date()
    if row.rhythm == Subscription.Rhythm.WEEK:
        own = None if row.link.locale else row.link.workspace.first_weekday
        first = words_of(row.link, retainers[0]).first_weekday if own is None else own
        monday = local.date() - timedelta(days=(local.weekday() - first) % 7)
        return f"week {monday}" if monday > since else ""
    began = []
    for retainer in retainers:
        today = retainer.today(now)
        current = retainer.calendar().cycle_of(today)
        start = current.starts_on if current else (retainer.ends_on or FOR_EVER)
        if since < start <= today and start > retainer.starts_on and (today - start).days < 7:
            began.append(start)
    return f"cycle {max(began)}" if began else ""


def confirmation(message: Delivery) -> Mail | None:
    """Return the mail that asks to confirm a digest; None where that is no longer to be asked."""
    row = (
        Subscription.objects.select_related("link__workspace", "link__client")
        .filter(pk=message.about)
        .first()
    )
    if row is None or not row.link.is_active(timezone.now()) or not row.link.takes_subscribers:
        return None
    retainer = row.link.shown.select_related("retainer__workspace").first()
    words = words_of(row.link, retainer.retainer) if retainer else None
    rhythm = message.occasion.partition(" ")[0]
    with translation.override(words.language if words else "en"):
        context = {
            "client": visible(row.link.client.name),
            "provider": visible(row.link.workspace.name),
            "url": f"{settings.SITE_URL}{row.path}?rhythm={rhythm}",
            "rhythm": dict(Subscription.Rhythm.choices).get(rhythm, ""),
            "language": translation.get_language(),
        }
        subject = _("Confirm: hours of %(client)s by mail") % {"client": context["client"]}
        return Mail(
            subject,
            _rendered("confirm.txt", context),
            _rendered("confirm.html", context),
            str(context["provider"]),
        )


def digest(message: Delivery) -> Mail | None:
    """Return a digest as it is now; None where it is no longer wanted."""
    now = timezone.now()
    with snapshot():
        row = (
            Subscription.objects.select_related("link__workspace", "link__client")
            .filter(pk=message.about)
            .first()
        )
        if (
            row is None
            or not row.is_standing
            or not row.link.is_active(now)
            or not row.link.takes_subscribers
        ):
            return None
        link = row.link
        retainers = [
            item.retainer
            for item in link.shown.select_related(
                "retainer__client", "retainer__workspace"
            ).prefetch_related("retainer__terms", "retainer__pauses")
        ]
        if not retainers:
            return None
        words = words_of(link, retainers[0])
        with translation.override(words.language):
            parts = [_told(link, retainer, now, message.occasion) for retainer in retainers]
            context = {
                "parts": parts,
                "client": visible(link.client.name),
                "provider": visible(link.workspace.name),
                "url": f"{settings.SITE_URL}{link.path}",
                "end": f"{settings.SITE_URL}{row.path}",
                "language": translation.get_language(),
            }
            subject = f"{parts[0].headline} · {context['client']}"
            if len(parts) > 1:
                subject = _("%(client)s: %(n)s balances") % {
                    "client": context["client"],
                    "n": len(parts),
                }
            headers = {
                "List-Unsubscribe": f"<{settings.SITE_URL}{row.path}/end>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
            texts = _rendered("digest.txt", context), _rendered("digest.html", context)
            return Mail(subject, *texts, str(context["provider"]), headers)


def _told(link: ShareLink, retainer: Retainer, now: datetime, occasion: str) -> Told:
    """Return what a digest says of a retainer; of one whose new cycle is the occasion also how the
    one before ended.
    """
    part = Part(retainer, link, now)
    cycle, words, name = part.cycle, part.words, visible(retainer.name)
    if cycle is None:
        said = _("Starts on %(day)s") % {"day": words.full_day(retainer.starts_on)}
        return Told(name, said, "", [], [], 0)
    rows, ended = (
        entries.latest(retainer).filter(scope__in=scopes_of(link), entry__on__lt=part.today),
        "",
    )
    if occasion == f"cycle {cycle.starts_on}" and len(part.cycles) > 1 and link.shows_past:
        past = part.cycles[-2]
        ended = f"{words.month_or_stretch(past.starts_on, past.ends_on)}: {headline(past, words)}"
        rows = rows.filter(entry__posts_on__range=(past.starts_on, past.ends_on))
    else:
        since = part.today - timedelta(days=7)
        rows = rows.filter(entry__on__gte=since if link.shows_past else max(since, cycle.starts_on))
    count = rows.count()
    newest = rows.select_related("entry").order_by(*log.NEWEST_FIRST)[:MOST_LINES]
    found = [log.line_apart(row, retainer) for row in newest]
    days = days_of(found, link, words, corrections_shown(retainer, found, link))
    return Told(name, headline(cycle, words), ended, part.facts, days, max(0, count - MOST_LINES))


def _rendered(name: str, context: Mapping[str, object]) -> str:
    return render_to_string(f"mail/{name}", dict(context)).strip() + "\n"
