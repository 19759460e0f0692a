"""`hourtab import`: bring files of hours in, as the page does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from hourtab.imports.errors import Refusal
from hourtab.imports.reading.table import LARGEST_FILE
from hourtab.imports.reading.uploads import ANSWERS, Upload
from hourtab.imports.taking import answer_of, in_words, refused, take
from hourtab.lib.words import Words
from hourtab.management.command import Command as Base
from hourtab.management.command import Refused, find_retainer, find_workspace
from hourtab.management.remote import Server, add_server


class Command(Base):
    """Import files."""

    help = "Bring files of hours in. Status 0: done; 1: refused; 3: a question is open."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take files and how to take them."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument(
            "--retainer",
            metavar="REF",
            help="the one retainer to feed; else every one whose rows are in the file",
        )
        parser.add_argument(
            "--workspace", metavar="NAME", help="needed without --retainer where there are several"
        )
        parser.add_argument("--dry-run", action="store_true", help="store nothing")
        parser.add_argument(
            "--only-add",
            action="store_true",
            help="add what is new; withdraw nothing that is gone from the source",
        )
        parser.add_argument(
            "--all-rows", action="store_true", help="every row of the file belongs to this retainer"
        )
        parser.add_argument(
            "--source",
            metavar="NAME",
            help="the account the file is from, where a tool has several",
        )
        parser.add_argument(
            "--answer",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"answer a question: {', '.join(ANSWERS)}, or column.FIELD",
        )
        add_server(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object a file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the files in turn; the worst outcome is the exit status."""
        if options["all_rows"] and not options["retainer"]:
            raise Refused(
                "--all-rows needs --retainer: it says that every row belongs to that one.", 2
            )
        try:
            answers = dict(answer_of(text) for text in options["answer"])
        except ValueError as error:
            raise Refused(f"--answer {error}", 2) from None
        answers |= {key: "yes" for key in ("only_add", "all_rows") if options[key]}
        if options["source"] is not None:
            answers["source"] = options["source"]
        take_one = self._there(options) if options["server"] else self._here(options)
        worst = 0
        for path in options["files"]:
            try:
                report, words = take_one(Upload(path.name, _content(path), answers))
            except Refusal as refusal:
                report, words = refused(refusal), Words("en-GB")
            report = {"file": str(path)} | report
            if options["json"]:
                self.print_json(report)
            else:
                self.stdout.write(in_words(report, words))
            worst = max(worst, {"import": 0, "refuse": 1, "ask": 3}[report["outcome"]])
        if worst:
            raise SystemExit(worst)

    def _here(self, options: dict[str, Any]) -> Callable[[Upload], tuple[dict[str, Any], Words]]:
        retainer = find_retainer(options["retainer"]) if options["retainer"] else None
        workspace = retainer.workspace if retainer else find_workspace(options["workspace"])
        if workspace is None:
            raise Refused(
                "There is no retainer yet. Open one first: hourtab open --client NAME --hours N", 2
            )
        words = Words(workspace.locale, workspace.hour_format)
        return lambda upload: (
            take(
                upload, workspace, retainer, by=None, now=timezone.now(), dry_run=options["dry_run"]
            ),
            words,
        )

    def _there(self, options: dict[str, Any]) -> Callable[[Upload], tuple[dict[str, Any], Words]]:
        server = Server(options["server"], options["key"])
        fields = [
            ("retainer", options["retainer"] or ""),
            ("dry_run", "yes" if options["dry_run"] else ""),
        ]

        def take_one(upload: Upload) -> tuple[dict[str, Any], Words]:
            answers = [("answer", f"{key}={value}") for key, value in upload.answers.items()]
            answer = server.send_file("imports", [*fields, *answers], upload.name, upload.content)
            return answer["report"], Words(answer["locale"], answer["hours"])

        return take_one


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Refusal(f"The file cannot be read: {error.strerror}.") from None
