"""timr: project times and working times as CSV."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="timr",
    label="timr",
    how_to_export="Reports › Project times › Export › CSV",
    signs=(
        frozenset({"manually changed", "start", "end"}),
        frozenset({"manuell geandert", "start", "ende"}),
        frozenset({"start position", "end position"}),
    ),
    columns={
        "type": "",
        "organization": "",
        "organisation": "",
        "typ": "",
        "id": "id",
        "task": "project",
        "aufgabe": "project",
        "notes": "description",
        "notizen": "description",
    },
)
