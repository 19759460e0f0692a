"""Writes: the links of a retainer's chain, one for each (ledger §5)."""

from datetime import date, datetime
from typing import Any

from hourtab.accounts.models import Member
from hourtab.core.document import chain
from hourtab.core.document.write import retainer_json, terms_json
from hourtab.ledger.book import Book
from hourtab.ledger.models import Write
from hourtab.ledger.writing import cache
from hourtab.ledger.writing.cache import Fresh
from hourtab.retainers.models import Retainer

type Kind = Write.Kind


class Writing:
    """A write under way: it gathers the digests of its link, and the earliest day whose cycle it
    touches.
    """

    def __init__(self, book: Book, row: Write, before: str) -> None:
        self.book, self.row, self.before = book, row, before
        self.retainer = book.retainer
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
    book: Book,
    kind: Kind,
    by: Member | None,
    now: datetime,
    *,
    reason: str = "",
    label: str = "",
    batch: str = "",
) -> Writing:
    """Begin a write of a locked retainer; the first one opens the chain with what was agreed."""
    last = (
        Write.objects.filter(retainer=book.retainer)
        .order_by("-number")
        .values_list("number", "hash")
        .first()
    )
    if last is None and kind != Write.Kind.OPEN:
        last = (1, _open_chain(book, now))
    number, before = last or (0, "")
    row = Write(
        retainer=book.retainer,
        number=number + 1,
        kind=kind,
        at=now,
        by=by,
        reason=reason,
        label=label[:200],
        batch=batch,
        before=book.balance(),
    )
    row.save()
    return Writing(book, row, before)


def seal(this: Writing, fresh: Fresh | None = None) -> str:
    """End a write: its link follows from the one before and from everything it wrote. Returns its
    hash; `fresh` are the cycles it computed anew.
    """
    digests = [*map(chain.record_digest, this.records), *this.digests]
    link = chain.link(this.before, digests)
    last = fresh.cycles[-1] if fresh and fresh.cycles else None
    Write.objects.filter(pk=this.row.pk).seal(
        kind=this.kind,
        records=this.records,
        count=len(digests),
        after=last.available - last.used if last else this.book.balance(),
        levels=cache.levels(this.book, fresh),
        hash=link,
    )
    return link


def head(retainer: Retainer) -> str:
    """Return the hash of the last write; empty before the first."""
    return (
        Write.objects.filter(retainer=retainer)
        .order_by("-number")
        .values_list("hash", flat=True)
        .first()
        or ""
    )


def _open_chain(book: Book, now: datetime) -> str:
    this = begin(book, Write.Kind.OPEN, None, now, label=book.retainer.name)
    this.record("retainer", **retainer_json(book.retainer.as_core()))
    for version in book.retainer.versions():
        this.record("terms", **terms_json(version))
    for day in sorted(book.retainer.paused_cycles()):
        this.record("pause", cycle=day.isoformat())
    return seal(this)
