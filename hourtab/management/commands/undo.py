"""`hourtab undo`: take an import back."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.imports import verbs
from hourtab.imports.models import Import
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused


class Command(Base):
    """Undo an import."""

    help = "Take an import back: the balance is what it was before."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the import's reference."""
        parser.add_argument("ref", metavar="IMPORT")
        parser.add_argument(
            "--corrections",
            action="store_true",
            help="correct lines that stand in cycles closed since",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Undo it."""
        done = Import.objects.filter(ref=options["ref"]).first()
        if done is None:
            raise Refused(f"There is no import “{options['ref']}”.", 2)
        verbs.undo(done, by=None, now=timezone.now(), corrects=options["corrections"])
        if options["json"]:
            self.print_json({"import": done.ref, "state": "undone"})
        else:
            self.stdout.write(f"{done.file_name} was taken back.")
