"""`hourtab log`: the quick line on the command line."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.ledger import queries, quick_line
from hourtab.ledger.services import know_category, log_time
from hourtab.ledger.words import headline
from hourtab.ledger.work import Work
from hourtab.lib.words import Words
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer, find_workspace
from hourtab.retainers.models import Retainer


class Command(Base):
    """Log time."""

    help = "Log time in one line: hourtab log 'Session 3 prep: prior notes, 45m @acme yesterday'"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the line."""
        parser.add_argument("line", nargs="+", help="category: what was done, how long @client when")
        parser.add_argument("--retainer", help="reference of the retainer, instead of @client")
        parser.add_argument("--workspace", help="name of the workspace, where there are several")
        parser.add_argument("--category", help="kind of work; known from now on")
        parser.add_argument("--person", default="", help="who did it")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the line and log it."""
        now = timezone.now()
        if options["retainer"]:
            candidates = [find_retainer(options["retainer"])]
        else:
            workspace = find_workspace(options["workspace"]) if options["workspace"] else None
            rows = Retainer.objects.filter(workspace=workspace) if workspace else Retainer.objects.all()
            candidates = list(rows.select_related("client", "workspace"))
        try:
            today = candidates[0].today(now) if candidates else timezone.localdate()
            line = quick_line.read(" ".join(options["line"]), candidates, today)
            if line.retainer.today(now) != today:
                line = quick_line.read(" ".join(options["line"]), candidates, line.retainer.today(now))
        except quick_line.QuickLineError as error:
            raise Refused(str(error), 2) from None
        category = line.category
        if len(options["category"] or "") > 60:
            raise Refused("--category: a kind of work has at most 60 characters.", 2)
        if options["category"]:
            category = know_category(line.retainer, options["category"]).name
        work = Work(line.on, line.seconds, category=category, description=line.description, person=options["person"])
        entry = log_time(line.retainer, work, by=None, now=now)
        retainer = Retainer.objects.select_related("client").get(pk=line.retainer.pk)
        totals = queries.current_cycle(retainer, retainer.today(now))
        words = Words(retainer.workspace.locale, retainer.workspace.hour_format, retainer.unit)
        summary = headline(totals, words).replace("\u00a0", " ") if totals else ""
        if options["json"]:
            self.print_json({
                "ref": retainer.ref, "entry": entry.key, "on": work.on.isoformat(), "seconds": work.amount,
                "category": work.category, "description": work.description, "headline": summary,
            })  # fmt: skip
        else:
            self.stdout.write(f"{words.amount(work.amount)} on {work.on} for {retainer}: {summary}")
