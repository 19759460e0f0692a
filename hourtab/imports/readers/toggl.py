"""Toggl Track: the detailed report as CSV."""

from hourtab.imports.readers.tool import Tool

TOOL = Tool(
    key="toggl",
    label="Toggl",
    columns={
        "date": ("start date",),
        "start_time": ("start time",),
        "end_date": ("end date", "stop date"),
        "end_time": ("end time", "stop time"),
        "clock": ("duration",),
        "client": ("client",),
        "project": ("project",),
        "task": ("task",),
        "description": ("description",),
        "person": ("user", "member"),
        "email": ("email",),
        "billable": ("billable",),
        "tags": ("tags", "tag"),
    },
    needs=(frozenset({"start date", "start time", "duration"}), frozenset({"start date", "duration", "description"})),
    how_to_export="Reports › Detailed › Export › Download CSV",
)
