"""FreshBooks: the time entry details report."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="freshbooks",
    label="FreshBooks",
    how_to_export="Reports › Time Entry Details › Export",
    signs=(
        frozenset({"team member", "service", "@date", "@duration"}),
        frozenset({"@date", "@client", "project", "service", "@duration"}),
        frozenset({"team member", "@date", "@duration", "notes", "client"}),
    ),
    columns={
        "service": "task",
        "status": "billable",
    },
)
