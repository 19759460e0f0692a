"""QuickBooks Time: the timesheet export. The first job code is the customer, the second the
project.
"""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="quickbooks_time",
    label="QuickBooks Time",
    how_to_export="Reports › Payroll and timesheets › Timesheet report › Download CSV",
    signs=(
        frozenset({"local date", "hours"}),
        frozenset({"jobcode 1"}),
        frozenset({"payroll id", "fname", "lname"}),
    ),
    columns={
        "jobcode 1": "client",
        "jobcode": "project",
        "jobcode 2": "project",
        "local date": "date",
        "local day": "weekday",
        "local start time": "start",
        "local end time": "end",
        "username": "",
        "number": "",
        "group": "",
        "location": "",
        "service item": "task",
        "customer": "client",
        "billable": "billable",
        "timesheet id": "id",
    },
)
