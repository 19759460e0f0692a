"""Making workspaces. A workspace always has an owner."""

from django.db import transaction

from hourtab.accounts.models import Invitation, Member, Role, User, Workspace
from hourtab.lib.addressed import reached_by


@transaction.atomic
def open_workspace(name: str, *, owner: User | None = None, **settings: str) -> Workspace:
    """Make a workspace, with `owner` as its first member where one is known.

    One opened from the command line has none until somebody signs up with `hourtab demo` or is made
    its owner.
    """
    workspace = Workspace.objects.create(name=name, **settings)
    if owner is not None:
        Member.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    return workspace


def find_invitation(token: str) -> Invitation | None:
    """Return the invitation of a token, whatever became of it; None for any other."""
    return reached_by(token, Invitation.objects.select_related("workspace", "by__user"))
