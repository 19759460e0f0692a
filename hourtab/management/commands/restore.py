"""`hourtab restore`: put an exported workspace into an empty instance."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from hourtab.archive.restore import RestoreError, restore_workspace
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused
from hourtab.management.setup import migrate_if_needed


class Command(Base):
    """Restore a workspace."""

    help = "Put an exported workspace into an empty instance: the same balances, the same heads of the chains."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, and whether links keep their addresses."""
        parser.add_argument("file", metavar="FILE", help="what `hourtab export` wrote")
        parser.add_argument(
            "--keep-links",
            action="store_true",
            help="let links keep their addresses (export them with --with-links)",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore it."""
        path = Path(options["file"])
        if not path.is_file():
            raise Refused(f"There is no file {path}.", 2)
        migrate_if_needed()
        try:
            workspace = restore_workspace(path, keep_links=options["keep_links"])
        except RestoreError as error:
            raise Refused(str(error)) from None
        if options["json"]:
            self.print_json({"workspace": workspace.name, "retainers": workspace.retainers.count()})
        else:
            self.stdout.write(
                f"{workspace.name} is here, with {workspace.retainers.count()} retainers."
            )
