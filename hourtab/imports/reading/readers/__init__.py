"""The tools whose exports are known, the most particular ones first: the first one that recognises
a header has it.
"""

from hourtab.imports.reading.readers import (
    autotask,
    calendar,
    clockify,
    connectwise,
    everhour,
    freshbooks,
    halopsa,
    harvest,
    hourtab,
    hubstaff,
    kimai,
    noko,
    paymo,
    quickbooks_time,
    solidtime,
    syncro,
    tempo,
    tick,
    timecamp,
    timechimp,
    timely,
    timing,
    timr,
    tmetric,
    toggl,
    zoho,
)
from hourtab.imports.reading.readers.tool import Tool

TOOLS: tuple[Tool, ...] = (
    hourtab.TOOL,
    calendar.TOOL,
    halopsa.TOOL,
    connectwise.TOOL,
    autotask.TOOL,
    syncro.TOOL,
    tempo.TOOL,
    quickbooks_time.TOOL,
    timely.TOOL,
    tick.TOOL,
    noko.TOOL,
    kimai.TOOL,
    tmetric.TOOL,
    timr.TOOL,
    hubstaff.TOOL,
    timing.TOOL,
    solidtime.TOOL,
    timecamp.TOOL,
    paymo.TOOL,
    everhour.TOOL,
    timechimp.TOOL,
    clockify.TOOL,
    toggl.TOOL,
    harvest.TOOL,
    freshbooks.TOOL,
    zoho.TOOL,
)
BY_KEY = {tool.key: tool for tool in TOOLS}

CALENDAR = calendar.TOOL

OTHER = Tool(
    "other", "Spreadsheet", "one row for each piece of work, with its day and its duration", ()
)
"""Any table whose columns were recognised by name, or mapped by hand."""
