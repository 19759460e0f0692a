"""Syncro: the labour log of tickets."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="syncro",
    label="Syncro",
    how_to_export="Reports › Ticket labor › Export CSV",
    signs=(
        frozenset({"ticket", "tech", "@duration"}),
        frozenset({"ticket number", "technician", "@duration"}),
        frozenset({"technician", "labor type"}),
        frozenset({"ticket number", "tech"}),
        frozenset({"customer", "ticket number", "minutes", "notes"}),
        frozenset({"ticket number", "customer", "technician", "notes"}),
    ),
    columns={
        "tech": "person",
        "technician": "person",
        "customer": "client",
        "business name": "client",
        "labor type": "task",
        "ticket subject": "task",
        "notes": "description",
        "charged": "",
        "billable time": "billed",
    },
)
