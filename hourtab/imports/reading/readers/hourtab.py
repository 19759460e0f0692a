"""HourTab: the work log as HourTab itself exports it."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="hourtab",
    label="HourTab",
    how_to_export="a retainer › Log › Download as CSV",
    signs=(frozenset({"retainer", "scope", "seconds", "description", "entry"}),),
    columns={
        "retainer": "contract",
        "scope": "scope",
        "seconds": "duration",
        "entry": "id",
        "category": "category",
        "duration": "",
    },
    is_guarded=True,
)
