"""Clockify: the detailed report as CSV, also as shared and grouped by day."""

from hourtab.imports.readers.tool import Tool

TOOL = Tool(
    key="clockify",
    label="Clockify",
    columns={
        "date": ("start date", "date"),
        "start_time": ("start time",),
        "end_date": ("end date",),
        "end_time": ("end time",),
        "clock": ("duration (h)", "time (h)"),
        "decimal": ("duration (decimal)", "time (decimal)"),
        "client": ("client",),
        "project": ("project",),
        "task": ("task",),
        "description": ("description",),
        "person": ("user",),
        "email": ("email",),
        "billable": ("billable",),
        "tags": ("tags",),
    },
    needs=(
        frozenset({"start date", "duration (h)"}),
        frozenset({"start date", "duration (decimal)"}),
        frozenset({"date", "time (h)", "description"}),
    ),
    how_to_export="Reports › Detailed › Export › Save as CSV",
)
