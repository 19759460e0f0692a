"""Sets one sheet with Typst, in a process of its own that may take so much memory and time and no
more: `python -P typeset.py SHEET FONTS…`, what it says on stdin as JSON, the PDF on stdout.

It runs as a script and imports nothing of ours: a process starts in a twentieth of a second.
"""

import contextlib
import resource
import sys
from pathlib import Path
from typing import Any

import typst

MOST_MEMORY = 768 * 2**20
"""A document of 300,000 characters takes about 120 MB; the rest is room for what is only mapped."""
MOST_CPU_SECONDS = 60


def main(sheet: str, fonts: list[str]) -> None:
    """Write the PDF of `sheet`."""
    # Not every system knows every limit; the caller's limit of time holds everywhere.
    for kind, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    said = sys.stdin.buffer.read().decode()
    compiler = typst.Compiler(
        sheet, root=str(Path(sheet).parent), font_paths=fonts, sys_inputs={"data": said}
    )
    content: Any = compiler.compile(format="pdf")
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
