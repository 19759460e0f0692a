"""What one member logged, week by week, over all retainers they see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from hourtab.accounts.models import Member
from hourtab.ledger.models import Revision
from hourtab.retainers.models import Retainer

WEEKS = 6


@dataclass(frozen=True, slots=True)
class Week:
    """A week from its first day on, with its lines, the latest first, and the seconds worked of
    those that are time.
    """

    starts_on: date
    seconds: int
    lines: Sequence[Revision] = field(default=())

    @property
    def ends_on(self) -> date:
        """Its last day."""
        return self.starts_on + timedelta(days=6)


def first_of_week(on: date, first_weekday: int) -> date:
    """Return the day the week of `on` begins with; weekdays count from Monday (0)."""
    return on - timedelta(days=(on.weekday() - first_weekday) % 7)


def weeks_of(
    member: Member, retainers: QuerySet[Retainer], before: date, first_weekday: int
) -> list[Week]:
    """Return the latest weeks with lines that begin before `before`, of lines that stand and that
    the member logged or did.

    Corrections are the ledger's, and left out.
    """
    logged = Revision.objects.filter(entry=OuterRef("entry"), number=1, write__by=member, line=None)
    rows = Revision.objects.filter(
        entry__retainer__in=retainers,
        number=F("entry__number"),
        entry__is_withdrawn=False,
        entry__corrects=None,
        entry__on__lt=before,
    )
    theirs = Q(Exists(logged)) | (Q(person__iexact=member.user.name) if member.user.name else Q())
    rows = rows.filter(theirs).select_related(
        "entry__retainer__client", "entry__retainer__workspace"
    )
    found = rows.order_by("-entry__on", "-entry__began", "-entry__key")
    weeks = []
    for week in _by_week(found, first_weekday):
        weeks.append(week)
        if len(weeks) == WEEKS:
            break
    return weeks


def _by_week(rows: QuerySet[Revision], first_weekday: int) -> Iterator[Week]:
    for start, some in groupby(
        rows.iterator(chunk_size=500), key=lambda row: first_of_week(row.on, first_weekday)
    ):
        lines = list(some)
        yield Week(
            start, sum(row.amount for row in lines if row.entry.retainer.unit == "hour"), lines
        )
