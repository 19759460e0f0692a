"""The provider's ledger document: everything a balance depends on, with the chain of everything
that was ever written.
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from hourtab.core.document import chain, write
from hourtab.core.statement import statement
from hourtab.ledger.models import Revision, Write
from hourtab.ledger.reading import entries
from hourtab.lib.database import snapshot
from hourtab.retainers.models import Retainer


def ledger_document(retainer: Retainer, as_of: date) -> dict[str, Any]:
    """Return the ledger document of a retainer with all texts and its chain as `revisions`.

    A decision stands in it with what could still be settled by it; its record says what was
    decided.
    """
    with snapshot():
        ledger = entries.ledger_of(retainer, texts=entries.TEXTS)
        plain = write.to_json(ledger, as_of)
        if ledger.decisions:
            taken = {
                key: amount
                for cycle in statement(ledger, as_of).cycles
                for key, amount in cycle.decided.items()
            }
            for item in plain["decisions"]:
                item["amount"] = taken.get(item["id"], item["amount"])
        return plain | {"revisions": list(_writes(retainer))}


def _writes(retainer: Retainer) -> Iterator[dict[str, Any]]:
    rows = (
        Revision.objects.filter(entry__retainer=retainer)
        .select_related("entry__corrects")
        .order_by("write__number", "pk")
    )
    written = groupby(rows.iterator(5000), key=lambda row: row.write_id)
    waiting = next(written, None)
    seq = 0
    for link in Write.objects.filter(retainer=retainer).select_related("by__user"):
        records = [record | {"digest": chain.record_digest(record)} for record in link.records]
        if waiting and waiting[0] == link.pk:
            records += [_record(row) for row in waiting[1]]
            waiting = next(written, None)
        for record in records:
            seq += 1
            record["seq"] = seq
        yield {
            "number": link.number,
            "at": link.at.isoformat(),
            "by": str(link.by or ""),
            "kind": link.kind,
            "reason": link.reason,
            "hash": link.hash,
            "records": records,
        }


def _record(row: Revision) -> dict[str, Any]:
    texts = {"erased": True, "texts": row.erased} if row.erased else {"salt": row.salt}
    return texts | {
        "record": "entry",
        "id": row.entry.key,
        "number": row.number,
        "corrects": row.entry.corrects.key if row.entry.corrects else None,
        "on": row.on.isoformat(),
        "started": row.started.isoformat() if row.started else None,
        "amount": row.amount,
        "weight": row.weight,
        "weighted_by": row.weighted_by,
        "scope": row.scope,
        "outcome": row.outcome or None,
        "withdrawn": row.is_withdrawn,
        "posted": row.posted.isoformat() if row.posted else None,
        "category": row.category,
        "project": row.project,
        "person": row.person,
        "description": row.description,
        "digest": row.digest,
    }
