"""HaloPSA: reports are SQL with names of their own; these are the columns behind them."""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="halopsa",
    label="HaloPSA",
    how_to_export="Reports › a report over Actions with Whe_, who, timetaken and note, exported as CSV or XLSX",
    signs=(
        frozenset({"timetaken"}),
        frozenset({"time taken", "who"}),
        frozenset({"faultid", "actionnumber"}),
        frozenset({"faultid", "note"}),
        frozenset({"aareadesc"}),
        frozenset({"actionchargehours"}),
        frozenset({"action charge hours"}),
    ),
    columns={
        "whe": "date",
        "who": "person",
        "who agent id": "person",
        "timetaken": "duration",
        "time taken": "duration",
        "note": "description",
        "aareadesc": "client",
        "symptom": "task",
        "actisbillable": "billable",
        "actionnumber": "",
        "faultid": "",
        "ticket id": "",
        "actionchargehours": "billed",
        "actionprepayhours": "billed",
    },
    writes_html=True,
)
