"""Taking texts out of the record for ever. Figures stay, the chain still verifies, and no file
brings a text back.
"""

from datetime import datetime

from django.db.models import Q

from hourtab.accounts.models import Member
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry, Revision, Statement, Write
from hourtab.ledger.writing.chain import Writing
from hourtab.ledger.writing.record import latest_work, revise, writing
from hourtab.lib.locking import whole
from hourtab.retainers.models import Retainer


@whole
def erase_texts(*entries: Entry, by: Member | None, now: datetime, reason: str = "") -> None:
    """Take the texts of lines of one retainer out for ever: description, person, project, of all
    they ever said, and the reasons of the writes that changed them.

    Corrections lose theirs, too. Figures stay, the chain still verifies, and a file that holds such
    a row again does not bring the text back.
    """
    with writing(
        entries[0].retainer, Write.Kind.ERASE, by=by, now=now, reason=reason, is_news=False
    ) as this:
        for line in _with_corrections(entries):
            _erase(this, line)


@whole
def take_out_person(*entries: Entry, by: Member | None, now: datetime) -> None:
    """Take out who did the work of lines of one retainer, from all they ever said. What they say
    now stays otherwise.

    Earlier versions lose all their texts, since one digest covers them: also what a statement shows
    of the line.
    """
    with writing(entries[0].retainer, Write.Kind.ERASE, by=by, now=now, is_news=False) as this:
        for line in _with_corrections(entries):
            work = latest_work(line)
            revise(this, line, work._replace(person=""), number=line.number + 1)
            _erase(this, line, before=line.number + 1)


def _with_corrections(entries: tuple[Entry, ...]) -> list[Entry]:
    """Return these lines, and all that correct one another with them, as they are under the
    lock.
    """
    roots = {entry.corrects_id or entry.pk for entry in entries}
    return list(Entry.objects.filter(Q(pk__in=roots) | Q(corrects__in=roots)).order_by("pk"))


def _erase(this: Writing, line: Entry, before: int | None = None) -> None:
    """Erase the texts of the revisions of a line, or of those numbered lower than `before`, and
    why they were written.
    """
    standing = Revision.objects.filter(entry=line, erased="")
    rows = list(standing.filter(number__lt=before) if before else standing)
    for row in rows:
        Revision.objects.filter(pk=row.pk).erase(Work.of(row).texts_digest(row.salt))
    _erase_reasons(this.retainer, {row.write_id for row in rows} - {this.row.pk})
    this.record("erase", id=line.key)
    this.touches(line.posts_on)


def _erase_reasons(retainer: Retainer, keys: set[int]) -> None:
    """Erase the reason of these writes; where a cycle was reopened for it, its statements repeat
    it.
    """
    writes = Write.objects.filter(pk__in=keys).exclude(reason="")
    for write in writes.filter(kind=Write.Kind.REOPEN):
        Statement.objects.filter(
            retainer=retainer, made_at=write.at, reason=write.reason
        ).erase_reasons()
    writes.erase_reasons()
