"""Correcting what a statement holds: only the difference posts, in the earliest unclosed cycle
(ledger §5).
"""

from datetime import date
from typing import Any

from django.db.models import Q

from hourtab.core.entries import charged_for
from hourtab.core.terms import Terms
from hourtab.ledger.errors import (
    DayAndTimeStay,
)
from hourtab.ledger.line import Work, key_of
from hourtab.ledger.models import Entry, Write
from hourtab.ledger.reading import closed, entries
from hourtab.ledger.reading.terms import terms_at
from hourtab.ledger.writing import record
from hourtab.ledger.writing.chain import Writing
from hourtab.retainers.models import Retainer


def is_closed(entry: Entry, retainer: Retainer) -> bool:
    """Does this entry stand in a cycle that is closed? One that was taken out stands nowhere."""
    return not entry.is_withdrawn and is_closed_on(retainer, entry.posts_on)


def is_closed_on(retainer: Retainer, on: date) -> bool:
    """Is the cycle of that day closed?"""
    cycle = retainer.calendar().cycle_of(on)
    return cycle is not None and cycle.index < closed.closed_count(retainer)


def standing_work(entry: Entry) -> Work:
    """Return what a line is to say now: as it was written last, with the figures its latest
    standing correction wants.
    """
    work, latest = record.latest_work(entry), _standing(entry).order_by("-entry__pk").first()
    return work._replace(**latest.wanted) if latest and latest.wanted else work


def mark(entry: Entry) -> int:
    """Return what grows with every change of a line and of its corrections: who saw another mark
    saw another line.
    """
    of_line = Q(pk=entry.pk) | Q(corrects=entry)
    return sum(Entry.objects.filter(of_line).values_list("number", flat=True))


def correct(this: Writing, entry: Entry, work: Work, reason: str) -> None:
    """Make a line of a closed cycle say `work` from now on, in a write that is under way.

    Its texts change in a revision, which its statement does not follow; its figures by a correcting
    entry of the difference in what it charges, also where that is nothing. Raises `LedgerError`
    where its day or time would change.
    """
    retainer, before = this.retainer, record.latest_work(entry)
    if (work.on, work.started) != (before.on, before.started):
        raise DayAndTimeStay()
    terms = terms_at(retainer, retainer.calendar().cycle_of(entry.posts_on).starts_on)  # type: ignore[union-attr]
    charged = charged_in(before, terms) + sum(row.amount for row in _standing(entry))
    difference = charged_in(work, terms) - charged
    said = before._replace(
        category=work.category,
        project=work.project,
        person=work.person,
        description=work.description,
    )
    if said != before:
        record.revise(this, entry, said, number=entry.number + 1, reason=reason)
    if work.figures != standing_work(entry).figures:
        this.kind = Write.Kind.CORRECT
        _post(this, entry, said, difference, work.figures, reason)
    this.touches(entry.posts_on)


def _post(
    this: Writing, entry: Entry, said: Work, difference: int, wanted: dict[str, Any], reason: str
) -> None:
    """Post a difference in the earliest unclosed cycle; a correction that stands there already
    takes it up.

    One that charges nothing has the scope the line is to have: what is not shown of the line is not
    shown of it.
    """
    posted = this.book.posting(entry.posts_on)
    here = _standing(entry).filter(posted=posted).select_related("entry__corrects").first()
    amount = difference + (here.amount if here else 0)
    scope = "retainer" if amount else wanted["scope"]
    work = said._replace(
        amount=amount, weight=100, scope=scope, outcome="", is_withdrawn=False, posted=posted
    )
    if here is None:
        key = new_key(this.retainer, f"{entry.key}\0{work.content}")
        record.add_entry(this, Entry(corrects=entry, key=key), work, reason=reason, wanted=wanted)
        return
    if not amount and wanted == said.figures:
        work = work.withdrawn()
    record.revise(this, here.entry, work, number=here.number + 1, reason=reason, wanted=wanted)


def fold(this: Writing, entry: Entry, reason: str) -> None:
    """Let a line say itself what its corrections made of it, and take those out: its cycle is being
    reopened.
    """
    work = standing_work(entry)
    for row in _standing(entry).select_related("entry__corrects"):
        record.revise(
            this, row.entry, Work.of(row).withdrawn(), number=row.number + 1, reason=reason
        )
    record.revise(this, entry, work, number=entry.number + 1, reason=reason)


def charged_in(work: Work, terms: Terms) -> int:
    """Return what a line charges under `terms`; nothing where it was taken out."""
    return 0 if work.is_withdrawn else charged_for(work.as_core(""), terms)


def new_key(retainer: Retainer, content: str) -> str:
    """Return a key no entry of the retainer has: the keyed digest of its first content, then its
    occurrence number.
    """
    secret = bytes(retainer.workspace.digest_key)
    first = key_of(content, secret, 0).partition("-")[0]
    known = Entry.objects.filter(
        retainer=retainer, key__gt=f"{first}-", key__lt=f"{first}."
    ).count()
    return key_of(content, secret, known + 1)


def _standing(entry: Entry) -> Any:
    return entries.latest(entry.retainer).filter(entry__corrects=entry)
