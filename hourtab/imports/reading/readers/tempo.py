"""Tempo Timesheets for Jira: the export of worklogs."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="tempo",
    label="Tempo",
    how_to_export="Reports › Logged time › Export › worklogs, CSV or Excel",
    signs=(
        frozenset({"issue", "key", "logged"}),
        frozenset({"issue key", "work date"}),
        frozenset({"issue key", "hours"}),
        frozenset({"issue key", "time spent (seconds)"}),
        frozenset({"tempo worklog id"}),
    ),
    columns={
        "issue summary": "task",
        "work description": "description",
        "description": "description",
        "account customer": "client",
        "project name": "project",
        "project key": "",
        "issue key": "",
        "account name": "contract",
        "account key": "",
        "activity name": "",
        "full name": "person",
        "username": "",
        "billed hours": "billed",
        "component": "",
        "reporter": "",
        "author": "person",
    },
)
