"""The demo goes on: what its stories tell of the days since is logged as those days come.

So its page looks right whenever it is opened. Nothing that stands is changed, and nothing is told of
retainers the stories do not know.
"""

from collections.abc import Iterator
from datetime import date, datetime

from hourtab.core.cycles import Cycle
from hourtab.demo.filling import ask_for_more, log_all, plan
from hourtab.demo.stories import STORIES, Story
from hourtab.ledger.line import Work
from hourtab.ledger.models import Revision
from hourtab.ledger.reading import closed
from hourtab.overage.models import Request
from hourtab.retainers.models import Retainer
from hourtab.worker.rows import each


def keep_up(now: datetime) -> int:
    """Log what is due in the demo up to `now`; returns how many lines. Done twice, it does nothing.

    A cycle that was closed meanwhile stays as it is.
    """
    told = {(story.client, story.name): story for story in STORIES}

    def go_on(retainer: Retainer) -> int:
        story = told.get((retainer.client.name, retainer.name))
        return _go_on(story, retainer, now) if story else 0

    rows = Retainer.objects.filter(workspace__is_demo=True, ends_on=None)
    return each("let the demo go on", rows.select_related("client", "workspace"), go_on, now)


def _go_on(story: Story, retainer: Retainer, now: datetime) -> int:
    today = retainer.today(now)
    unclosed = closed.unclosed(retainer, today)
    lines = (work for cycle in unclosed for work in _untold(story, retainer, cycle, today))
    count = log_all(retainer, lines, now)
    cycle = retainer.calendar().cycle_of(today)
    if cycle is not None and (today - cycle.starts_on).days >= story.days_in:
        if not retainer.holds.filter(starts_on__gte=cycle.starts_on).exists():
            plan(story, retainer, cycle, now)
        if not Request.objects.filter(retainer=retainer, starts_on__gte=cycle.starts_on).exists():
            ask_for_more(story, retainer, cycle, now)
    return count


def _untold(story: Story, retainer: Retainer, cycle: Cycle, today: date) -> Iterator[Work]:
    """Return the lines of a cycle up to today that were never logged: one that was taken out or
    changed by whoever plays with the demo does not come back.
    """
    stretch = (cycle.starts_on, cycle.ends_on)
    told = set(
        Revision.objects.filter(entry__retainer=retainer, on__range=stretch).values_list(
            "description", flat=True
        )
    )
    for work in story.lines_of(cycle.starts_on, cycle.index):
        if work.on <= min(today, cycle.ends_on) and work.description not in told:
            yield work
