"""What reading a file gives: its work lines, and what is said of its other rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import NamedTuple

from hourtab.core.document.chain import iso
from hourtab.imports.reading.layout import Layout, mapping
from hourtab.imports.reading.readers.tool import Tool


class WorkLine(NamedTuple):
    """One row that is an entry, as the source says it. `billable` is yes, no, no_charge, or empty
    where the file does not say.
    """

    line: int
    on: date
    seconds: int
    started: time | None = None
    client: str = ""
    project: str = ""
    task: str = ""
    description: str = ""
    person: str = ""
    billable: str = ""
    tags: str = ""
    contract: str = ""
    ref: str = ""
    category: str = ""
    scope: str = ""

    @property
    def content(self) -> str:
        """Everything that makes two source rows the same row."""
        return (
            f"{iso(self.on)}\0{iso(self.started)}\0{self.seconds}\0{self.client}\0{self.project}\0{self.task}\0{self.description}"
            f"\0{self.person}\0{self.billable}\0{self.tags}"
        )


class Note(NamedTuple):
    """Something about one row: why it is no entry, or what to look at."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a source, from a file or without one. `stated` is the range it says it
    speaks for, where it says one; `layout` the table it stood in, where it did.
    """

    tool: Tool
    lines: Sequence[WorkLine]
    no_entries: Sequence[Note] = ()
    flags: Sequence[Note] = ()
    decided: Mapping[str, str] = field(default_factory=dict)
    stated: tuple[date, date] | None = None
    layout: Layout | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Which column was read for which field."""
        return mapping(self.layout) if self.layout else {}

    @property
    def named(self) -> Mapping[str, str]:
        """Which of them were named by hand."""
        return self.layout.mapped if self.layout else {}

    @property
    def sheet(self) -> str:
        """The name of its table or calendar, where it has one."""
        return self.layout.sheet if self.layout else ""

    @property
    def first_line(self) -> int:
        """The line that remarks about all of it name."""
        return self.layout.header.line if self.layout else 1

    @property
    def seconds(self) -> int:
        """The raw sum of all entry rows."""
        return sum(line.seconds for line in self.lines)

    @property
    def window(self) -> tuple[date, date] | None:
        """First to last date."""
        days = {line.on for line in self.lines}
        return (min(days), max(days)) if days else None
