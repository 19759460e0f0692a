"""Paymo: the time report with a row for each entry."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="paymo",
    label="Paymo",
    how_to_export="Reports › Time › include time entries › Export › CSV or XLSX",
    signs=(
        frozenset({"task list", "@duration", "start time"}),
        frozenset({"client", "project", "task list", "task", "user"}),
        frozenset({"project", "task list", "user", "start time", "end time"}),
    ),
    columns={
        "task list": "",
        "tasklist": "",
        "billed": "",
    },
)
