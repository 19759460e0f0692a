"""What requests do by themselves: remind, expire, and be drafted at a soft limit. Each finds what
is due and may run twice.
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hourtab.core.amounts import HOUR
from hourtab.core.cycles import FOR_EVER
from hourtab.core.forecast import working_days
from hourtab.core.totals import CycleTotals
from hourtab.ledger import queries, record
from hourtab.overage import services
from hourtab.overage.models import OverageTerms, Request, RequestEvent
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for

REMIND_BEFORE = timedelta(days=1)


def remind_and_expire(now: datetime) -> int:
    """Remind of requests a day before they expire (of shorter ones at half time), and note those
    that did.
    """
    done = 0
    for row in Request.objects.filter(state=Request.State.PENDING).select_related("retainer"):
        if row.decide_by is None or row.asked_at is None:
            continue
        if row.decide_by <= now:
            done += services.expire(row, now)
        elif now >= max(
            row.decide_by - REMIND_BEFORE, row.asked_at + (row.decide_by - row.asked_at) / 2
        ):
            done += services.remind(row, now)
    return done


def draft_at_soft_limits(now: datetime) -> int:
    """Draft a request for every open cycle that reached its soft limit, once, where none is under
    way.
    """
    drafted = 0
    for terms in OverageTerms.objects.exclude(soft_limit=None).select_related(
        "retainer__workspace", "retainer__client"
    ):
        retainer = terms.retainer
        today = retainer.today(now)
        cycle = queries.current_cycle(retainer, today)
        if cycle is None or cycle.state != "open" or cycle.available <= 0:
            continue
        if (
            cycle.used * 100 < (terms.soft_limit or 0) * cycle.available
            or cycle.ceiling > cycle.authorised
        ):
            continue
        under_way = Request.objects.filter(retainer=retainer)
        if (
            under_way.filter(drafted_for=cycle.starts_on).exists()
            or under_way.filter(state__in=("draft", "pending")).exists()
        ):
            continue
        drafted += _draft(retainer, cycle, now)
    return drafted


def _draft(retainer: Retainer, cycle: CycleTotals, now: datetime) -> bool:
    words, today = words_for(retainer), retainer.today(now)
    percent = queries.used_percent(cycle)
    said = {"used": words.used_of(cycle.used, max(0, cycle.available)), "percent": percent}
    try:
        with transaction.atomic():
            locked = record.lock(retainer)
            row = Request(
                retainer=locked,
                number=services.next_number(locked),
                amount=suggested(retainer, cycle, today),
                rate=queries.terms_at(retainer, today).overage.rate,
                starts_on=today,
                ends_on=today if cycle.ends_on == FOR_EVER else cycle.ends_on,
                drafted_for=cycle.starts_on,
                made_at=now,
            )
            row.save()
            services.note(
                row, RequestEvent.Kind.DRAFTED, now, "", _("%(used)s: %(percent)s %%") % said
            )
    except IntegrityError:
        return False
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
