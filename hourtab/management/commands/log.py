"""`hourtab log`: the quick line on the command line."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.ledger.quick.line import QuickLineError
from hourtab.ledger.quick.log import log_line
from hourtab.lib.words import Words
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer, find_workspace
from hourtab.management.remote import Server, add_server
from hourtab.retainers.models import Retainer


class Command(Base):
    """Log time."""

    help = "Log time in one line: hourtab log 'Session 3 prep: prior notes, 45m @acme yesterday'"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the line."""
        parser.add_argument(
            "line", nargs="+", help="category: what was done, how long @client when"
        )
        parser.add_argument("--retainer", help="reference of the retainer, instead of @client")
        parser.add_argument("--workspace", help="name of the workspace, where there are several")
        parser.add_argument("--category", default="", help="kind of work; known from now on")
        parser.add_argument("--person", default="", help="who did it")
        add_server(parser)
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the line and log it, here or on another machine."""
        if len(options["category"]) > 60:
            raise Refused("--category: a kind of work has at most 60 characters.", 2)
        text = " ".join(options["line"])
        if options["server"]:
            said = {"line": text} | {
                name: options[name] for name in ("retainer", "category", "person") if options[name]
            }
            logged = Server(options["server"], options["key"]).send("log", said)
            words = Words(logged.pop("locale"), logged.pop("hours"), logged.pop("unit"))
        else:
            logged, words = self._here(text, options)
        if options["json"]:
            self.print_json(logged)
        else:
            time, name = words.amount(logged["seconds"]), logged["retainer"]
            self.stdout.write(f"{time} on {logged['on']} for {name}: {logged['headline']}")

    def _here(self, text: str, options: dict[str, Any]) -> tuple[dict[str, Any], Words]:
        now = timezone.now()
        if options["retainer"]:
            candidates = [find_retainer(options["retainer"])]
        else:
            workspace = find_workspace(options["workspace"]) if options["workspace"] else None
            rows = (
                Retainer.objects.filter(workspace=workspace)
                if workspace
                else Retainer.objects.all()
            )
            candidates = list(rows.select_related("client", "workspace"))
        try:
            logged = log_line(
                text,
                candidates,
                by=None,
                now=now,
                category=options["category"],
                person=options["person"],
            )
        except QuickLineError as error:
            raise Refused(str(error), 2) from None
        retainer = logged.line.retainer
        return logged.plain(now), Words(
            retainer.workspace.locale, retainer.workspace.hour_format, retainer.unit
        )
