"""Clockify: the detailed report, also as shared and grouped by day."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="clockify",
    label="Clockify",
    how_to_export="Reports › Detailed › Export › Save as CSV or Excel",
    signs=(
        frozenset({"@duration (h)", "@duration (decimal)"}),
        frozenset({"start date", "duration (h)"}),
        frozenset({"start date", "duration (decimal)"}),
        frozenset({"@duration (h)", "@start", "@email"}),
    ),
)
