"""Putting an exported workspace into an empty instance: the same balances, the same heads of the
chains.
"""

import json
import secrets
import zipfile
from pathlib import Path
from typing import Any, cast

from allauth.account.models import EmailAddress
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone

from hourtab.accounts.models import Invitation, User, Workspace
from hourtab.alerts.models import Listener
from hourtab.archive.export import FORMAT
from hourtab.archive.tables import NOT_EXPORTED, TABLES, columns_of, value_of
from hourtab.ledger.verify import findings
from hourtab.ledger.writes import head
from hourtab.lib import tokens
from hourtab.overage.models import Approver
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink, Subscription


class RestoreError(ValueError):
    """The file cannot be restored here; the message says why. Nothing was stored."""


@transaction.atomic
def restore_workspace(path: Path, *, keep_links: bool = False) -> Workspace:
    """Store everything of an export. Links keep their addresses where that is asked for and the
    file has them, else get new ones. Nobody can sign in with an old password: people ask for a code
    or a new one.

    Raises `RestoreError` where the file is none, was altered, or the instance is not empty.
    """
    if Workspace.objects.exists():
        raise RestoreError("This instance holds a workspace already. Restore into an empty one.")
    try:
        with zipfile.ZipFile(path) as archive:
            contents = json.loads(archive.read("workspace.json"))
            if contents.get("format") != FORMAT:
                raise RestoreError(f"{path} is not an export of a workspace ({FORMAT}).")
            if keep_links and not contents["links"]:
                raise RestoreError(
                    "The file holds no addresses of links. Export with them, or restore with new ones."
                )
            for model, _way in TABLES:
                if model not in NOT_EXPORTED:
                    _store(model, archive.read(f"rows/{model._meta.label_lower}.jsonl"))
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RestoreError(f"{path} is not a whole export: {error}") from None
    _reset_numbers()
    _renew_links(contents["links"] if keep_links else {})
    for user in User.objects.all():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        EmailAddress.objects.create(
            user=cast(Any, user), email=user.email, primary=True, verified=True
        )
    for item in contents["retainers"]:
        retainer = Retainer.objects.get(ref=item["ref"])
        if head(retainer) != item["head"]:
            raise RestoreError(
                f"The chain of {item['name']} does not end where the file says it does."
            )
        if wrong := findings(retainer, timezone.now()):
            raise RestoreError(f"The rows of {item['name']} do not fit each other: {wrong[0]}.")
    return Workspace.objects.get()


def _store(model: type[models.Model], content: bytes) -> None:
    fields = columns_of(model)
    rows = [json.loads(line) for line in content.splitlines()]
    objects: Any = (
        model(**{field.attname: value_of(field, row[field.attname]) for field in fields})
        for row in rows
    )
    models.QuerySet(model).bulk_create(objects, batch_size=2000)


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
