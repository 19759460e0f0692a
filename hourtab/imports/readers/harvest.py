"""Harvest: the detailed time report as CSV."""

from hourtab.imports.readers.tool import Tool

TOOL = Tool(
    key="harvest",
    label="Harvest",
    columns={
        "date": ("date", "spent date"),
        "decimal": ("hours",),
        "other_decimal": ("hours rounded", "rounded hours"),
        "client": ("client",),
        "project": ("project",),
        "task": ("task",),
        "description": ("notes", "note"),
        "first_name": ("first name",),
        "last_name": ("last name",),
        "billable": ("billable",),
        "start_time": ("started at", "start time"),
        "end_time": ("ended at", "end time"),
    },
    needs=(
        frozenset({"date", "hours", "first name"}),
        frozenset({"date", "hours", "notes"}),
        frozenset({"date", "hours", "client", "project"}),
    ),
    how_to_export="Reports › Detailed time › Export › CSV",
)
