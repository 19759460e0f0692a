"""Making, rotating and revoking public links."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from hourtab.accounts.audit import changes_of, fields_of, note
from hourtab.accounts.models import Event, Member, Workspace
from hourtab.accounts.plans import check_links
from hourtab.lib import tokens
from hourtab.lib.locking import locked
from hourtab.retainers.models import Retainer
from hourtab.sharing import subscriptions
from hourtab.sharing.models import FormerAddress, ShareLink, Shown, StoredPage, Subscription


@transaction.atomic
def share(retainers: Sequence[Retainer], *, by: Member | None, **options: Any) -> ShareLink:
    """Make a link that shows `retainers`, all of one client; raise `ValueError` where they are not.

    Raises `PlanError` where the plan has no room for it.
    """
    first = retainers[0]
    if any(retainer.client_id != first.client_id for retainer in retainers):
        raise ValueError("One link shows the retainers of one client only.")
    workspace = locked(Workspace.objects.all()).get(pk=first.workspace_id)
    check_links(workspace, active_links(workspace, timezone.now()).count())
    link = ShareLink(
        workspace_id=first.workspace_id, client_id=first.client_id, created_by=by, **options
    )
    link.token_digest = tokens.digest_of(link.token)
    link.save()
    Shown.objects.bulk_create(
        Shown(link=link, retainer=retainer, position=i) for i, retainer in enumerate(retainers)
    )
    note(link.workspace, Event.Kind.LINK_MADE, _named(link), by=by)
    return link


def active_links(workspace: Workspace, now: datetime) -> QuerySet[ShareLink]:
    """Return the links that answer at `now`: those a plan counts."""
    return workspace.links.filter(revoked_at=None).filter(
        Q(expires_at=None) | Q(expires_at__gt=now)
    )


def key_fits() -> bool:
    """Is LINK_KEY the one the links of this database were made with?"""
    link = ShareLink.objects.order_by("pk").first()
    return link is None or tokens.digest_of(link.token) == link.token_digest


@transaction.atomic
def rotate_link(
    link: ShareLink,
    *,
    grace: timedelta | None = None,
    keep: Collection[int] = (),
    now: datetime | None = None,
    by: Member | None = None,
) -> ShareLink:
    """Give the link a new address; the old one answers 404 from now on, or, with a `grace`, when
    that is over.

    Whoever has the old address does not learn the new one from it, nor by mail: its digests end,
    but for the subscriptions in `keep`.
    """
    link = locked(ShareLink.objects.all()).get(pk=link.pk)
    subscriptions.end_all(link, keep=keep, now=now or timezone.now())
    if grace and now:
        link.former.create(
            nonce=link.nonce, sealed=link.sealed, token_digest=link.token_digest, until=now + grace
        )
    else:
        link.former.all().delete()
    link.nonce, link.sealed = secrets.token_bytes(16), bytes(16)
    link.token_digest = tokens.digest_of(link.token)
    link.save(update_fields=["nonce", "sealed", "token_digest"])
    link.pages.all().delete()
    note(link.workspace, Event.Kind.LINK_ROTATED, _named(link), by=by, now=now)
    link.touch()
    return link


@transaction.atomic
def revoke_link(link: ShareLink, *, now: datetime, by: Member | None = None) -> None:
    """End the link: its page answers 404 and open pages learn of it."""
    ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now)
    link.former.all().delete()
    link.pages.all().delete()
    note(link.workspace, Event.Kind.LINK_REVOKED, _named(link), by=by, now=now)
    link.touch()


@transaction.atomic
def end_subscription(
    subscription: Subscription, *, now: datetime, by: Member | None = None
) -> None:
    """End the digests of somebody else, for the provider; the audit counts them and names nobody."""
    link = locked(ShareLink.objects.all()).get(pk=subscription.link_id)
    before = subscriptions.standing(link).count()
    subscriptions.end(subscription, now=now)
    after = subscriptions.standing(link).count()
    if after != before:
        changes: dict[str, list[Any]] = {"digests_by_mail": [before, after]}
        note(link.workspace, Event.Kind.LINK_CHANGED, _named(link), by=by, changes=changes, now=now)


def forget_pages(retainer: Retainer) -> None:
    """Delete the stored pages that show a retainer: a text on them was erased."""
    StoredPage.objects.filter(link__shown__retainer=retainer).delete()


def forget_former(now: datetime) -> int:
    """Delete the former addresses whose grace is over; return how many."""
    return FormerAddress.objects.filter(until__lte=now).delete()[0]


@transaction.atomic
def change_retainers(
    link: ShareLink, retainers: Sequence[Retainer], *, by: Member | None = None
) -> None:
    """Show other retainers of the client, in this order; raise `ValueError` for none, or for
    another client's.
    """
    if not retainers or any(retainer.client_id != link.client_id for retainer in retainers):
        raise ValueError("One link shows at least one retainer, and those of one client only.")
    link = locked(ShareLink.objects.all()).get(pk=link.pk)
    before = _shown_on(link)
    link.shown.all().delete()
    Shown.objects.bulk_create(
        Shown(link=link, retainer=retainer, position=i) for i, retainer in enumerate(retainers)
    )
    note(
        link.workspace,
        Event.Kind.LINK_CHANGED,
        _named(link),
        by=by,
        changes={"retainers": [before, _shown_on(link)]},
    )
    link.touch()


@transaction.atomic
def change_link(link: ShareLink, *, by: Member | None = None, **options: Any) -> None:
    """Change what the link shows."""
    row = locked(ShareLink.objects.all()).get(pk=link.pk)
    before = fields_of(row, list(options))
    ShareLink.objects.filter(pk=link.pk).update(**options)
    row.refresh_from_db()
    if changes := changes_of(before, fields_of(row, list(options))):
        note(link.workspace, Event.Kind.LINK_CHANGED, _named(row), by=by, changes=changes)
    link.touch()


def _named(link: ShareLink) -> str:
    return " · ".join(text for text in (str(link.client), _shown_on(link), link.label) if text)


def _shown_on(link: ShareLink) -> str:
    return ", ".join(row.retainer.name for row in link.shown.select_related("retainer"))
