"""Tick: the entries as CSV."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="tick",
    label="Tick",
    how_to_export="Reports › Detailed › Export as CSV",
    signs=(
        frozenset({"project budget", "task budget"}),
        frozenset({"task billable", "hours"}),
        frozenset({"project owner", "hours"}),
    ),
    columns={
        "task billable": "billable",
        "user": "person",
        "entry created at": "other_date",
        "entry updated at": "other_date",
    },
)
