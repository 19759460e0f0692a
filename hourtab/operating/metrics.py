"""What Prometheus is told: requests, and how the installation does."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from hourtab.accounts.models import Workspace
from hourtab.ledger.models import Entry
from hourtab.lib import metrics
from hourtab.operating.models import Mark
from hourtab.outbox.models import Delivery
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.worker.models import Stumble


def exposition(now: datetime) -> bytes:
    """Return everything in the text format of Prometheus. Figures alone: no name, no address, no
    text.
    """
    library = metrics.library()
    registry = library.CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        collector: Any = multiprocess.MultiProcessCollector
        collector(registry)
    else:
        for instrument in metrics.instruments():
            registry.register(instrument)
    registry.register(_Installation(now))
    content: bytes = library.generate_latest(registry)
    return content


class _Installation:
    """Gauges read from the database when they are asked for."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        waiting = Delivery.objects.filter(state=Delivery.State.WAITING)
        figures = {
            "workspaces": ("Workspaces.", Workspace.objects.count()),
            "retainers": ("Retainers, also those that ended.", Retainer.objects.count()),
            "links": (
                "Links that were not revoked.",
                ShareLink.objects.filter(revoked_at=None).count(),
            ),
            "entries": ("Lines of all logs.", Entry.objects.count()),
            "mails_waiting": ("Mails in the outbox that wait.", waiting.count()),
            "mails_late": (
                "Mails due for more than an hour.",
                waiting.filter(due_at__lt=self.now - timedelta(hours=1)).count(),
            ),
            "mails_failed": (
                "Mails that failed.",
                Delivery.objects.filter(state=Delivery.State.FAILED).count(),
            ),
            "rows_failing": ("Rows that a job could not do.", Stumble.objects.count()),
        }
        for name, (said, figure) in figures.items():
            yield GaugeMetricFamily(f"hourtab_{name}", said, value=figure)
        for name, said in (
            ("worker", "Seconds since a worker was seen."),
            ("backup", "Seconds since the last backup."),
        ):
            if (at := Mark.of(name)) is not None:
                yield GaugeMetricFamily(
                    f"hourtab_{name}_age_seconds", said, value=(self.now - at).total_seconds()
                )
