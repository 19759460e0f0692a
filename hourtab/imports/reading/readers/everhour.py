"""Everhour: the report of time by task or member, and the team timesheet."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="everhour",
    label="Everhour",
    how_to_export="Reports › a report with Date and Comment columns › Export › CSV",
    signs=(
        frozenset({"member", "time", "task", "comment"}),
        frozenset({"date", "time", "task number"}),
        frozenset({"user", "time", "task", "comment"}),
        frozenset({"date", "member", "project", "task", "time"}),
        frozenset({"date", "billable time", "member"}),
    ),
    columns={
        "comment": "description",
        "task number": "",
        "parent task": "",
    },
)
