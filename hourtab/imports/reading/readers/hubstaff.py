"""Hubstaff: time and activity, in detail or with a column for each day. Its activity is a
percentage.
"""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="hubstaff",
    label="Hubstaff",
    how_to_export="Reports › Time and activity › Export › CSV, detailed",
    signs=(
        frozenset({"member", "activity", "time"}),
        frozenset({"user", "activity", "time"}),
        frozenset({"member", "total worked"}),
        frozenset({"member", "time", "activity", "project"}),
        frozenset({"organization", "project", "member", "time"}),
        frozenset({"date", "project", "member", "time", "activity %"}),
    ),
    columns={
        "activity": "",
        "activity %": "",
        "organization": "",
        "total worked": "",
        "member": "person",
        "spent": "",
        "time": "duration",
    },
)
