"""What imports do by themselves."""

from datetime import datetime, timedelta

from hourtab.imports.models import Import

KEPT = timedelta(hours=24)


def forget_drafts(now: datetime) -> int:
    """Delete drafts that were not applied within a day, with the file's bytes."""
    deleted, _ = Import.objects.filter(state=Import.State.DRAFT, uploaded_at__lt=now - KEPT).delete()
    return deleted
