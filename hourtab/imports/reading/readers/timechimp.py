"""TimeChimp: the hours report, in Dutch or English."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="timechimp",
    label="TimeChimp",
    how_to_export="Rapportages › Uren › Exporteren (Reports › Hours › Export)",
    signs=(
        frozenset({"uursoort", "@duration"}),
        frozenset({"gebruiker", "klant", "project", "uren"}),
        frozenset({"user", "customer", "project", "task", "hours", "pause"}),
        frozenset({"klant", "project", "taak", "uren"}),
    ),
)
