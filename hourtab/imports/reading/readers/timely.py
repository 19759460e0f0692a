"""Timely: the raw data of a report."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="timely",
    label="Timely",
    how_to_export="Reports › Export › Raw data, CSV or Excel",
    signs=(
        frozenset({"logged hours"}),
        frozenset({"logged hours", "planned hours"}),
        frozenset({"logged money"}),
    ),
    columns={
        "name": "person",
        "from": "start",
        "to": "end",
        "note": "description",
        "notes": "description",
        "billed": "",
        "logged hours": "duration",
        "budget type": "",
    },
)
