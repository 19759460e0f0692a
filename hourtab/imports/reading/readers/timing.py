"""Timing for Mac: the report as CSV or XLSX."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="timing",
    label="Timing",
    how_to_export="Reports › Export › one row for each time entry",
    signs=(
        frozenset({"title", "start date", "end date", "duration"}),
        frozenset({"day", "title", "duration"}),
        frozenset({"title", "duration", "project", "start date"}),
    ),
    columns={
        "start date": "start",
        "end date": "end",
        "title": "description",
        "notes": "",
        "day": "date",
        "billing status": "billable",
    },
)
