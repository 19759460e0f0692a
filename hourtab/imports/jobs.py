"""What imports do by themselves."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from hourtab.accounts.models import Workspace
from hourtab.imports.models import Import

KEPT = timedelta(hours=24)


def forget_texts(workspace: Workspace, texts: Collection[str]) -> None:
    """Delete the files of a workspace that wait to be applied and hold one of these texts: it was
    erased.
    """
    for draft in Import.objects.filter(workspace=workspace, state=Import.State.DRAFT):
        said = bytes(draft.content or b"").decode("utf-8", "replace") + json.dumps(
            draft.preview, ensure_ascii=False
        )
        if any(text in said for text in texts):
            draft.delete()


def forget_drafts(now: datetime) -> int:
    """Delete drafts that were not applied within a day, with the file's bytes."""
    deleted, _ = Import.objects.filter(
        state=Import.State.DRAFT, uploaded_at__lt=now - KEPT
    ).delete()
    return deleted
