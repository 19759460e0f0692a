"""A whole workspace in one file: for reading (ledger documents, CSV), and for another instance (the
rows themselves).
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import IO, Any

from hourtab.accounts.models import Workspace
from hourtab.archive.tables import NOT_EXPORTED, TABLES, plain_rows
from hourtab.core.document.chain import canonical
from hourtab.ledger.reading.csv import log_as_csv
from hourtab.ledger.reading.proof import ledger_document
from hourtab.ledger.writing.chain import head
from hourtab.lib.database import snapshot
from hourtab.sharing.models import ShareLink

FORMAT = "hourtab-workspace/1"

README = """This is everything of one HourTab workspace.

retainers/REF.json   the ledger document of each retainer with its chain; `hourtab replay` computes and verifies it
retainers/REF.csv    its work log
workspace.json       what this file holds: retainers with their heads, links where they were asked for
rows/*.jsonl         the rows themselves; `hourtab restore FILE` puts them into an empty instance
"""


def export_workspace(
    workspace: Workspace, now: datetime, to: IO[bytes], *, with_links: bool = False
) -> None:
    """Write the workspace as a ZIP file. With links, their addresses are in it, so that a restore
    can keep them.

    Sign-in passwords are never in it. Whoever has the file has everything else. What it takes of
    memory is bounded by the longest retainer, not by the workspace.
    """
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive, snapshot():
        retainers = workspace.retainers.select_related("client", "workspace")
        archive.writestr("README.txt", README)
        archive.writestr(
            "workspace.json",
            json.dumps(_contents(workspace, retainers, now, with_links=with_links), indent=1),
        )
        for retainer in retainers.iterator(chunk_size=100):
            with archive.open(f"retainers/{retainer.ref}.json", "w", force_zip64=True) as part:
                part.writelines(
                    text.encode()
                    for text in as_text(ledger_document(retainer, retainer.today(now)))
                )
            archive.writestr(f"retainers/{retainer.ref}.csv", "\ufeff" + log_as_csv(retainer))
        for model, way in TABLES:
            if model not in NOT_EXPORTED:
                with archive.open(
                    f"rows/{model._meta.label_lower}.jsonl", "w", force_zip64=True
                ) as rows:
                    for row in plain_rows(model, way, workspace):
                        rows.write(canonical(row) + b"\n")


def as_text(document: Any) -> Iterator[str]:
    """Yield a document as JSON, some thousand pieces at a time: whole it may be very long."""
    pieces = json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(document)
    while some := list(islice(pieces, 5000)):
        yield "".join(some)


def _contents(
    workspace: Workspace, retainers: Iterable[Any], now: datetime, *, with_links: bool
) -> dict[str, Any]:
    links = ShareLink.objects.filter(workspace=workspace) if with_links else ()
    return {
        "format": FORMAT,
        "name": workspace.name,
        "exported_at": now.isoformat(),
        "retainers": [
            {"ref": item.ref, "name": str(item), "head": head(item)} for item in retainers
        ],
        "links": {str(link.pk): link.token for link in links},
    }
