"""Mail goes to who is to be told when it is sent, not to who was when it was queued.

What the table in hourtab/outbox/README.md says, a test a line.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from hourtab.accounts.models import Member, User
from hourtab.alerts.models import Listener, Watch
from hourtab.alerts.watching import watch_retainers
from hourtab.archive.deletion import warn_of_deletions
from hourtab.clients.models import Access, Contact
from hourtab.core.amounts import HOUR
from hourtab.ledger.jobs import turn_the_day
from hourtab.outbox.models import Delivery
from hourtab.overage import links, services
from hourtab.overage.models import Request
from hourtab.overage.services import Wish
from hourtab.retainers.models import Retainer
from hourtab.sharing import subscriptions
from hourtab.sharing.models import ShareLink, Shown, Subscription
from hourtab.sharing.services import change_link, revoke_link, share
from hourtab.showing.digest import queue_digests
from hourtab.team.services import invite
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def retainer(northlight, ada, ben) -> Retainer:
    """Ada owns, Ben edits; Carl decides, Sue pays; a link, and a request of Ben's."""
    retainer = a_retainer(northlight)
    Retainer.objects.update(opened_at=NOW)
    for name, role in (("Carl", "approver"), ("Sue", "sponsor")):
        email = f"{name.lower()}@acme.example"
        Contact.objects.create(client=retainer.client, name=name, email=email, role=role)
    share([retainer], by=None)
    turn_the_day(NOW)
    watch_retainers(NOW)
    return Retainer.objects.get()


@pytest.fixture
def request_of_ben(retainer, ben) -> Request:
    wish = Wish("extra", 5 * HOUR, NOW.date(), NOW.date(), "Cohort", 9000, needs_code=True)
    return services.ask(
        retainer,
        wish,
        [Contact.objects.get(name="Carl")],
        decide_by=NOW + timedelta(days=3),
        by=ben.member,
        now=NOW,
    )


def queue_confirm(_request: Request) -> None:
    subscriptions.ask(ShareLink.objects.get(), "cfo@acme.example", "week", now=NOW)


def queue_digest(request: Request) -> None:
    queue_confirm(request)
    subscriptions.confirm(Subscription.objects.get(), "week", now=NOW - timedelta(days=9))
    queue_digests(NOW)


def queue_code(request: Request) -> None:
    links.send_code(request.approvers.get(), NOW)


def queue_decision(request: Request) -> None:
    services.decide(request, approver=None, name="Carl", amount=0, now=NOW)


def queue_alert(_request: Request) -> None:
    Watch.objects.update(tells_sponsors=["used"])
    log(Retainer.objects.get(), "2027-06-21", "10h")
    watch_retainers(NOW)


def queue_invitation(_request: Request) -> None:
    ada = Member.objects.get(role="owner")
    invite(ada.workspace, "new@northlight.example", "editor", None, by=ada, now=NOW)


def queue_warning(_request: Request) -> None:
    workspace = Retainer.objects.get().workspace
    workspace.delete_after = NOW + timedelta(days=2)
    workspace.save()
    warn_of_deletions(NOW)


QUEUE: dict[str, Callable[[Request], None]] = {
    "confirm": queue_confirm,
    "digest": queue_digest,
    "request": lambda _request: None,
    "reminder": lambda request: services.remind(request, NOW),
    "code": queue_code,
    "receipt": queue_decision,
    "news": queue_decision,
    "alert": queue_alert,
    "invite": queue_invitation,
    "deletion": queue_warning,
}

OF_BEN, OF_ADA = "ben@northlight.example", "ada@northlight.example"
CARL, SUE, CFO, NEW = (
    "carl@acme.example",
    "sue@acme.example",
    "cfo@acme.example",
    "new@northlight.example",
)


def leaves(email: str) -> None:
    Member.objects.filter(user__email=email).update(left_at=NOW)


def reads_only(email: str) -> None:
    Member.objects.filter(user__email=email).update(role="viewer")


def edits_only(email: str) -> None:
    Member.objects.filter(user__email=email).update(role="editor")


def is_limited_to_another_client(email: str) -> None:
    member = Member.objects.get(user__email=email)
    Member.objects.filter(pk=member.pk).update(is_limited=True)
    other = a_retainer(member.workspace, "Beta")
    Access.objects.create(member=member, client=other.client)


def moves(email: str) -> None:
    User.objects.filter(email=email).update(email=f"moved-{email}")
    Contact.objects.filter(email=email).update(email=f"moved-{email}")


def is_removed(email: str) -> None:
    Contact.objects.filter(email=email).delete()


def has_another_role(email: str) -> None:
    Contact.objects.filter(email=email).update(role="billing")


def mutes(_email: str) -> None:
    Listener.objects.update(muted_at=NOW)


def link_is_revoked(_email: str) -> None:
    revoke_link(ShareLink.objects.get(), now=NOW)


def link_takes_no_subscribers(_email: str) -> None:
    change_link(ShareLink.objects.get(), takes_subscribers=False)


def link_shows_nothing(_email: str) -> None:
    Shown.objects.all().delete()


def subscription_ends(_email: str) -> None:
    subscriptions.end(Subscription.objects.get(), now=NOW)


def request_is_withdrawn(_email: str) -> None:
    services.withdraw(Request.objects.get(), by=None, now=NOW)


def request_is_decided(_email: str) -> None:
    services.decide(Request.objects.get(), approver=None, name="Carl", amount=0, now=NOW)


def invitation_is_withdrawn(_email: str) -> None:
    Retainer.objects.get().workspace.invitations.all().delete()


def deletion_is_called_off(_email: str) -> None:
    workspace = Retainer.objects.get().workspace
    workspace.delete_after = None
    workspace.save()


SINCE = [
    *(("confirm", CFO, since) for since in (link_is_revoked, link_takes_no_subscribers)),
    *(
        ("digest", CFO, since)
        for since in (
            link_is_revoked,
            link_takes_no_subscribers,
            link_shows_nothing,
            subscription_ends,
        )
    ),
    *(
        (kind, CARL, since)
        for kind in ("request", "reminder", "code")
        for since in (
            is_removed,
            has_another_role,
            moves,
            request_is_withdrawn,
            request_is_decided,
        )
    ),
    *(("receipt", CARL, since) for since in (is_removed, has_another_role, moves)),
    *(("news", OF_BEN, since) for since in (leaves, is_limited_to_another_client, moves)),
    *(
        ("alert", OF_BEN, since)
        for since in (leaves, reads_only, is_limited_to_another_client, moves, mutes)
    ),
    *(("alert", SUE, since) for since in (is_removed, has_another_role, moves, mutes)),
    ("invite", NEW, invitation_is_withdrawn),
    *(("deletion", OF_ADA, since) for since in (leaves, edits_only, moves, deletion_is_called_off)),
]


@pytest.mark.parametrize("kind", QUEUE)
def test_what_nothing_speaks_against_is_sent(kind, request_of_ben, mailbox: Mailbox) -> None:
    with time_machine.travel(NOW, tick=False):
        QUEUE[kind](request_of_ben)
    send(NOW)
    assert {row.state for row in Delivery.objects.filter(kind=kind)} == {"sent"}


@pytest.mark.parametrize(
    ("kind", "email", "since"), SINCE, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_who_is_no_longer_to_be_told_gets_no_mail(
    kind, email, since, request_of_ben, mailbox: Mailbox
) -> None:
    with time_machine.travel(NOW, tick=False):
        QUEUE[kind](request_of_ben)
        (row,) = Delivery.objects.filter(kind=kind, target=email)
        since(email)
    send(NOW)
    row.refresh_from_db()
    assert row.state == "dropped"
    assert row.message_id not in str([mail["Message-ID"] for mail in mailbox.mails])


def test_every_kind_of_mail_is_here() -> None:
    assert set(QUEUE) == set(Delivery.Kind.values) == {kind for kind, _to, _since in SINCE}
