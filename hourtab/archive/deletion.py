"""Deleting a workspace: after an export, a time in which it can be called off, and a mail before it
happens.
"""

from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import parseaddr

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from hourtab.accounts.audit import note
from hourtab.accounts.models import Event, Member, Role, User, Workspace
from hourtab.archive.tables import TABLES, rows_of
from hourtab.lib.database import is_sqlite
from hourtab.lib.locking import locked
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.retainers.models import Retainer
from hourtab.worker.rows import each

WAITING = timedelta(days=14)
WARNED_BEFORE = timedelta(days=3)
LEAST_WARNING = timedelta(days=1)


class DeletionError(ValueError):
    """The workspace cannot be deleted yet; the message says what is missing."""


@transaction.atomic
def ask_to_delete(
    workspace: Workspace, name: str, now: datetime, *, by: Member | None = None
) -> datetime:
    """Have the workspace deleted after the waiting time; returns when. Its owners get a mail.

    `name` is its name, as it was typed. Raises `DeletionError` where that is another, or where
    nothing was exported since the last change.
    """
    workspace = locked(Workspace.objects.all()).get(pk=workspace.pk)
    if name.strip() != workspace.name:
        raise DeletionError(_("This is not the name of the workspace."))
    changed = Retainer.objects.filter(workspace=workspace).aggregate(Max("as_of"))["as_of__max"]
    if workspace.exported_at is None or (changed and changed > workspace.exported_at):
        raise DeletionError(
            _("Export everything first: nothing was exported since the last change.")
        )
    workspace.delete_after = now + WAITING
    workspace.save(update_fields=["delete_after"])
    note(workspace, Event.Kind.DELETION, f"{workspace.delete_after:%Y-%m-%d}", by=by, now=now)
    _tell_owners(workspace, "asked", now)
    workspace.touch()
    return workspace.delete_after


@transaction.atomic
def call_off(workspace: Workspace, *, by: Member | None = None) -> None:
    """Let the workspace stay."""
    if (
        Workspace.objects.filter(pk=workspace.pk)
        .exclude(delete_after=None)
        .update(delete_after=None)
    ):
        note(workspace, Event.Kind.DELETION_OFF, by=by)
    workspace.touch()


def warn_of_deletions(now: datetime) -> int:
    """Mail the owners of workspaces that are deleted within three days, once; return how many
    workspaces these are.
    """
    due = Workspace.objects.filter(delete_after__lte=now + WARNED_BEFORE)
    return each("warn of deletions", due, lambda row: _tell_owners(row, "soon", now), now)


def delete_due(now: datetime) -> int:
    """Delete the workspaces whose waiting time is over and whose owners were warned a day ago or
    more; returns how many.
    """

    def delete(workspace: Workspace) -> int:
        due = locked(Workspace.objects.all()).filter(pk=workspace.pk, delete_after__lte=now)
        standing = due.first()
        if standing is None or not _was_warned(standing, now):
            return 0
        delete_workspace(standing)
        return 1

    due = Workspace.objects.filter(delete_after__lte=now)
    deleted = each("delete workspaces", due, delete, now)
    if deleted and is_sqlite() and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return deleted


def delete_workspace(workspace: Workspace) -> None:
    """Delete every row of a workspace, the people who belong to no other, and mails that were
    written to files for them.
    """
    if is_sqlite():
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")
    people = list(User.objects.filter(workspaces=workspace).values_list("pk", flat=True))
    written_to = set(Delivery.objects.filter(workspace=workspace).values_list("target", flat=True))
    for model, way in reversed(TABLES):
        if model not in (User, Workspace):
            keys = list(rows_of(model, way, workspace).values_list("pk", flat=True))
            for start in range(0, len(keys), 5000):
                rows: QuerySet[User] = QuerySet(model).filter(pk__in=keys[start : start + 5000])
                rows._raw_delete(rows.db)
    gone = User.objects.filter(pk__in=people, workspaces=None)
    for session in UserSession.objects.filter(user__in=gone.values_list("pk", flat=True)):
        session.end()
    gone.delete()
    Workspace.objects.filter(pk=workspace.pk).delete()
    elsewhere = Delivery.objects.filter(target__in=written_to).values_list("target", flat=True)
    _delete_files(written_to - set(elsewhere))


def _tell_owners(workspace: Workspace, occasion: str, now: datetime) -> bool:
    owners = (
        Member.objects.standing()
        .filter(workspace=workspace, role=Role.OWNER)
        .select_related("user")
    )
    asked = [
        queue(
            workspace,
            Delivery.Kind.DELETION,
            about=workspace.pk,
            target=owner.user.email,
            now=now,
            occasion=f"{occasion} {_mark(workspace)}",
        )
        for owner in owners
    ]
    return any(asked)


def _was_warned(workspace: Workspace, now: datetime) -> bool:
    """Did a warning of this very deletion go into the outbox a day ago or more? A workspace without
    owners needs none.
    """
    if not Member.objects.standing().filter(workspace=workspace, role=Role.OWNER).exists():
        return True
    warnings = Delivery.objects.filter(
        kind=Delivery.Kind.DELETION, about=workspace.pk, created_at__lte=now - LEAST_WARNING
    )
    return warnings.filter(occasion=f"soon {_mark(workspace)}").exists()


def _mark(workspace: Workspace) -> str:
    return f"{workspace.delete_after:%Y%m%d%H%M%S}"


def _delete_files(addresses: set[str]) -> None:
    """Delete the mails to these addresses that were written to files, because no mail server is
    set.
    """
    for path in settings.MAIL_DIR.glob("*.log") if addresses else ():
        if parseaddr(message_from_bytes(path.read_bytes())["To"] or "")[1].lower() in addresses:
            path.unlink(missing_ok=True)
