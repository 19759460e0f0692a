"""A calendar as an iCalendar file, read into rows by `appointments`."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="calendar",
    label="Calendar",
    how_to_export="Export the calendar as an iCalendar (.ics) file",
    signs=(frozenset({"day", "end day", "summary", "categories", "not an entry"}),),
    columns={
        "summary": "description",
        "categories": "tags",
        "calendar": "project",
        "uid": "id",
        "day": "date",
        "end day": "end_date",
        "not an entry": "why_not",
    },
)
