"""Zoho Projects, Books and Invoice: the timesheet."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="zoho",
    label="Zoho",
    how_to_export="Timesheet › Export › CSV or XLS",
    signs=(
        frozenset({"time spent", "billable status"}),
        frozenset({"project name", "time spent", "begin time"}),
        frozenset({"log hours", "billable type"}),
        frozenset({"daily log", "billing type"}),
        frozenset({"staff name", "time spent"}),
    ),
    columns={
        "daily log": "duration",
        "log hours": "duration",
        "billable status": "billable",
        "billing type": "billable",
        "billing status": "",
        "approval status": "",
        "customer name": "client",
        "staff name": "person",
        "user": "person",
        "task/issue": "task",
    },
)
