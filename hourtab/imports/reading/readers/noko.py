"""Noko (Freckle): the entries as CSV. Its minutes are exact, its hours are rounded."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="noko",
    label="Noko",
    how_to_export="Reports › Detailed › Export › CSV",
    signs=(
        frozenset({"group/client", "minutes"}),
        frozenset({"person", "minutes", "description"}),
        frozenset({"date", "person", "project", "minutes"}),
    ),
    columns={
        "group/client": "client",
        "teams": "",
        "approved": "",
    },
)
