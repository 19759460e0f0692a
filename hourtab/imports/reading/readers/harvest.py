"""Harvest: the detailed time report."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="harvest",
    label="Harvest",
    how_to_export="Reports › Detailed time › Export › CSV or Excel",
    signs=(
        frozenset({"@date", "@duration", "@first_name", "@last_name"}),
        frozenset({"date", "hours", "notes", "task", "project"}),
        frozenset({"date", "client", "project", "task", "hours"}),
    ),
)
