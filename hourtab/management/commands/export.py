"""`hourtab export`: a whole workspace, or the ledger document of one retainer, as a file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.accounts.models import Workspace
from hourtab.archive.export import as_text, export_workspace
from hourtab.ledger.reading.proof import ledger_document
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer, find_workspace
from hourtab.management.commands.backup import draft_of


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
            document = ledger_document(retainer, retainer.today(now))
            if not options["to"]:
                sys.stdout.writelines(as_text(document))
                sys.stdout.write("\n")
                return
            with _written(Path(options["to"])) as out:
                out.writelines(part.encode() for part in as_text(document))
        elif not options["to"]:
            raise Refused("Say where to: --to workspace.zip", 2)
        else:
            workspace = find_workspace(options["workspace"])
            if workspace is None:
                raise Refused("There is no workspace yet.")
            with _written(Path(options["to"])) as out:
                export_workspace(workspace, now, out, with_links=options["with_links"])
            Workspace.objects.filter(pk=workspace.pk).update(exported_at=now)
        path = Path(options["to"])
        self.stdout.write(f"{path} is written: {path.stat().st_size:,} bytes.")


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write into, which takes its place once it is whole, for its owner alone."""
    with draft_of(path) as draft:
        with draft.open("wb") as out:
            yield out
        draft.replace(path)
