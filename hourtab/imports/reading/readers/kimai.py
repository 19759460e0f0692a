"""Kimai: the export of time records. A bare duration is seconds; newer versions write hours and
minutes.
"""

from hourtab.imports.reading.readers.tool import Tool

TOOL = Tool(
    key="kimai",
    label="Kimai",
    how_to_export="Export › CSV or Excel",
    signs=(
        frozenset({"internal rate"}),
        frozenset({"fixed rate", "@client"}),
        frozenset({"@date", "@start", "@end", "@duration", "exported"}),
        frozenset({"@date", "@start", "@end", "@duration", "exportiert"}),
        frozenset({"date", "from", "to", "duration", "customer"}),
    ),
    bare_unit=1,
    columns={
        "name": "person",
        "user": "person",
        "activity": "task",
        "tatigkeit": "task",
        "rate": "",
        "exported": "",
        "type": "",
        "label.category": "",
        "account": "",
    },
)
