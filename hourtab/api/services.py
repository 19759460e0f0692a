"""Making, finding and revoking keys."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from hourtab.accounts.audit import note
from hourtab.accounts.models import Event, Member
from hourtab.api.models import ApiKey

PREFIX = "ht_"
_PATTERN = re.compile(r"ht_[A-Za-z0-9_-]{43}", re.ASCII)
_HINT = 8
_SEEN_EVERY = timedelta(minutes=1)


@transaction.atomic
def make_key(
    member: Member, name: str, scopes: Sequence[str], lasts: timedelta, *, now: datetime
) -> tuple[ApiKey, str]:
    """Make a key that acts as `member`, and return it with the key itself, which is not kept."""
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        member=member,
        name=name,
        scopes=list(scopes),
        hint=secret[:_HINT],
        digest=_digest(secret),
        made_at=now,
        expires_at=now + lasts,
    )
    note(member.workspace, Event.Kind.KEY_MADE, f"{key} · {', '.join(scopes)}", by=member, now=now)
    return key, secret


def find_key(secret: str, now: datetime) -> ApiKey | None:
    """Return the key that stands, with its member, who does so, too; None for any other. Notes that
    it was used.
    """
    if not _PATTERN.fullmatch(secret):
        return None
    rows = ApiKey.objects.select_related("member__workspace", "member__user")
    standing = rows.filter(
        member__left_at=None, member__user__is_active=True, made_at__gte=F("member__joined_at")
    )
    key = standing.filter(digest=_digest(secret)).first()
    if key is None or not key.stands(now):
        return None
    unseen = Q(used_at=None) | Q(used_at__lt=now - _SEEN_EVERY)
    ApiKey.objects.filter(unseen, pk=key.pk).update(used_at=now)
    return key


@transaction.atomic
def revoke_key(key: ApiKey, *, by: Member, now: datetime) -> None:
    """End a key at once."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        note(by.workspace, Event.Kind.KEY_REVOKED, str(key), by=by, now=now)


def _digest(secret: str) -> str:
    """Return what the database knows of a key. It has 256 random bits, so that no salt and no
    slowness is needed.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
