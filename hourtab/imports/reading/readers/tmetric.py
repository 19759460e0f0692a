"""TMetric: the detailed report. Its durations are rounded where the account rounds."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="tmetric",
    label="TMetric",
    how_to_export="Reports › Detailed › Export › CSV",
    signs=(
        frozenset({"day", "time entry", "duration"}),
        frozenset({"day", "time entry", "project"}),
        frozenset({"time entry", "work type", "start time"}),
    ),
    columns={
        "time entry": "description",
        "work type": "task",
        "day": "date",
    },
)
