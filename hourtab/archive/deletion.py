"""Deleting a workspace: after an export, and a time in which it can be called off."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from hourtab.accounts.models import User, Workspace
from hourtab.archive.tables import TABLES, rows_of
from hourtab.retainers.models import Retainer

WAITING = timedelta(days=14)


class DeletionError(ValueError):
    """The workspace cannot be deleted yet; the message says what is missing."""


@transaction.atomic
def ask_to_delete(workspace: Workspace, name: str, now: datetime) -> datetime:
    """Have the workspace deleted after the waiting time; returns when. `name` is its name, as it was typed.

    Raises `DeletionError` where the name is another, or nothing was exported since the last change.
    """
    workspace = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if name.strip() != workspace.name:
        raise DeletionError(_("This is not the name of the workspace."))
    changed = Retainer.objects.filter(workspace=workspace).aggregate(Max("as_of"))["as_of__max"]
    if workspace.exported_at is None or (changed and changed > workspace.exported_at):
        raise DeletionError(_("Export everything first: nothing was exported since the last change."))
    workspace.delete_after = now + WAITING
    workspace.save(update_fields=["delete_after"])
    workspace.touch()
    return workspace.delete_after


def call_off(workspace: Workspace) -> None:
    """Let the workspace stay."""
    Workspace.objects.filter(pk=workspace.pk).update(delete_after=None)
    workspace.touch()


def delete_due(now: datetime) -> int:
    """Delete the workspaces whose waiting time is over; returns how many."""
    due = list(Workspace.objects.filter(delete_after__lte=now))
    for workspace in due:
        with transaction.atomic():
            locked = Workspace.objects.select_for_update().filter(pk=workspace.pk, delete_after__lte=now).first()
            if locked:
                delete_workspace(locked)
    return len(due)


def delete_workspace(workspace: Workspace) -> None:
    """Delete every row of a workspace, and the people who belong to no other."""
    people = list(User.objects.filter(workspaces=workspace).values_list("pk", flat=True))
    for model, way in reversed(TABLES):
        if model not in (User, Workspace):
            keys = list(rows_of(model, way, workspace).values_list("pk", flat=True))
            for start in range(0, len(keys), 5000):
                rows: QuerySet[User] = QuerySet(model).filter(pk__in=keys[start : start + 5000])
                rows._raw_delete(rows.db)
    User.objects.filter(pk__in=people, workspaces=None).delete()
    Workspace.objects.filter(pk=workspace.pk).delete()
