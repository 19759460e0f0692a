"""Putting an exported workspace into an empty instance: the same balances, the same heads of the
chains.
"""

import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models import F
from django.utils import timezone

from hourtab.accounts.models import Invitation, User, Workspace
from hourtab.alerts.models import Listener
from hourtab.archive.export import FORMAT
from hourtab.archive.tables import NOT_EXPORTED, TABLES
from hourtab.archive.unpacking import DAMAGED, Unpacking
from hourtab.ledger.reading.verify import contradictions
from hourtab.ledger.writing.chain import head
from hourtab.lib import tokens
from hourtab.overage.models import Approver
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink, Shown, Subscription


class RestoreError(ValueError):
    """The file cannot be restored here; the message says why. Nothing was stored."""


def restore_workspace(path: Path, *, keep_links: bool = False) -> Workspace:
    """Store everything of an export. Links keep their addresses where that is asked for and the
    file has them, else get new ones. Nobody can sign in with an old password: people ask for a code
    or a new one.

    Raises `RestoreError` where the file is none, was altered, or the instance is not empty.
    """
    try:
        with transaction.atomic(), zipfile.ZipFile(path) as archive:
            return _restore(Unpacking(archive), keep_links=keep_links)
    except RestoreError:
        raise
    except (*DAMAGED, IntegrityError, DataError, ValidationError) as error:
        said = " ".join(str(error).split())[:300] or type(error).__name__
        raise RestoreError(f"{path} is not a whole export: {said}.") from None


def _restore(file: Unpacking, *, keep_links: bool) -> Workspace:
    if Workspace.objects.exists():
        raise RestoreError("This instance holds a workspace already. Restore into an empty one.")
    contents = file.contents()
    if contents.get("format") != FORMAT:
        raise RestoreError(f"This is not an export of a workspace ({FORMAT}).")
    kept = _tokens(contents["links"]) if keep_links else {}
    for model, _way in TABLES:
        if model not in NOT_EXPORTED:
            for some in file.rows(model):
                models.QuerySet(model).bulk_create(some)
    # Whoever points at a row that is not there is found now, not when it is too late to say so.
    connection.check_constraints()
    if Workspace.objects.count() != 1:
        raise RestoreError(f"The file holds {Workspace.objects.count()} workspaces, not one.")
    _reset_numbers()
    _renew_links(kept)
    for user in User.objects.all():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        EmailAddress.objects.create(
            user=cast(Any, user), email=user.email, primary=True, verified=True
        )
    _check_retainers({item["ref"]: item["head"] for item in contents["retainers"]})
    return Workspace.objects.get()


def _tokens(links: Mapping[str, Any]) -> dict[str, str]:
    """Return the addresses the file has, by the number of each link."""
    if not links:
        raise RestoreError(
            "The file holds no addresses of links. Export with them, or restore with new ones."
        )
    if not all(isinstance(said, str) and tokens.PATTERN.fullmatch(said) for said in links.values()):
        raise RestoreError("An address of a link in the file is none.")
    if len(set(links.values())) < len(links):
        raise RestoreError("Two links in the file have the same address.")
    return dict(links)


def _check_retainers(heads: Mapping[str, str]) -> None:
    """Raise where a retainer is not one the file vouches for, or does not fit itself."""
    for retainer in Retainer.objects.select_related("workspace", "client"):
        if retainer.ref not in heads:
            raise RestoreError(f"The file does not say where the chain of {retainer} ends.")
        if head(retainer) != heads[retainer.ref]:
            raise RestoreError(f"The chain of {retainer} does not end where the file says it does.")
        try:
            wrong = contradictions(retainer, timezone.now())
        except Exception as error:  # Rows of a stranger: what they break cannot be told beforehand.
            raise RestoreError(f"{retainer} cannot be computed: {error}.") from None
        if wrong:
            raise RestoreError(f"The rows of {retainer} do not fit each other: {wrong[0]}.")
    known = set(Retainer.objects.values_list("ref", flat=True))
    if missing := heads.keys() - known:
        raise RestoreError(f"The file names {', '.join(sorted(missing))} and has no rows of it.")
    if stray := Shown.objects.exclude(retainer__client=F("link__client")).first():
        raise RestoreError(f"Link {stray.link_id} shows a retainer of another client.")


def _reset_numbers() -> None:
    """Let the database count on from the keys that were stored."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(
            no_style(), [model for model, _way in TABLES]
        ):
            cursor.execute(statement)


def _renew_links(kept: dict[str, str]) -> None:
    for link in ShareLink.objects.all():
        link.nonce = secrets.token_bytes(16)
        if token := kept.get(str(link.pk)):
            link.sealed = tokens.seal(token, link.nonce)
        link.token_digest = tokens.digest_of(link.token)
        link.save(update_fields=["nonce", "sealed", "token_digest"])
    for model in (Subscription, Approver, Listener, Invitation):
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(token_digest=tokens.digest_of(row.token))
