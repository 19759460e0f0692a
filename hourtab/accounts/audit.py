"""Noting what somebody did beside the ledger, in the transaction that does it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from hourtab.accounts.models import Event, Member, User, Workspace

type Change = list[Any]
_LONGEST = 300


def note(
    workspace: Workspace,
    kind: Event.Kind,
    about: str = "",
    *,
    by: Member | None,
    who: str = "",
    changes: Mapping[str, Change] | None = None,
    now: datetime | None = None,
) -> None:
    """Add an event. `who` is for somebody who is no member; `changes` gives each field what it was
    and what it is.
    """
    Event.objects.create(
        workspace=workspace,
        kind=kind,
        about=about[:_LONGEST],
        by=by,
        who=(who or str(by or ""))[:150],
        changes=dict(changes or {}),
        at=now or timezone.now(),
    )


def note_of_user(user: User, kind: Event.Kind, about: str = "") -> None:
    """Add an event about how somebody signs in, to every workspace they belong to."""
    for member in Member.objects.standing().filter(user=user).select_related("workspace", "user"):
        note(member.workspace, kind, about, by=member)


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Change]:
    """Return what differs, each with what it was and what it is."""
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value
    }


def fields_of(row: models.Model, names: list[str]) -> dict[str, Any]:
    """Return fields of a row as plain values, so that they can be compared and kept."""
    values = {name: getattr(row, name) for name in names}
    return {
        name: value if isinstance(value, bool | int | str | None) else str(value)
        for name, value in values.items()
    }
