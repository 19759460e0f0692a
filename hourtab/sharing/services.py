"""Making, rotating and revoking public links."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from hourtab.accounts.models import Member
from hourtab.retainers.models import Retainer
from hourtab.sharing import tokens
from hourtab.sharing.models import ShareLink, Shown, StoredPage


@transaction.atomic
def share(retainers: Sequence[Retainer], *, by: Member | None, **options: Any) -> ShareLink:
    """Make a link that shows `retainers`, all of one client; raise `ValueError` where they are not."""
    first = retainers[0]
    if any(retainer.client_id != first.client_id for retainer in retainers):
        raise ValueError("One link shows the retainers of one client only.")
    link = ShareLink(workspace_id=first.workspace_id, client_id=first.client_id, created_by=by, **options)
    link.token_digest = tokens.digest_of(link.token)
    link.save()
    Shown.objects.bulk_create(Shown(link=link, retainer=retainer, position=i) for i, retainer in enumerate(retainers))
    return link


def key_fits() -> bool:
    """Is LINK_KEY the one the links of this database were made with?"""
    link = ShareLink.objects.order_by("pk").first()
    return link is None or tokens.digest_of(link.token) == link.token_digest


@transaction.atomic
def rotate_link(link: ShareLink) -> ShareLink:
    """Give the link a new address; the old one answers 404 from now on."""
    link = ShareLink.objects.select_for_update().get(pk=link.pk)
    link.nonce, link.sealed = secrets.token_bytes(16), bytes(16)
    link.token_digest = tokens.digest_of(link.token)
    link.save(update_fields=["nonce", "sealed", "token_digest"])
    link.pages.all().delete()
    link.touch()
    return link


@transaction.atomic
def revoke_link(link: ShareLink, *, now: datetime) -> None:
    """End the link: its page answers 404 and open pages learn of it."""
    ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now)
    link.pages.all().delete()
    link.touch()


def forget_pages(retainer: Retainer) -> None:
    """Delete the stored pages that show a retainer: a text on them was erased."""
    StoredPage.objects.filter(link__shown__retainer=retainer).delete()


@transaction.atomic
def change_link(link: ShareLink, **options: Any) -> None:
    """Change what the link shows."""
    ShareLink.objects.filter(pk=link.pk).update(**options)
    link.touch()
