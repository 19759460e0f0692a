"""The tools whose exports are read. A new one is a module with a `TOOL`, and its place in this list."""

from hourtab.imports.readers import clockify, harvest, toggl
from hourtab.imports.readers.tool import Tool

TOOLS: tuple[Tool, ...] = (clockify.TOOL, toggl.TOOL, harvest.TOOL)


def tool_of(key: str) -> Tool:
    """Return the tool of that key."""
    return next(tool for tool in TOOLS if tool.key == key)
