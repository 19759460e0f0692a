"""Asking for more hours, deciding, withdrawing. Each is one transaction: the decision, the hours,
and the mails it causes.

Whatever happens to a process, a request is granted once: the grant's key in the ledger follows from
the request, and both are written together under the lock of the retainer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.clients.access import seen_by
from hourtab.clients.models import Contact
from hourtab.core.amounts import LONGEST, half_up
from hourtab.deciding.links import is_late_news, signed
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.verbs.approve import authorise
from hourtab.ledger.verbs.log import open_cycle, top_up
from hourtab.ledger.writing import record
from hourtab.lib.locking import locked
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.overage.errors import OverageError
from hourtab.overage.models import Approver, OverageTerms, Request, RequestEvent
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for

State, Event = Request.State, RequestEvent.Kind
LONGEST_WAIT = timedelta(days=90)
MOST_APPROVERS = 5
MOST_A_DAY = 50
"""So many requests a workspace may send within a day: more would be a way to write to strangers."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. Amounts are seconds, or hundredths of a counted unit; `rate` and `price`
    minor units.
    """

    kind: str
    amount: int
    starts_on: date
    ends_on: date
    reason: str = ""
    rate: int | None = None
    price: int | None = None
    needs_code: bool = False


@transaction.atomic
def ask(
    retainer: Retainer,
    wish: Wish,
    approvers: Sequence[Contact],
    *,
    decide_by: datetime,
    by: Member | None,
    now: datetime,
    draft: Request | None = None,
    replaces: Request | None = None,
) -> Request:
    """Send a request to the contacts who decide. A `draft` becomes it; one that it `replaces` is
    withdrawn.

    Raises `OverageError` where it asks for nothing, has no rate, goes to nobody, or is over before
    it can be decided.
    """
    retainer = record.lock(retainer)
    _check(retainer, wish)
    asked = _check_approvers(retainer, approvers)
    if not now < decide_by <= now + LONGEST_WAIT:
        raise OverageError(_("It must be decided within the next 90 days."))
    if _sent_lately(retainer, now) >= MOST_A_DAY:
        raise OverageError(
            _("%(n)s requests were sent within a day. Send the next one tomorrow.")
            % {"n": MOST_A_DAY}
        )
    if draft is not None:
        draft = locked(Request.objects.all()).get(pk=draft.pk, retainer=retainer)
        if draft.state != State.DRAFT:
            raise OverageError(_("This draft was sent or dropped in the meantime."))
    if replaces is not None:
        replaces = _locked(replaces) if replaces.retainer_id == retainer.pk else None
    emergency = next(
        (item for item in (draft, replaces) if item is not None and item.is_emergency), None
    )
    if emergency is not None:
        _check_emergency(retainer, emergency, wish)
    if replaces is not None and replaces.state == State.PENDING:
        _withdraw(replaces, by, now, _("replaced by another request"))
    row = draft or Request(retainer=retainer, number=next_number(retainer), made_at=now)
    if emergency is not None:
        for name in ("is_emergency", "began_at", "ask_by", "ceiling"):
            setattr(row, name, getattr(emergency, name))
    for name in ("kind", "amount", "rate", "price", "reason", "starts_on", "ends_on", "needs_code"):
        setattr(row, name, getattr(wish, name))
    row.state, row.asked_at, row.asked_by, row.decide_by, row.replaces = (
        State.PENDING,
        now,
        by,
        decide_by,
        replaces,
    )
    row.save()
    for contact in asked:
        approver = Approver(
            request=row, contact=contact, name=contact.name, to=contact.email.lower()
        )
        approver.save()
        queue(
            retainer.workspace,
            Delivery.Kind.REQUEST,
            about=approver.pk,
            occasion="ask",
            target=approver.to,
            now=now,
        )
    note(row, Event.ASKED, now, str(by or ""), ", ".join(contact.name for contact in asked))
    retainer.touch()
    return row


def _sent_lately(retainer: Retainer, now: datetime) -> int:
    lately = Request.objects.filter(asked_at__gt=now - timedelta(days=1), asked_at__lte=now)
    return lately.filter(retainer__workspace=retainer.workspace_id).count()


def _check(retainer: Retainer, wish: Wish) -> None:
    if not 0 < wish.amount <= LONGEST:
        raise OverageError(_("Ask for more than 0 hours."))
    if not wish.reason.strip():
        raise OverageError(_("Say why; whoever decides reads it."))
    if wish.kind == Request.Kind.EXTRA and wish.rate is None:
        raise OverageError(_("Say at which rate the extra hours are billed; 0 is at no charge."))
    if wish.ends_on < wish.starts_on:
        raise OverageError(_("The work would end before it begins."))
    if retainer.calendar().cycle_of(wish.starts_on) is None:
        raise OverageError(_("%(on)s is not within this retainer.") % {"on": wish.starts_on})
    if wish.kind == Request.Kind.RAISE:
        try:
            open_cycle(retainer, wish.starts_on)
        except LedgerError as error:
            raise OverageError(str(error)) from None


def _check_approvers(retainer: Retainer, approvers: Sequence[Contact]) -> list[Contact]:
    asked = list({contact.email.lower(): contact for contact in approvers}.values())
    if not asked:
        raise OverageError(
            _(
                "Choose who decides. Add a contact with the role of approver and an e-mail address first."
            )
        )
    if len(asked) > MOST_APPROVERS:
        raise OverageError(_("At most %(n)s people can be asked.") % {"n": MOST_APPROVERS})
    for contact in asked:
        if (
            contact.client_id != retainer.client_id
            or contact.role != Contact.Role.APPROVER
            or not contact.email
        ):
            raise OverageError(
                _("%(name)s is no approver of this client with an e-mail address.")
                % {"name": contact.name}
            )
    return asked


def _check_emergency(retainer: Retainer, emergency: Request, wish: Wish) -> None:
    """Refuse an emergency that asks for more than was agreed when it began."""
    if (
        wish.kind != Request.Kind.EXTRA
        or wish.rate != emergency.rate
        or wish.amount > (emergency.ceiling or 0)
    ):
        said = {"time": words_for(retainer).amount(emergency.ceiling or 0)}
        raise OverageError(
            _("An emergency is billed at the rate that was agreed beforehand, up to %(time)s.")
            % said
        )


def next_number(retainer: Retainer) -> int:
    """Return the number of the next request of a locked retainer."""
    return (
        Request.objects.filter(retainer=retainer).aggregate(last=Max("number"))["last"] or 0
    ) + 1


def _locked(request: Request) -> Request:
    """Return the request as it is now, with its retainer locked before it until the transaction
    ends.
    """
    record.lock(Retainer(pk=request.retainer_id))
    rows = locked(Request.objects.all()).select_related("retainer__workspace", "retainer__client")
    return rows.get(pk=request.pk)


def decide(
    request: Request,
    *,
    approver: Approver | None,
    name: str,
    amount: int,
    comment: str = "",
    by: Member | None = None,
    now: datetime,
) -> Request:
    """Decide on a request: approve `amount` of it, or decline (0). It works once; both sides get a
    receipt.

    `approver` decides by their link; without one, `by` notes a decision that was given elsewhere.
    The hours, the decision and the mails are one transaction. Raises `OverageError` where it is
    decided, withdrawn or expired already, or not for them.
    """
    name, comment = signed(name), comment.strip()[:2000]
    if not name:
        raise OverageError(_("Type your name: it stands under the decision."))
    with transaction.atomic():
        row = _locked(request)
        state = row.state_at(now)
        if state == State.PENDING and (approver is None or _may(approver, row)):
            return _settle(row, approver, name, amount, comment, by, now)
        note_late(row, name, now, is_approval=amount > 0)
    raise OverageError(refusal(row, now))


@transaction.atomic
def note_late(row: Request, name: str, now: datetime, *, is_approval: bool) -> None:
    """Note a decision that came when there was nothing to decide any more; of many the first ten,
    and how many more there were.
    """
    if not is_late_news(row):
        return
    said = {
        "what": _("to approve") if is_approval else _("to decline"),
        "state": State(row.state_at(now)).label,
    }
    note(row, Event.TOO_LATE, now, name, _("%(what)s; it was %(state)s already") % said)


def refusal(row: Request, now: datetime) -> str:
    """Say why a request can no longer be decided."""
    texts = {
        State.APPROVED: _("It was approved already."),
        State.DECLINED: _("It was declined already."),
        State.WITHDRAWN: _("The request was withdrawn. There is nothing to decide any more."),
        State.EXPIRED: _("The time to decide is over. Ask for a new request."),
        State.DRAFT: _("This request was not sent."),
    }
    return texts.get(
        State(row.state_at(now)), _("This link no longer decides. Ask for a new request.")
    )


def _may(approver: Approver, row: Request) -> bool:
    fresh = Approver.objects.select_related("contact").get(pk=approver.pk)
    return fresh.request_id == row.pk and fresh.may_decide


def _settle(
    row: Request,
    approver: Approver | None,
    name: str,
    amount: int,
    comment: str,
    by: Member | None,
    now: datetime,
) -> Request:
    retainer = row.retainer
    if not 0 <= amount <= row.amount:
        most = words_for(retainer).amount(row.amount)
        raise OverageError(
            _("At most %(time)s were asked for. Approve as many or fewer.") % {"time": most}
        )
    if amount:
        _grant(row, amount, name, by, now)
    row.state = State.APPROVED if amount else State.DECLINED
    row.decided_at, row.approved, row.decided_by, row.recorded_by, row.comment = (
        now,
        amount,
        name,
        by,
        comment,
    )
    row.save()
    said = words_for(retainer).amount(amount) if amount else ""
    noted = _("noted by %(member)s") % {"member": by} if by else ""
    note(
        row,
        Event.APPROVED if amount else Event.DECLINED,
        now,
        name,
        " · ".join(filter(None, (said, noted, comment))),
    )
    _tell_all(row, "decided", now)
    retainer.touch()
    return row


def _grant(row: Request, amount: int, name: str, by: Member | None, now: datetime) -> None:
    """Put what was approved into the ledger, under a key of its own."""
    try:
        if row.kind == Request.Kind.EXTRA:
            authorise(
                row.retainer,
                key=row.key,
                amount=amount,
                rate=row.rate,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                approved_by=name,
                by=by,
                now=now,
                reason=row.reason,
                is_emergency=row.is_emergency,
            )
        else:
            top_up(
                row.retainer,
                seconds=amount,
                on=row.starts_on,
                by=by,
                now=now,
                price=price_for(row, amount),
                key=row.key,
                reason=_("Approved by %(name)s") % {"name": name},
            )
    except LedgerError as error:
        raise OverageError(str(error)) from None


def price_for(row: Request, amount: int) -> int | None:
    """Return what `amount` of raised hours costs: the price in proportion, half up."""
    return None if row.price is None else half_up(row.price * amount, row.amount)


@transaction.atomic
def withdraw(request: Request, *, by: Member | None, now: datetime, reason: str = "") -> None:
    """Take a request back, or drop a draft. Raises `OverageError` where it is decided already."""
    row = _locked(request)
    if row.state_at(now) not in (State.PENDING, State.DRAFT):
        raise OverageError(refusal(row, now))
    _withdraw(row, by, now, reason)


def _withdraw(row: Request, by: Member | None, now: datetime, reason: str) -> None:
    was_sent = row.state == State.PENDING
    row.state, row.decided_at = State.WITHDRAWN, now
    row.save()
    note(row, Event.WITHDRAWN, now, str(by or ""), reason)
    if was_sent:
        _tell_approvers(row, "withdrawn", now)
    row.retainer.touch()


@transaction.atomic
def expire(request: Request, now: datetime) -> bool:
    """Note that nobody decided in time; both sides are told. Returns False where there is nothing
    to note.
    """
    row = _locked(request)
    if row.state != State.PENDING or row.state_at(now) != State.EXPIRED:
        return False
    row.state, row.decided_at = State.EXPIRED, row.decide_by
    row.save()
    note(row, Event.EXPIRED, now, "", "")
    _tell_all(row, "expired", now)
    row.retainer.touch()
    return True


@transaction.atomic
def remind(request: Request, now: datetime) -> bool:
    """Remind whoever has not decided, once. Returns False where that was done, or is no longer
    needed.
    """
    row = _locked(request)
    if row.state_at(now) != State.PENDING or row.events.filter(kind=Event.REMINDED).exists():
        return False
    for approver in row.approvers.select_related("contact"):
        if approver.may_decide:
            queue(
                row.retainer.workspace,
                Delivery.Kind.REMINDER,
                about=approver.pk,
                occasion="remind",
                target=approver.to,
                now=now,
            )
    note(row, Event.REMINDED, now, "", "")
    return True


@transaction.atomic
def start_emergency(
    retainer: Retainer, *, reason: str, began_at: datetime, by: Member | None, now: datetime
) -> Request:
    """Note that emergency work began: a draft at the rate and up to the ceiling agreed beforehand,
    to be asked for in time.

    Raises `OverageError` where nothing was agreed, or it would begin in the future.
    """
    retainer = record.lock(retainer)
    agreed = OverageTerms.objects.filter(retainer=retainer).first()
    if agreed is None or not agreed.has_emergencies:
        raise OverageError(_("Agree on an emergency rate and a ceiling first."))
    if not reason.strip():
        raise OverageError(_("Say what happened; whoever decides reads it."))
    if not now - timedelta(days=31) <= began_at <= now:
        raise OverageError(_("It began within the last month, and not in the future."))
    on = began_at.astimezone(retainer.tzinfo).date()
    if retainer.calendar().cycle_of(on) is None:
        raise OverageError(_("%(on)s is not within this retainer.") % {"on": on})
    row = Request(
        retainer=retainer,
        number=next_number(retainer),
        amount=agreed.emergency_ceiling or 0,
        rate=agreed.emergency_rate,
        reason=reason.strip(),
        starts_on=on,
        ends_on=on + timedelta(days=7),
        is_emergency=True,
        began_at=began_at,
        made_at=now,
        ask_by=began_at + timedelta(hours=agreed.emergency_hours),
        ceiling=agreed.emergency_ceiling,
    )
    row.save()
    note(row, Event.STARTED, now, str(by or ""), reason)
    return row


def note(row: Request, kind: str, now: datetime, who: str, said: str) -> None:
    """Add to what happened to a request."""
    RequestEvent(request=row, kind=kind, at=now, who=who[:150], said=said).save()


def _tell_all(row: Request, occasion: str, now: datetime) -> None:
    _tell_approvers(row, occasion, now)
    for member in told_members(row):
        queue(
            row.retainer.workspace,
            Delivery.Kind.NEWS,
            about=row.pk,
            occasion=occasion,
            target=member.user.email,
            now=now,
        )


def _tell_approvers(row: Request, occasion: str, now: datetime) -> None:
    for approver in row.approvers.all():
        queue(
            row.retainer.workspace,
            Delivery.Kind.RECEIPT,
            about=approver.pk,
            occasion=occasion,
            target=approver.to,
            now=now,
        )


def told_members(row: Request) -> list[Member]:
    """Return who hears what became of a request: whoever asked, if they see that client still, else
    the owners.
    """
    members = (
        Member.objects.standing().filter(workspace=row.retainer.workspace).select_related("user")
    )
    asked = [
        member
        for member in members
        if member.pk == row.asked_by_id
        and seen_by(member).filter(pk=row.retainer.client_id).exists()
    ]
    return asked or [member for member in members if member.is_owner]
