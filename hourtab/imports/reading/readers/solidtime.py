"""solidtime: the detailed export. Its instants are in UTC and become days where the retainer is."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="solidtime",
    label="solidtime",
    how_to_export="Reporting › Detailed › Export › CSV or XLSX",
    signs=(
        frozenset({"description", "start", "end", "user name", "user email"}),
        frozenset({"description", "start", "end", "duration", "duration (decimal)"}),
        frozenset({"client", "project", "start", "end", "user name", "billable"}),
    ),
)
