"""The tools whose exports are read. A new one is a module with a `TOOL`, and its place in this list."""

from hourtab.imports.readers import clockify, harvest, toggl
from hourtab.imports.readers.tool import Tool

TOOLS: tuple[Tool, ...] = (clockify.TOOL, toggl.TOOL, harvest.TOOL)
