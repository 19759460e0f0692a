"""What arrives: a reading, and how it is to be taken. A file is made one here; whatever gets hours
without a file makes its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from hourtab.accounts.models import Workspace
from hourtab.imports.matching import sources
from hourtab.imports.reading.layout import guess_tool
from hourtab.imports.reading.lines import Reading
from hourtab.imports.reading.parsing import parse_sheets
from hourtab.imports.reading.patience import patience
from hourtab.imports.reading.readers.tool import Tool
from hourtab.imports.reading.table import Sheet
from hourtab.imports.reading.uploads import Upload
from hourtab.ledger.models import Source
from hourtab.retainers.models import Retainer

type Progress = Callable[[str], None]


def to_nobody(_phase: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A reading with its name and the digest of what was read. `said` are the answers that came
    with it, `answers` these and those remembered of its source, `source` what that was found to be.
    """

    name: str
    digest: str
    reading: Reading
    said: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    tool: Tool | None = None
    sheets: Sequence[Sheet] = ()
    source: Source | None = None

    def source_in(self, workspace: Workspace) -> Source | None:
        """Return the source it comes from as it is now; None where it is new. Raises `Open`."""
        tool = self.tool or self.reading.tool
        return sources.find_source(tool, self.sheets, self.said, workspace)


def deliver(
    upload: Upload,
    workspace: Workspace,
    now: datetime,
    retainer: Retainer | None = None,
    progress: Progress = to_nobody,
) -> Delivery:
    """Read a file, for one retainer or for all. Raises `Refusal` or `Open`."""
    zone, today = place_of(workspace, retainer, now)
    progress("reading")
    sheets = upload.sheets(today, zone)
    tool = guess_tool(sheets)
    source = sources.find_source(tool, sheets, upload.answers, workspace)
    answers = sources.remembered(source, sheets) | dict(upload.answers)
    with patience():
        reading = parse_sheets(sheets, upload.name, answers, zone=zone, today=today)
    return Delivery(
        upload.name, upload.digest, reading, upload.answers, answers, tool, sheets, source
    )


def place_of(workspace: Workspace, retainer: Retainer | None, now: datetime) -> tuple[tzinfo, date]:
    """Return the zone in which instants become days, and the day it is there."""
    zone = retainer.tzinfo if retainer else ZoneInfo(workspace.zone)
    return zone, now.astimezone(zone).date()
