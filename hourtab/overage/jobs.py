"""What requests do by themselves: remind, expire, and be drafted at a soft limit. Each finds what
is due and may run twice.
"""

from datetime import date, datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR
from hourtab.core.cycles import FOR_EVER
from hourtab.core.forecast import working_days
from hourtab.core.results import CycleTotals
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.writing import record
from hourtab.overage import services
from hourtab.overage.models import OverageTerms, Request, RequestEvent
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for
from hourtab.worker.rows import each

REMIND_BEFORE = timedelta(days=1)


def remind_and_expire(now: datetime) -> int:
    """Remind of requests a day before they expire (of shorter ones at half time), and note those
    that did.
    """

    def take(row: Request) -> int:
        if row.decide_by is None or row.asked_at is None:
            return 0
        if row.decide_by <= now:
            return services.expire(row, now)
        half_time = row.asked_at + (row.decide_by - row.asked_at) / 2
        return now >= half_time and services.remind(row, now)

    over = Q(decide_by__lte=now)
    soon = Q(decide_by__lte=now + REMIND_BEFORE) & ~Exists(
        RequestEvent.objects.filter(request=OuterRef("pk"), kind=RequestEvent.Kind.REMINDED)
    )
    rows = Request.objects.filter(over | soon, state=Request.State.PENDING)
    return each("remind of requests", rows.order_by("pk").select_related("retainer"), take, now)


def draft_at_soft_limits(now: datetime) -> int:
    """Draft a request for every open cycle that reached its soft limit, once, where none is under
    way.
    """
    seen = Q(seen_version=F("retainer__version"), seen_on=F("retainer__balanced_on"))
    changed = OverageTerms.objects.filter(
        ~seen, soft_limit__isnull=False, retainer__balanced_on__isnull=False
    )

    def look_at(terms: OverageTerms) -> int:
        drafted = _draft_if_reached(terms, now)
        OverageTerms.objects.filter(pk=terms.pk).update(
            seen_version=terms.retainer.version, seen_on=terms.retainer.balanced_on
        )
        return drafted

    rows = changed.select_related("retainer__workspace", "retainer__client")
    return each("draft at soft limits", rows, look_at, now)


def _draft_if_reached(terms: OverageTerms, now: datetime) -> bool:
    retainer = terms.retainer
    cycle = cycles.current_cycle(retainer, retainer.today(now))
    if cycle is None or cycle.state != "open" or cycle.available <= 0:
        return False
    is_reached = cycle.used * 100 >= (terms.soft_limit or 0) * cycle.available
    if not is_reached or cycle.ceiling > cycle.authorised:
        return False
    return _draft(retainer, cycle, now)


def _draft(retainer: Retainer, cycle: CycleTotals, now: datetime) -> bool:
    locked = record.lock(retainer)
    is_done = Q(drafted_for=cycle.starts_on)
    is_under_way = Q(state__in=(Request.State.DRAFT, Request.State.PENDING))
    if Request.objects.filter(is_done | is_under_way, retainer=locked).exists():
        return False
    words, today = words_for(retainer), retainer.today(now)
    row = Request(
        retainer=locked,
        number=services.next_number(locked),
        amount=suggested(retainer, cycle, today),
        rate=terms_at(retainer, today).overage.rate,
        starts_on=today,
        ends_on=today if cycle.ends_on == FOR_EVER else cycle.ends_on,
        drafted_for=cycle.starts_on,
        made_at=now,
    )
    row.save()
    said = {
        "used": words.used_of(cycle.used, max(0, cycle.available)),
        "percent": cycles.used_percent(cycle),
    }
    services.note(row, RequestEvent.Kind.DRAFTED, now, "", _("%(used)s: %(percent)s %%") % said)
    return True


def suggested(retainer: Retainer, cycle: CycleTotals, today: date) -> int:
    """Return how much more the present pace would need until the cycle ends, at least a quarter of
    the cap, in whole hours.
    """
    unit = HOUR if retainer.unit == "hour" else 100
    missing = 0
    if cycle.ends_on != FOR_EVER and (elapsed := working_days(cycle.starts_on, today)):
        coming = working_days(today + timedelta(days=1), cycle.ends_on)
        missing = cycle.used * (elapsed + coming) // elapsed + cycle.planned - cycle.available
    return max(unit, -(-max(missing, cycle.cap // 4) // unit) * unit)
