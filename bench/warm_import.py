"""Import a file in a process that is up already, as the worker does, and print how many seconds
that took, twice.

python -m bench.warm_import FILE RETAINER
"""

import sys
import time
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from hourtab.imports import verbs  # noqa: E402
from hourtab.imports.reading import uploads  # noqa: E402
from hourtab.retainers.models import Retainer  # noqa: E402


def main(path: Path, ref: str) -> None:
    """Import it, and import it again."""
    retainer = Retainer.objects.select_related("workspace", "client").get(ref=ref)
    for _ in range(2):
        begin = time.perf_counter()
        upload = uploads.Upload(path.name, path.read_bytes())
        verbs.apply(upload, retainer.workspace, retainer, by=None, now=timezone.now())
        print(time.perf_counter() - begin)


main(Path(sys.argv[1]), sys.argv[2])
