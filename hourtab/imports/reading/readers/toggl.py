"""Toggl Track: the detailed report as CSV."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="toggl",
    label="Toggl",
    how_to_export="Reports › Detailed › Export › Download CSV",
    signs=(
        frozenset({"@date", "@start", "@end", "@end_date", "@duration", "@email", "@tags"}),
        frozenset({"start date", "start time", "duration"}),
        frozenset({"start date", "start time", "@duration", "@description"}),
        frozenset({"start date", "duration", "description"}),
    ),
)
