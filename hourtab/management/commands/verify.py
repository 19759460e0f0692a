"""`hourtab verify`: compute everything anew and compare it with what is stored."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.ledger.reading.verify import findings
from hourtab.management.command import Command as Base
from hourtab.management.command import find_retainer
from hourtab.retainers.models import Retainer


class Command(Base):
    """Verify the ledger."""

    help = "Recompute every retainer from scratch and compare: cached cycles, entries, revisions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take references, or none for all."""
        parser.add_argument("ref", nargs="*", help="references of retainers (default: all)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what does not fit; status 1 where anything does not."""
        refs = options["ref"] or list(Retainer.objects.order_by("pk").values_list("ref", flat=True))
        found = {ref: findings(find_retainer(ref), timezone.now()) for ref in refs}
        wrong = {ref: lines for ref, lines in found.items() if lines}
        if options["json"]:
            self.print_json({"retainers": len(found), "findings": wrong})
        else:
            for ref, lines in wrong.items():
                for line in lines:
                    self.stdout.write(f"{ref}: {line}")
            self.stdout.write(f"{len(found)} retainers verified, {len(wrong)} with findings.")
        if wrong:
            self.leave("The stored figures do not fit the record.", 1)
