"""What imports do by themselves."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from hourtab.accounts.models import Workspace
from hourtab.imports.drafts import upload_of
from hourtab.imports.errors import Open, Refusal
from hourtab.imports.matching.deliveries import deliver
from hourtab.imports.models import Import
from hourtab.lib.text import folded

KEPT = timedelta(hours=24)


def forget_texts(workspace: Workspace, texts: Collection[str]) -> None:
    """Delete the files of a workspace that wait to be applied and hold one of these texts: it was
    erased. A file that cannot be read is deleted with them: nobody can say that it does not.

    A cell holds a text where it is that text; one of several words, or an address, also within it.
    """
    wanted = {text for said in texts if (text := folded(said.strip()))}
    if not wanted:
        return
    within = [text for text in wanted if " " in text or "@" in text]
    inside = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, within))})(?!\w)") if within else None
    waiting = Import.objects.select_related("workspace", "retainer__workspace")
    for draft in waiting.filter(workspace=workspace, state=Import.State.DRAFT):
        said = {folded(text.strip()) for text in _texts(draft)}
        if not said or wanted & said or (inside and any(map(inside.search, said))):
            draft.delete()


def _texts(draft: Import) -> Iterator[str]:
    """Yield every cell of a file, and the texts its rows are read as; nothing where it cannot be
    read.
    """
    upload = upload_of(draft)
    try:
        delivery = deliver(upload, draft.workspace, timezone.now(), draft.retainer)
    except (Refusal, Open):
        delivery = None
    for sheet in upload.rows:
        for row in sheet.rows:
            for cell in row.cells:
                yield cell
                # A known kind of work before a colon is taken off a line's text.
                yield cell.partition(":")[2]
    for line in delivery.reading.lines if delivery else ():
        yield from (line.description, line.person, line.project[:200], line.person[:120])


def forget_drafts(now: datetime) -> int:
    """Delete drafts that were not applied within a day, with the file's bytes."""
    deleted, _ = Import.objects.filter(
        state=Import.State.DRAFT, uploaded_at__lt=now - KEPT
    ).delete()
    return deleted
