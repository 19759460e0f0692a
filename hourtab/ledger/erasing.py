"""Taking texts out of the record for ever. Figures stay, the chain still verifies, and no file
brings a text back.
"""

from datetime import datetime

from hourtab.accounts.models import Member
from hourtab.ledger.models import Entry, Revision, Write
from hourtab.ledger.record import latest_work, revise, writing
from hourtab.ledger.work import Work
from hourtab.ledger.writes import Writing


def erase_texts(*entries: Entry, by: Member | None, now: datetime, reason: str = "") -> None:
    """Take the texts of lines of one retainer out for ever: description, person, project, of all
    they ever said.

    Corrections lose theirs, too. Figures stay, the chain still verifies, and a file that holds such
    a row again does not bring the text back.
    """
    with writing(
        entries[0].retainer, Write.Kind.ERASE, by=by, now=now, reason=reason, is_news=False
    ) as this:
        for line in _with_corrections(entries):
            _erase(this, line)


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
    roots = {root.pk: root for root in (entry.corrects or entry for entry in entries)}
    return [line for root in roots.values() for line in (root, *root.corrections.all())]


def _erase(this: Writing, line: Entry, before: int | None = None) -> None:
    """Erase the texts of the revisions of a line, or of those numbered lower than `before`."""
    rows = Revision.objects.filter(entry=line, erased="")
    for row in rows.filter(number__lt=before) if before else rows:
        Revision.objects.filter(pk=row.pk).erase(Work.of(row).texts_digest(row.salt))
    this.record("erase", id=line.key)
    this.touches(line.posts_on)
