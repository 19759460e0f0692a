"""Kinds of work that become known while work is logged."""

from datetime import datetime

from hourtab.accounts.models import Member
from hourtab.ledger.models import Entry
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs.checks import LENGTHS
from hourtab.ledger.verbs.log import edit_entry
from hourtab.ledger.writing.record import lock
from hourtab.lib.locking import whole
from hourtab.retainers.models import Category, Retainer


@whole
def adopt_category(entry: Entry, *, by: Member | None, now: datetime) -> Category | None:
    """Make the text before the colon of a line a kind of work, for this line and from now on.

    Returns None, and stores nothing, where the line has no such text (any more).
    """
    lock(entry.retainer)
    work = corrections.standing_work(entry)
    before, colon, after = (part.strip() for part in work.description.partition(":"))
    if not colon or not after or not 0 < len(before) <= LENGTHS["category"]:
        return None
    category = know_category(entry.retainer, before)
    said = work._replace(category=category.name, description=after)
    edit_entry(entry, said, by=by, now=now)
    return category


def know_category(retainer: Retainer, name: str) -> Category:
    """Make `name` a category of the retainer from now on."""
    category, _made = Category.objects.get_or_create(retainer=retainer, name=name)
    return category
