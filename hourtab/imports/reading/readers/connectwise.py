"""ConnectWise PSA (Manage): time of an agreement, time of an invoice, and report views."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="connectwise",
    label="ConnectWise PSA",
    how_to_export="Finance › Agreements › Time, or System › Report Writer, exported as CSV",
    signs=(
        frozenset({"bill hrs", "work role"}),
        frozenset({"app hrs", "member"}),
        frozenset({"time recid"}),
        frozenset({"member", "wip amt"}),
        frozenset({"hours actual", "billable hrs"}),
        frozenset({"member", "company", "hours", "work role"}),
    ),
    columns={
        "member": "person",
        "company": "client",
        "company name": "client",
        "bill": "billable",
        "billable": "billable",
        "notes": "description",
        "status": "",
        "ticket summary": "task",
        "sr summary": "task",
        "work role": "",
        "work type": "task",
        "agreement": "contract",
        "agreement type": "",
        "time recid": "id",
        "hours actual": "duration",
        "date start": "date",
        "time start": "start",
        "time end": "end",
        "service id": "",
        "site name": "",
        "ticket": "",
        "location": "",
        "department": "",
    },
)
