"""A request in words: what is asked for, what it costs, what became of it. Approver, sponsor and
provider read the same.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from hourtab.core.amounts import money
from hourtab.ledger.reading import cycles
from hourtab.ledger.saying.bar import Bar, bar_of
from hourtab.ledger.saying.coverage import rate_in_words
from hourtab.ledger.saying.words import headline, level
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.overage.models import OverageTerms, Request
from hourtab.overage.services import price_for

State = Request.State


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as whoever decides reads it."""

    provider: str
    client: str
    retainer: str
    asker: str
    title: str
    what: str
    most: str
    reason: str
    emergency: str
    decide_by: str
    headline: str
    level: str
    bar: Bar | None


def asked_of(row: Request, now: datetime, words: Words) -> Asked:
    """Return a request with the balance as it is at `now`."""
    retainer, today = row.retainer, row.retainer.today(now)
    cycle = cycles.current_cycle(retainer, today)
    return Asked(
        provider=visible(retainer.workspace.name),
        client=visible(retainer.client.name),
        retainer=visible(retainer.name),
        asker=visible(str(row.asked_by)) if row.asked_by else visible(retainer.workspace.name),
        title=title_of(row, words),
        what=what_is_asked(row, words),
        most=cost_of(row, row.amount, words),
        reason=visible(row.reason),
        emergency=emergency_of(row, words),
        decide_by=instant(row.decide_by, row, words) if row.decide_by else "",
        headline=headline(cycle, words) if cycle else "",
        level=level(cycle) if cycle else "enough",
        bar=bar_of(cycle, today) if cycle else None,
    )


def title_of(row: Request, words: Words) -> str:
    """Write what is asked for in a few words: `15 h more`."""
    text = _("%(time)s more") % {"time": words.amount(row.amount)}
    return _("Emergency: %(what)s") % {"what": text} if row.is_emergency else text


def what_is_asked(row: Request, words: Words) -> str:
    """Say what an approval would mean, in the two ways there are (ledger §4)."""
    said = {"time": words.amount(row.amount), "days": words.stretch(row.starts_on, row.ends_on)}
    if row.kind == Request.Kind.EXTRA:
        said["rate"] = rate_in_words(row.rate or 0, row.retainer, words)
        if not row.rate:
            return (
                _("Up to %(time)s beyond the agreed hours, at no charge, for work done %(days)s.")
                % said
            )
        return (
            _(
                "Up to %(time)s beyond the agreed hours, billed as used at %(rate)s, for work done %(days)s."
            )
            % said
        )
    cycle = row.retainer.calendar().cycle_of(row.starts_on)
    said["days"] = (
        words.month_or_stretch(cycle.starts_on, cycle.ends_on)
        if cycle
        else words.full_day(row.starts_on)
    )
    return _("The hours of %(days)s are raised by %(time)s.") % said


def cost_of(row: Request, amount: int, words: Words) -> str:
    """Say what `amount` of a request costs: at most, where it is billed as used."""
    currency = row.retainer.currency
    if row.kind == Request.Kind.EXTRA:
        most = money(amount, row.rate or 0, counted=row.retainer.unit != "hour")
        return (
            _("At most %(price)s, if all of it is used.") % {"price": words.money(most, currency)}
            if most
            else _("At no charge.")
        )
    price = price_for(row, amount)
    return (
        _("%(price)s in all.") % {"price": words.money(price, currency)}
        if price
        else _("At no charge.")
    )


def emergency_of(row: Request, words: Words) -> str:
    """Say when emergency work began, and whether approval was asked later than agreed; nothing of
    another request.
    """
    if not row.is_emergency or row.began_at is None:
        return ""
    text = _(
        "Emergency: the work began on %(at)s, before it could be approved, at the rate agreed beforehand."
    )
    said = text % {"at": instant(row.began_at, row, words)}
    if row.asked_at and row.ask_by and row.asked_at > row.ask_by:
        late = _("Approval was asked %(hours)s hours after that; %(agreed)s were agreed.")
        hours, agreed = (
            int((at - row.began_at).total_seconds() // 3600) for at in (row.asked_at, row.ask_by)
        )
        said += " " + late % {"hours": hours, "agreed": agreed}
    return said


def outcome_of(row: Request, now: datetime, words: Words) -> str:
    """Say what became of a request."""
    state, at = row.state_at(now), instant(row.decided_at, row, words) if row.decided_at else ""
    said = {
        "name": visible(row.decided_by),
        "at": at,
        "time": words.amount(row.approved or 0),
        "asked": words.amount(row.amount),
    }
    if state == State.APPROVED:
        if (row.approved or 0) < row.amount:
            return _("%(name)s approved %(time)s of %(asked)s on %(at)s.") % said
        return _("%(name)s approved %(time)s on %(at)s.") % said
    if state == State.DECLINED:
        return _("%(name)s declined on %(at)s.") % said
    if state == State.WITHDRAWN:
        return _("The request was withdrawn on %(at)s.") % said
    if state == State.EXPIRED:
        until = instant(row.decide_by, row, words) if row.decide_by else ""
        return _("Nobody decided until %(at)s; the request is over.") % {"at": until}
    return (
        _("To be decided by %(at)s.") % {"at": instant(row.decide_by, row, words)}
        if row.decide_by
        else ""
    )


def outcome_in_public(row: Request, now: datetime, words: Words, *, names: bool) -> str:
    """Say what became of a request to whoever has the page; who decided only where `names` are
    shown.
    """
    state = row.state_at(now)
    on = (
        words.full_day(row.decided_at.astimezone(row.retainer.tzinfo).date())
        if row.decided_at
        else ""
    )
    said = {
        "name": visible(row.decided_by),
        "day": on,
        "time": words.amount(row.approved or 0),
        "asked": words.amount(row.amount),
    }
    if state == State.PENDING:
        return _("Waiting for approval. %(when)s") % {"when": outcome_of(row, now, words)}
    if state == State.DECLINED:
        return (
            _("Declined by %(name)s on %(day)s.") if names else _("Declined on %(day)s.")
        ) % said
    if (row.approved or 0) < row.amount:
        return (
            _("%(time)s of %(asked)s approved by %(name)s on %(day)s.")
            if names
            else _("%(time)s of %(asked)s approved on %(day)s.")
        ) % said
    return (_("Approved by %(name)s on %(day)s.") if names else _("Approved on %(day)s.")) % said


def instant(at: datetime, row: Request, words: Words) -> str:
    """Write an instant in the zone of the retainer: `22 June 2027, 14:05`."""
    local = at.astimezone(row.retainer.tzinfo)
    return f"{words.full_day(local.date())}, {words.clock(local)}"


def emergency_terms(terms: OverageTerms, words: Words) -> str:
    """Say what was agreed about emergencies; nothing where there are none."""
    if not terms.has_emergencies:
        return ""
    text = _(
        "In an emergency work starts at once, at %(rate)s, up to %(time)s; approval is asked within %(hours)s hours."
    )
    return text % {
        "rate": rate_in_words(terms.emergency_rate or 0, terms.retainer, words),
        "time": words.amount(terms.emergency_ceiling or 0),
        "hours": terms.emergency_hours,
    }
