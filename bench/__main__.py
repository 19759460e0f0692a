"""Run the measurements: `python -m bench`, or `python -m bench page live import` for some of
them.
"""

import json
import sys

from bench import imports, live, page

MEASUREMENTS = {"page": page.measure, "live": live.measure, "import": imports.measure}


def main() -> int:
    """Print a JSON line for everything measured."""
    wanted = sys.argv[1:] or list(MEASUREMENTS)
    for name in wanted:
        for result, value in MEASUREMENTS[name]():
            print(json.dumps({"name": result, "value": round(value, 3)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
