"""Filling the demo: its workspace, made once, as if it had been used since the stories began."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction

from hourtab.accounts.models import User, Workspace
from hourtab.accounts.services import open_workspace
from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.core.cycles import Cycle
from hourtab.core.cycles import start as cycle_start
from hourtab.core.terms import Terms
from hourtab.demo.stories import STORIES, Story
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.line import Work
from hourtab.ledger.verbs.log import log_time, top_up
from hourtab.ledger.verbs.plan import plan_work
from hourtab.ledger.writing import clock
from hourtab.overage.models import OverageTerms
from hourtab.overage.services import Wish, ask
from hourtab.retainers.models import OfficeHours, Retainer, WeightRule
from hourtab.retainers.services import open_retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share

OWNER = "ada@northlight.example"


@transaction.atomic
def fill(now: datetime, password: str) -> tuple[Workspace, ShareLink]:
    """Make the workspace with its owner; returns it and the link of its first page."""
    owner = User.objects.create_user(OWNER, password, name="Ada")
    EmailAddress.objects.create(user=owner, email=OWNER, verified=True, primary=True)
    workspace = open_workspace(
        "Northlight", owner=owner, zone="Europe/London", locale="en-GB", currency="GBP"
    )
    Workspace.objects.filter(pk=workspace.pk).update(is_demo=True)
    links = [_tell(story, workspace, now) for story in STORIES]
    clinics = list(
        Retainer.objects.filter(workspace=workspace, client__name="Fernhill Clinics").order_by("pk")
    )
    share(
        clinics,
        by=None,
        label="Both agreements",
        given_to="The practice manager",
        shows_projects=True,
        has_feeds=True,
    )
    return workspace, links[0]


def log_all(retainer: Retainer, lines: Iterable[Work], now: datetime) -> int:
    """Log these lines, each in the evening of its day, so that a cycle closes between them where it
    was due; returns how many.
    """
    works = list(lines)
    for work in works:
        evening = datetime.combine(work.on, time(17, 40), tzinfo=retainer.tzinfo)
        log_time(retainer, work, by=None, now=min(now, evening))
    return len(works)


def plan(story: Story, retainer: Retainer, cycle: Cycle, now: datetime) -> None:
    """Plan what the story plans, from three days on to the end of the cycle."""
    if story.planned:
        text, hours = story.planned
        starts_on = min(retainer.today(now) + timedelta(days=3), cycle.ends_on)
        days = {"starts_on": starts_on, "ends_on": cycle.ends_on}
        plan_work(retainer, text=text, amount=hours * HOUR, by=None, now=now, **days)


def ask_for_more(story: Story, retainer: Retainer, cycle: Cycle, now: datetime) -> None:
    """Send the request of the story, until the end of the cycle, to who decides there."""
    if story.asks:
        hours, rate, reason = story.asks
        decider, _made = Contact.objects.get_or_create(
            client=retainer.client,
            email="amin@fernhill.example",
            defaults={"name": "R. Amin", "role": Contact.Role.APPROVER},
        )
        days = (retainer.today(now), cycle.ends_on)
        wish = Wish("extra", hours * HOUR, *days, reason, rate)
        ask(retainer, wish, [decider], decide_by=now + timedelta(days=3), by=None, now=now)


def _tell(story: Story, workspace: Workspace, now: datetime) -> ShareLink:
    today = now.date()
    first = today - timedelta(days=story.days_in)
    starts = [cycle_start(first, story.cadence, -k) for k in range(len(story.before), -1, -1)]
    retainer = _open(story, workspace, starts[0])
    for index, start in enumerate(starts):
        log_all(retainer, (work for work in story.lines_of(start, index) if work.on <= today), now)
    # It was opened here when it began, so its earlier cycles close as they were due.
    opened = datetime.combine(starts[0], time(9), tzinfo=now.tzinfo)
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=opened)
    clock.believe(now)
    turn_the_day(now)
    cycle = retainer.calendar().cycle_of(today)
    assert cycle is not None
    if story.extra:
        hours, reason = story.extra * HOUR, "For the offsite"
        top_up(retainer, seconds=hours, on=first, by=None, now=now, reason=reason)
    plan(story, retainer, cycle, now)
    if story.has_emergencies:
        _agree_on_emergencies(retainer)
    ask_for_more(story, retainer, cycle, now)
    Contact.objects.get_or_create(
        client=retainer.client, name="The person who pays", defaults={"role": Contact.Role.SPONSOR}
    )
    return share([retainer], by=None, shows_people=story.shows_people, shows_projects=True)


def _open(story: Story, workspace: Workspace, start: date) -> Retainer:
    terms = Terms(
        start,
        story.hours * HOUR,
        story.cadence,
        start,
        rollover=story.rollover,
        overage=story.overage,
        rounding=story.rounding,
    )
    return open_retainer(
        workspace, client=story.client, name=story.name, terms=terms, categories=story.categories
    )


def _agree_on_emergencies(retainer: Retainer) -> None:
    WeightRule.objects.create(
        retainer=retainer, name="Work at night and on weekends", percent=150, is_after_hours=True
    )
    OfficeHours.objects.create(retainer=retainer, holidays="GB-ENG")
    OverageTerms.objects.create(
        retainer=retainer, soft_limit=90, emergency_rate=165_00, emergency_ceiling=8 * HOUR
    )
