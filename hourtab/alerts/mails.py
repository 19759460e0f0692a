"""The mail of an alert: what happened, how it is now, and what to do next."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hourtab.alerts.models import Alert, Kind, Listener
from hourtab.alerts.telling import listeners_of
from hourtab.core.cycles import Cycle
from hourtab.ledger.reading import closed, cycles
from hourtab.ledger.saying.words import facts_of, headline
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.outbox.channels.mail import Mail
from hourtab.outbox.models import Delivery
from hourtab.retainers.words import words_for


def alert_mail(message: Delivery) -> Mail | None:
    """Return the mail of an alert to one who hears of it; None where they muted it since, left, or
    are no longer to be told.
    """
    alert = (
        Alert.objects.select_related("retainer__workspace", "retainer__client")
        .filter(pk=message.about)
        .first()
    )
    if alert is None:
        return None
    listener = _listener(alert, message)
    if listener is None:
        return None
    retainer, now = alert.retainer, timezone.now()
    words, today = words_for(retainer), retainer.today(now)
    with translation.override(words.language):
        cycle = cycles.current_cycle(retainer, today)
        is_ours = listener.member is not None
        provider, client = visible(retainer.workspace.name), visible(retainer.client.name)
        what = what_happened(alert, words, today_is=cycle.starts_on if cycle else None)
        context = {
            "provider": provider,
            "client": client,
            "retainer": visible(retainer.name),
            "what": what,
            "now": headline(cycle, words) if cycle else "",
            "facts": facts_of(retainer, cycle, today, words) if cycle else (),
            "next": _next(alert, provider, is_ours=is_ours),
            "url": _address(alert, is_ours=is_ours),
            "mute": f"{settings.SITE_URL}{listener.path}",
            "language": words.language,
        }
        headers = {
            "List-Unsubscribe": f"<{settings.SITE_URL}{listener.path}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        text, html = (
            render_to_string(f"mail/alert.{form}", context).strip() + "\n"
            for form in ("txt", "html")
        )
        return Mail(
            f"{what} · {client}, {context['retainer']}",
            text,
            html,
            "" if is_ours else provider,
            headers,
        )


def _listener(alert: Alert, message: Delivery) -> Listener | None:
    us, sponsors = listeners_of(alert.retainer)
    here = [row for row in (*us, *sponsors) if row.pk and row.to == message.target]
    return next((row for row in here if row.muted_at is None), None)


def what_happened(alert: Alert, words: Words, today_is: object = None) -> str:
    """Say what an alert is about; of a cycle that is over and in grace it says which."""
    pair = words.pair(alert.used, max(0, alert.available))
    text = {
        Kind.USED: _("%(percent)s %% of the hours are used: %(pair)s")
        % {"percent": alert.threshold, "pair": pair},
        Kind.NONE: _("No hours are available"),
        Kind.PACE: _("At this pace the hours run out before the reset: %(pair)s used")
        % {"pair": pair},
        Kind.EXPIRES: _("Hours are about to expire: %(pair)s used") % {"pair": pair},
        Kind.RESETS: _("The reset is near: %(pair)s used") % {"pair": pair},
        Kind.STALE: _("Nothing new for two weeks: %(pair)s used") % {"pair": pair},
    }[Kind(alert.kind)]
    if today_is is not None and alert.cycle_on != today_is and (cycle := _cycle(alert)) is not None:
        name, due = words.month_or_stretch(cycle.starts_on, cycle.ends_on), closed.due_on(cycle)
        if due is not None:
            return _("%(cycle)s, which closes on %(day)s: %(what)s") % {
                "cycle": name,
                "day": words.day(due),
                "what": text,
            }
    return text


def _cycle(alert: Alert) -> Cycle | None:
    return alert.retainer.calendar().cycle_of(alert.cycle_on)


def _next(alert: Alert, provider: str, *, is_ours: bool) -> str:
    """Say what to do next."""
    if not is_ours:
        if alert.kind in (Kind.RESETS, Kind.EXPIRES):
            return _("If something is waiting, tell %(provider)s now.") % {"provider": provider}
        return _(
            "Talk to %(provider)s before more is needed, so that nothing comes as a surprise."
        ) % {"provider": provider}
    return {
        Kind.USED: _(
            "Ask for more hours before the work, or tell your client how far the rest will go."
        ),
        Kind.NONE: _("Ask for more hours before any work is done in this cycle."),
        Kind.PACE: _("Ask for more hours now, while there is still time to decide."),
        Kind.EXPIRES: _("Tell your client what could still be done with them."),
        Kind.RESETS: _("Log what is missing, so that the cycle is whole when it closes."),
        Kind.STALE: _("Import or log what was done, or tell your client that nothing was."),
    }[Kind(alert.kind)]


def _address(alert: Alert, *, is_ours: bool) -> str:
    """Return what to open: the provider's page, or the client's where there is but one link, so
    that none shows too much.
    """
    retainer = alert.retainer
    if is_ours:
        page = "requests" if alert.kind in (Kind.USED, Kind.NONE, Kind.PACE) else ""
        return f"{settings.SITE_URL}{retainer.get_absolute_url()}{page}"
    active = [
        link for link in retainer.links.filter(revoked_at=None) if link.is_active(timezone.now())
    ]
    return f"{settings.SITE_URL}{active[0].path}" if len(active) == 1 else ""
