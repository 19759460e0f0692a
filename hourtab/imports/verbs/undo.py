"""Taking an import back: the statements are as they were before."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member
from hourtab.imports.models import Import, ImportPart
from hourtab.ledger.errors import LedgerError
from hourtab.ledger.models import Revision
from hourtab.ledger.verbs import bring_in as batches
from hourtab.ledger.writing import record
from hourtab.ledger.writing.bulk import Listing
from hourtab.lib.locking import locked
from hourtab.lib.memory import without_collecting


def undo(done: Import, *, by: Member | None, now: datetime, corrects: bool = False) -> Import:
    """Take an import back: the statements are as before. Raises `LedgerError` where later changes
    stand in the way.

    Lines that stand in cycles closed since are refused with `ClosedError`, or taken back as
    corrections (`corrects`).
    """
    with without_collecting(), transaction.atomic():
        return _undo(done, by, now, corrects)


def _undo(done: Import, by: Member | None, now: datetime, corrects: bool) -> Import:
    parts = list(done.parts.select_related("retainer").order_by("retainer_id"))
    locked_now = {row.pk: row for row in record.lock_all(part.retainer for part in parts)}
    done = locked(Import.objects.all()).select_related("source", "workspace").get(pk=done.pk)
    if done.state != Import.State.APPLIED:
        raise LedgerError(
            _("This import is %(state)s; there is nothing to undo.")
            % {"state": done.get_state_display()}
        )
    for part in parts:
        listings = [
            Listing(
                **raw | {"source_on": raw["source_on"] and date.fromisoformat(raw["source_on"])}
            )
            for raw in part.listings
        ]
        _refuse_if_later(done, part)
        batches.undo_batch(
            locked_now[part.retainer_id], done.ref, listings, by=by, now=now, corrects=corrects
        )
    done.state, done.undone_at = Import.State.UNDONE, now
    done.task, done.problem, done.progress, done.leased_until = "", "", {}, None
    done.save(update_fields=["state", "undone_at", "task", "problem", "progress", "leased_until"])
    return done


def _refuse_if_later(done: Import, part: ImportPart) -> None:
    """Refuse where a later import took over a line this one wrote or moved."""
    later = ImportPart.objects.filter(
        retainer=part.retainer,
        brought_by__source=done.source,
        brought_by__state=Import.State.APPLIED,
        brought_by__applied_at__gte=done.applied_at,
    ).exclude(brought_by=done)
    ours: set[int] | None = None
    for other in later.select_related("brought_by"):
        applied = (other.brought_by.applied_at, other.pk)
        if applied <= (done.applied_at, part.pk) or not other.listings:
            continue
        if ours is None:
            written = Revision.objects.filter(
                write__batch=done.ref, entry__retainer=part.retainer
            ).values_list("entry", flat=True)
            ours = {raw["entry"] for raw in part.listings} | set(written)
        if any(raw["entry"] in ours for raw in other.listings):
            raise LedgerError(
                _(
                    "A later import (%(file_name)s, %(ref)s) changed the same lines. Undo that one first."
                )
                % {"file_name": other.brought_by.file_name, "ref": other.brought_by.ref}
            )
