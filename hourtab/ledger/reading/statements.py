"""The statements of a retainer, and their lines as they were frozen."""

from collections.abc import Collection

from hourtab.ledger.line import Work
from hourtab.ledger.models import Revision
from hourtab.ledger.models import Statement as Frozen
from hourtab.ledger.reading.log import LogLine
from hourtab.lib.database import in_chunks
from hourtab.retainers.models import Retainer


def statements_of(retainer: Retainer) -> list[Frozen]:
    """Return the latest version of every statement, the first cycle's first, without their lines
    and states.
    """
    latest_of: dict[int, Frozen] = {}
    for row in retainer.statements.defer("lines", "opening", "closing", "terms"):
        latest_of[row.number] = row
    return list(latest_of.values())


def frozen_lines(row: Frozen, scopes: Collection[str]) -> list[LogLine]:
    """Return the lines of a statement in these scopes, as they were when it was closed, in their
    order.
    """
    revisions: dict[int, Revision] = {}
    for some in in_chunks([line[0] for line in row.lines]):
        revisions |= {
            found.pk: found
            for found in Revision.objects.filter(pk__in=some).select_related("entry")
        }
    return [
        LogLine(
            revision.entry.key,
            revision.entry_id,
            Work.of(revision),
            charged,
            balance,
            revision.number,
            revision.reason,
            revision.entry.corrects_id,
        )
        for pk, charged, _covered, _overage, balance in row.lines
        if (revision := revisions[pk]).scope in scopes
    ]
