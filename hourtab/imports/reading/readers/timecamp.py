"""TimeCamp: the detailed report."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="timecamp",
    label="TimeCamp",
    how_to_export="Reports › Detailed › Export › CSV or Excel",
    signs=(
        frozenset({"time (hours)"}),
        frozenset({"time (hh:mm)"}),
        frozenset({"person", "task", "time [h]"}),
        frozenset({"day", "note", "time"}),
        frozenset({"date", "task", "hours", "note", "user", "email"}),
    ),
)
