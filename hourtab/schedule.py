"""Every recurring job, in human time. A job finds what is due and does it; twice or by two workers at once is safe."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hourtab.archive.deletion import delete_due
from hourtab.imports.drafts import work_on_files
from hourtab.imports.jobs import forget_drafts
from hourtab.ledger.jobs import turn_the_day

type Job = Callable[[datetime], int]

SCHEDULE: tuple[tuple[str, timedelta, Job], ...] = (
    ("read and apply long files", timedelta(seconds=1), work_on_files),
    ("make balances ready for the new day", timedelta(minutes=1), turn_the_day),
    ("delete workspaces whose waiting time is over", timedelta(minutes=15), delete_due),
    ("forget files that were never applied", timedelta(minutes=15), forget_drafts),
)
