"""Searching a log: what a link does not show cannot be found by it either."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Func, IntegerField, Q, QuerySet
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan

from hourtab.core.entries import Entry, charged_for
from hourtab.core.terms import Terms
from hourtab.ledger.line import Work
from hourtab.ledger.models import Revision
from hourtab.ledger.reading import entries, log
from hourtab.ledger.reading.terms import version_at
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.showing.log import Day, corrections_shown, days_of, scopes_of, texts_of

MOST_FOUND = 200
"""A search shows no more lines than that, and says so."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search of the log gave: the lines, how many more there are, and their time
    together.
    """

    asked: str
    days: Sequence[Day]
    count: int
    more: int
    time: str


def search(
    retainer: Retainer, link: ShareLink, asked: str, since: date, today: date, words: Words
) -> Found:
    """Find lines from `since` up to today in which every word of `asked` stands, newest first, in
    the texts this link shows.

    The database reads the texts, and of the rows it finds only the first are read whole: a search
    costs a look at every line, and no more.
    """
    rows = entries.latest(retainer).filter(
        entry__posts_on__gte=since, entry__on__lte=today, scope__in=scopes_of(link)
    )
    fields = list(texts_of(Work(today, 0), link))
    keys: list[int] = []
    count, seconds = 0, 0
    charges = _Charges(retainer)
    for row in _matching(rows.order_by(*log.NEWEST_FIRST), fields, asked.split()):
        count += 1
        seconds += charges.time_of(row)
        if count <= MOST_FOUND:
            keys.append(row.pk)
    first = Revision.objects.filter(pk__in=keys).select_related("entry")
    lines = [log.line_apart(row, retainer) for row in first.order_by(*log.NEWEST_FIRST)]
    days = days_of(lines, link, words, corrections_shown(retainer, lines, link))
    time = words.signed(seconds) if seconds < 0 else words.amount(seconds)
    return Found(asked, days, count, max(0, count - MOST_FOUND), time)


class _Row(NamedTuple):
    """What is read of every line that may match."""

    pk: int
    on: date
    posted: date | None
    amount: int
    weight: int
    scope: str
    outcome: str
    corrects: int | None


_COLUMNS = ("pk", "on", "posted", "amount", "weight", "scope", "outcome", "entry__corrects")


def _matching(
    rows: QuerySet[Revision], fields: Sequence[str], asked: Sequence[str]
) -> Iterator[_Row]:
    """Yield the rows that hold all words, whatever their case."""
    wanted = [word.casefold() for word in asked]
    if not fields:
        return
    for word in wanted:
        rows = rows.filter(Q(*(_may_hold(field, word) for field in fields), _connector=Q.OR))
    width = len(_COLUMNS)
    for values in rows.values_list(*_COLUMNS, *fields).iterator(2000):
        text = "\n".join(values[width:]).casefold()
        if all(word in text for word in wanted):
            yield _Row(*values[:width])


def _may_hold(field: str, word: str) -> Q:
    """Select the rows whose `field` may hold a folded word: those that do, and all with letters
    beyond ASCII. Databases fold the case of ASCII letters alike, of others not, nor ß to ss.
    """
    beyond_ascii = Q(GreaterThan(_Bytes(field), Length(field)))
    return Q(**{f"{field}__icontains": word}) | beyond_ascii if word.isascii() else beyond_ascii


class _Bytes(Func):
    """How many bytes a text takes in UTF-8: more than it has letters where not all are ASCII."""

    function = "OCTET_LENGTH"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Write it as SQLite before 3.43 takes it."""
        template = "LENGTH(CAST(%(expressions)s AS BLOB))"
        return self.as_sql(compiler, connection, template=template, **more)


class _Charges:
    """What lines charge, each under the terms of the cycle it posts in."""

    def __init__(self, retainer: Retainer) -> None:
        self.versions = retainer.versions()
        self.at: dict[date, Terms] = {}

    def time_of(self, row: _Row) -> int:
        """Return the time of a line that a reader sees: what it charges, or what it took."""
        if row.scope != "retainer":
            return row.amount
        day = row.posted or row.on
        if (terms := self.at.get(day)) is None:
            terms = self.at[day] = version_at(self.versions, day)
        outcome: Any = row.outcome or None
        corrects = "original" if row.corrects else None
        entry = Entry("", row.on, row.amount, weight=row.weight, outcome=outcome, corrects=corrects)
        return charged_for(entry, terms)
