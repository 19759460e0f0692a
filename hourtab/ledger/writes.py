"""Writes: the links of a retainer's chain, one for each (ledger §5)."""

from datetime import date, datetime
from typing import Any

from hourtab.accounts.models import Member
from hourtab.core.document import chain
from hourtab.core.document.write import retainer_json, terms_json
from hourtab.ledger import cache
from hourtab.ledger.models import Write
from hourtab.retainers.models import Retainer

type Kind = Write.Kind


class Writing:
    """A write under way: it gathers the digests of its link, and the earliest day whose cycle it
    touches.
    """

    def __init__(self, retainer: Retainer, row: Write) -> None:
        self.retainer, self.row = retainer, row
        self.kind = row.kind
        self.records: list[dict[str, Any]] = []
        self.digests: list[str] = []
        self.since: date | None = None

    def record(self, record: str, **values: Any) -> None:
        """Note what is written beside entries, as plain values."""
        self.records.append({"record": record} | values)

    def touches(self, *days: date) -> None:
        """Say that the cycles these days lie in, and all later ones, are to be computed anew."""
        self.since = min([*days, *([self.since] if self.since else [])], default=None)


def begin(
    retainer: Retainer,
    kind: Kind,
    by: Member | None,
    now: datetime,
    *,
    reason: str = "",
    label: str = "",
    batch: str = "",
) -> Writing:
    """Begin a write of a locked retainer; the first one opens the chain with what was agreed."""
    before = (
        Write.objects.filter(retainer=retainer)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
        or 0
    )
    if not before and kind != Write.Kind.OPEN:
        _open_chain(retainer, now)
        before = 1
    row = Write(
        retainer=retainer,
        number=before + 1,
        kind=kind,
        at=now,
        by=by,
        reason=reason,
        label=label[:200],
        batch=batch,
        before=cache.balance(retainer),
    )
    row.save()
    return Writing(retainer, row)


def seal(this: Writing) -> None:
    """End a write: its link follows from the one before and from everything it wrote."""
    before = (
        Write.objects.filter(retainer=this.retainer, number=this.row.number - 1)
        .values_list("hash", flat=True)
        .first()
    )
    digests = [*map(chain.record_digest, this.records), *this.digests]
    Write.objects.filter(pk=this.row.pk).seal(
        kind=this.kind,
        records=this.records,
        count=len(digests),
        after=cache.balance(this.retainer),
        levels=cache.levels(this.retainer),
        hash=chain.link(before or "", digests),
    )


def head(retainer: Retainer) -> str:
    """Return the hash of the last write; empty before the first."""
    return (
        Write.objects.filter(retainer=retainer)
        .order_by("-number")
        .values_list("hash", flat=True)
        .first()
        or ""
    )


def _open_chain(retainer: Retainer, now: datetime) -> None:
    this = begin(retainer, Write.Kind.OPEN, None, now, label=retainer.name)
    this.record("retainer", **retainer_json(retainer.as_core()))
    for version in retainer.versions():
        this.record("terms", **terms_json(version))
    for day in sorted(retainer.paused_cycles()):
        this.record("pause", cycle=day.isoformat())
    seal(this)
