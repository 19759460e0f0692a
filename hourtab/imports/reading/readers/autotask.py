"""Autotask PSA: time entries as a grid export or through its interface. A grid export ends silently
at 5,000 records.
"""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="autotask",
    label="Autotask PSA",
    how_to_export="Timesheets › Time Entries, exported as CSV (at most 5,000 records at once)",
    signs=(
        frozenset({"summary notes", "hours worked"}),
        frozenset({"summarynotes", "hoursworked"}),
        frozenset({"hourstobill"}),
        frozenset({"hours to bill", "resource"}),
        frozenset({"autotask ticket number"}),
        frozenset({"hours worked", "hours to bill"}),
    ),
    columns={
        "resource": "person",
        "resource name": "person",
        "summary notes": "description",
        "summarynotes": "description",
        "ticket title": "task",
        "ticketnumber": "",
        "ticket number": "",
        "autotask ticket number": "",
        "role": "",
        "billingcode": "task",
        "work type": "task",
        "contract": "contract",
        "contract name": "contract",
        "contracttype": "",
        "account": "client",
        "organization": "client",
        "ticket id": "",
        "resource id": "person",
    },
)
