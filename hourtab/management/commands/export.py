"""`hourtab export`: a whole workspace, or the ledger document of one retainer, as a file."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.accounts.models import Workspace
from hourtab.archive.export import export_workspace
from hourtab.ledger.proof import ledger_document
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer, find_workspace


class Command(Base):
    """Export a workspace or a retainer."""

    help = "Write a workspace as a ZIP file, or the ledger document of one retainer with its chain."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to export, and where to."""
        parser.add_argument(
            "ref", nargs="?", help="reference of one retainer (default: the whole workspace)"
        )
        parser.add_argument(
            "--to",
            metavar="FILE",
            help="the file to write; of a retainer standard output by default",
        )
        parser.add_argument("--workspace", help="name of the workspace, where there are several")
        parser.add_argument(
            "--with-links",
            action="store_true",
            help="with the addresses of links, so that a restore can keep them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        now = timezone.now()
        if options["ref"]:
            retainer = find_retainer(options["ref"])
            content = json.dumps(
                ledger_document(retainer, retainer.today(now)), ensure_ascii=False, indent=1
            ).encode()
            if not options["to"]:
                sys.stdout.write(content.decode() + "\n")
                return
        elif not options["to"]:
            raise Refused("Say where to: --to workspace.zip", 2)
        else:
            workspace = find_workspace(options["workspace"])
            if workspace is None:
                raise Refused("There is no workspace yet.")
            content = export_workspace(workspace, now, with_links=options["with_links"])
            Workspace.objects.filter(pk=workspace.pk).update(exported_at=now)
        path = Path(options["to"])
        path.touch(mode=0o600)
        path.write_bytes(content)
        self.stdout.write(f"{path} is written: {len(content):,} bytes.")
