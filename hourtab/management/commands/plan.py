"""`hourtab plan`: the plan of a workspace."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from hourtab.accounts.audit import note
from hourtab.accounts.models import Event, Workspace
from hourtab.accounts.plans import plan_of, plans
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_workspace


class Command(Base):
    """Show or set a plan."""

    help = "Show the plan of a workspace, or give it another one. What is there stays, whatever the new plan allows."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the workspace and the plan."""
        parser.add_argument(
            "slug",
            nargs="?",
            metavar="PLAN",
            help="the plan it is to have; without it the present one is shown",
        )
        parser.add_argument("--workspace", metavar="NAME", help="needed where there are several")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show or set it."""
        workspace = find_workspace(options["workspace"])
        if workspace is None:
            raise Refused("There is no workspace yet.", 2)
        slug = options["slug"]
        if slug is not None:
            if slug not in plans():
                raise Refused(f"There is no plan “{slug}”. Known: {', '.join(plans())}.", 2)
            with transaction.atomic():
                before = plan_of(workspace).slug
                Workspace.objects.filter(pk=workspace.pk).update(plan=slug)
                note(workspace, Event.Kind.PLAN, by=None, changes={"plan": [before, slug]})
            workspace.refresh_from_db()
        plan = plan_of(workspace)
        limits = {name: getattr(plan, name) for name in ("retainers", "members", "links", "months")}
        said = (
            ", ".join(f"{name} {most}" for name, most in limits.items() if most is not None)
            or "no limits"
        )
        self.stdout.write(f"{workspace}: {plan.name} ({said})")
