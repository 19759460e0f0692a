"""Plans: how much a workspace may have. They are data; reaching a limit only ever stops something
new from being added.

Reading, exporting and the pages of sponsors go on whatever the plan says, and so does everything
that is there already.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.models import Invitation, Member, Workspace

OURS = Path(__file__).with_name("plans.toml")


class PlanError(ValueError):
    """The plan does not allow one more; the message says how many it allows, and the way out.
    Nothing was stored.
    """


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. Each limit is how many there may be at once; `months` is how far back work may be
    added. None is no limit.
    """

    slug: str
    name: str
    retainers: int | None = None
    members: int | None = None
    links: int | None = None
    months: int | None = None


UNLIMITED = Plan("unlimited", "Unlimited")


@cache
def read_plans(path: Path) -> Mapping[str, Plan]:
    """Return the plans of a file. Raises `ImproperlyConfigured` for one that cannot be
    understood.
    """
    known = {field.name for field in fields(Plan)} - {"slug"}
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text())
        plans = {
            slug: Plan(slug, **table)
            for slug, table in tables.items()
            if _is_sound(slug, table, known)
        }
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"PLANS={path} cannot be used: {error}") from None
    return plans


def _is_sound(slug: str, table: Any, known: set[str]) -> bool:
    if not isinstance(table, dict) or "name" not in table:
        raise ValueError(f"[{slug}] needs a name.")
    if unknown := set(table) - known:
        raise ValueError(
            f"[{slug}] has {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}."
        )
    for name in known - {"name"}:
        if name in table and (
            not isinstance(table[name], int) or isinstance(table[name], bool) or table[name] < 1
        ):
            raise ValueError(f"[{slug}] {name} must be a whole number from 1 on.")
    return True


def plans() -> Mapping[str, Plan]:
    """Return the plans of this installation by their slugs."""
    return read_plans(Path(settings.PLANS) if settings.PLANS else OURS)


def plan_of(workspace: Workspace) -> Plan:
    """Return the plan of a workspace: its own, or else the installation's. The demo has no limits.

    A plan of its own that this installation does not know, because it came from another one, counts
    as none.
    """
    if workspace.is_demo:
        return UNLIMITED
    known = plans()
    found = known.get(workspace.plan) or known.get(settings.PLAN)
    if found is None and UNLIMITED.slug != settings.PLAN:
        raise ImproperlyConfigured(
            f"There is no plan “{settings.PLAN}”. Known: {', '.join(known)}."
        )
    return found or UNLIMITED


def check_members(workspace: Workspace, *, joining: Invitation | None = None) -> None:
    """Raise `PlanError` where the plan allows no further member. Who is invited counts; `joining`
    is the one who does now.
    """
    most = plan_of(workspace).members
    if most is None:
        return
    count = Member.objects.standing().filter(workspace=workspace).count()
    if joining is None:
        waiting = Invitation.objects.filter(
            workspace=workspace, accepted_at=None, withdrawn_at=None
        )
        count += waiting.filter(expires_at__gt=timezone.now()).count()
    if count >= most:
        raise PlanError(
            _("The plan “%(plan)s” has room for %(most)s members, those who are invited included.")
            % {"plan": plan_of(workspace).name, "most": most}
        )


def check_retainers(workspace: Workspace, active: int) -> None:
    """Raise `PlanError` where the plan allows no retainer beside the `active` ones."""
    plan = plan_of(workspace)
    if plan.retainers is not None and active >= plan.retainers:
        raise PlanError(
            _(
                "The plan “%(plan)s” has room for %(most)s active retainers. End one, or ask for "
                "a larger plan; nothing is lost."
            )
            % {"plan": plan.name, "most": plan.retainers}
        )


def check_links(workspace: Workspace, active: int) -> None:
    """Raise `PlanError` where the plan allows no link beside the `active` ones."""
    plan = plan_of(workspace)
    if plan.links is not None and active >= plan.links:
        raise PlanError(
            _(
                "The plan “%(plan)s” has room for %(most)s links. Revoke one, or ask for a "
                "larger plan; the others go on."
            )
            % {"plan": plan.name, "most": plan.links}
        )


def earliest_day(workspace: Workspace, today: date) -> date | None:
    """Return the first day that work may be added for; None where there is no limit."""
    months = plan_of(workspace).months
    if months is None:
        return None
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, 1) if year >= 1 else None


def check_day(workspace: Workspace, on: date, today: date) -> None:
    """Raise `PlanError` for work of a day further back than the plan goes."""
    first = earliest_day(workspace, today)
    if first is not None and on < first:
        plan = plan_of(workspace)
        raise PlanError(
            _(
                "The plan “%(plan)s” goes %(months)s months back: work from %(day)s on can be "
                "added. What is there stays."
            )
            % {"plan": plan.name, "months": plan.months, "day": first}
        )
