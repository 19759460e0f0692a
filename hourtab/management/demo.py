"""A believable workspace of invented data: five clients of four professions, in every state a
balance can be in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from hourtab.accounts.models import User, Workspace
from hourtab.accounts.services import open_workspace
from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR, MINUTE, Rounding, parse
from hourtab.core.cycles import start as cycle_start
from hourtab.core.terms import Cadence, Overage, Rollover, Terms
from hourtab.ledger.holds import plan_work
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.services import log_time, top_up
from hourtab.ledger.work import Work
from hourtab.overage.models import OverageTerms
from hourtab.overage.services import Wish, ask
from hourtab.retainers.models import OfficeHours, Retainer, WeightRule
from hourtab.retainers.services import open_retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share

OWNER = "ada@northlight.example"


@dataclass(frozen=True, slots=True)
class Story:
    """One retainer: what was agreed, how many days into its cycle it is, and what happened.

    `now` are lines of the present cycle, `before` those of each earlier one: `day | time | category
    | person | text`, the day counted from the start of the cycle. `asks` are hours, a rate and a
    reason of a request that waits.
    """

    client: str
    name: str
    hours: int
    days_in: int
    categories: Sequence[str]
    now: str
    before: Sequence[str] = ()
    cadence: Cadence = "month"
    rollover: Rollover = field(default_factory=Rollover)
    overage: Overage = field(default_factory=Overage)
    rounding: Rounding = field(default_factory=Rounding)
    shows_people: bool = True
    extra: int = 0
    planned: tuple[str, int] | None = None
    asks: tuple[int, int, str] | None = None
    has_emergencies: bool = False


STORIES = (
    Story(
        "Brightwater Foundry",
        "ERP programme, fractional project management",
        20,
        20,
        ("Discovery", "Vendor coordination", "Reporting", "Go-live"),
        """
        1 | 1h 15m | Reporting | Jon | Status report and risk review with the CTO
        6 | 4h | Discovery | Mara | Stakeholder interviews: finance, logistics, two plants
        8 | 3h | Discovery | Mara | Requirements: integration points mapped, second draft of the specification
        11 | 1h 30m | Vendor coordination | Jon | Integration test schedule agreed between the ERP vendor and the warehouse team
        13 | 2h 30m | Go-live | Mara | Go/no-go meeting: preparation, decision log, follow-up with all five workstreams
        14 | 0h 15m | Reporting | Mara | Quick check of the board slides | courtesy
        19 | 1h 15m | Vendor coordination | Jon | Vendor A: weekly call and change order review
        """,
        (
            """
            2 | 4h | Discovery | Mara | Kick-off with the steering group, minutes and action list
            9 | 5h 30m | Discovery | Mara | Process walk-through in the Leeds plant
            16 | 3h | Reporting | Jon | First status report, risk register set up
            """,
            """
            3 | 6h | Vendor coordination | Jon | Statement of work: comments, call with the vendor, second round
            12 | 5h | Discovery | Mara | Data quality review with finance
            22 | 6h | Reporting | Mara | Steering group: slides, meeting, minutes
            """,
        ),
        rollover=Rollover(1, 5 * HOUR),
        planned=("Hypercare week", 4),
    ),
    Story(
        "Hartmann & Lowe",
        "Executive coaching, M. Okafor",
        8,
        17,
        ("Session", "Session prep", "Follow-up", "Sponsor check-in"),
        """
        1 | 45m | Session prep | | Notes of the last session, stakeholder feedback read
        2 | 1h 30m | Session | | Session 5: delegating the pricing decision
        3 | 30m | Follow-up | | Summary and reading list
        8 | 30m | Session prep | | Call with the chief of staff before session 6
        9 | 1h 30m | Session | | Session 6: the first hundred days of the new team
        10 | 45m | Follow-up | | Reflection questions, comments on the draft announcement
        15 | 1h 30m | Sponsor check-in | | Mid-term review with the HR director, notes for all three
        """,
        (
            """
            4 | 1h 30m | Session | | Session 3: the board paper
            5 | 45m | Follow-up | | Comments on the second draft
            18 | 1h 30m | Session | | Session 4: feedback to a peer
            19 | 1h | Follow-up | | Conversation guide
            """,
        ),
    ),
    Story(
        "Fernhill Clinics",
        "IT support",
        10,
        23,
        ("Helpdesk", "Maintenance", "Security"),
        """
        0 | 1h 30m | Maintenance | | Patch night: servers and the booking system
        3 | 45m | Helpdesk | | Printer of the front desk, two password resets
        7 | 2h | Security | | Phishing mail: mailbox checked, staff informed, filter rule
        10 | 1h 15m | Helpdesk | | New laptop for Dr. Amin, data moved
        14 | 3h | Helpdesk | | Clinic B offline: provider called, failover to LTE, return to fibre
        16 | 14h | Maintenance | | Office move: cabling, switches, 22 desks | project
        17 | 1h | Maintenance | | Backup restored as a test
        21 | 2h 30m | Security | | Sign-in alarms at night: accounts locked, devices checked, report written
        """,
        (
            """
            2 | 1h 30m | Maintenance | | Patch night
            11 | 2h | Helpdesk | | Scanner software on six desks
            25 | 3h 30m | Helpdesk | | Phone system: queue for the second clinic
            """,
        ),
        overage=Overage("ask", rate=110_00),
        rounding=Rounding(15 * MINUTE),
        shows_people=False,
        asks=(
            6,
            110_00,
            "Sign-in alarms at night: accounts of all three clinics to be checked before Monday",
        ),
        has_emergencies=True,
    ),
    Story(
        "Fernhill Clinics",
        "Security advice",
        4,
        23,
        ("Advice", "Training"),
        """
        2 | 1h 30m | Advice | | Two-factor sign-in: which accounts first, and how to tell the staff
        9 | 1h | Training | | Phishing: twenty minutes for each clinic, questions
        """,
        (
            """
            6 | 2h | Advice | | Review of the backup plan with the practice manager
            """,
        ),
        shows_people=False,
    ),
    Story(
        "Kestrel Logistics",
        "Leadership programme",
        60,
        19,
        ("Design", "Workshop", "Coordination"),
        """
        0 | 6h | Design | | Module 1: storyline, exercises, trainer guide
        1 | 5h 30m | Design | | Module 2: storyline, exercises
        4 | 8h | Workshop | | Module 1 in Rotterdam, 14 team leads
        6 | 7h 30m | Workshop | | Module 1 in Antwerp, 11 team leads
        8 | 4h | Coordination | | Evaluation of module 1, dates for the second round
        12 | 6h | Design | | Module 2: case of the peak season, with two depot managers
        """,
        cadence="quarter",
        rollover=Rollover(None),
        shows_people=False,
    ),
    Story(
        "Odell Partners",
        "Advisory",
        6,
        0,
        ("Advice", "Preparation"),
        "",
        (
            """
            5 | 2h | Advice | | Working session on the new fee model
            6 | 45m | Preparation | | Benchmarks collected
            20 | 1h 30m | Advice | | Review of the proposal before it went out
            """,
        ),
        rollover=Rollover(1),
        extra=2,
    ),
)


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


def _tell(story: Story, workspace: Workspace, now: datetime) -> ShareLink:
    today = now.date()
    first = today - timedelta(days=story.days_in)
    starts = [cycle_start(first, story.cadence, -k) for k in range(len(story.before), -1, -1)]
    terms = Terms(
        starts[0],
        story.hours * HOUR,
        story.cadence,
        starts[0],
        rollover=story.rollover,
        overage=story.overage,
        rounding=story.rounding,
    )
    retainer = open_retainer(
        workspace, client=story.client, name=story.name, terms=terms, categories=story.categories
    )
    for start, lines in zip(starts, (*story.before, story.now), strict=True):
        for line in filter(None, (line.strip() for line in lines.splitlines())):
            work = _work(start, line)
            if work.on <= today:
                log_time(
                    retainer,
                    work,
                    by=None,
                    now=min(now, datetime.combine(work.on, time(17, 40), tzinfo=now.tzinfo)),
                )
    # It was opened here when it began, so its earlier cycles close as they were due.
    opened = datetime.combine(starts[0], time(9), tzinfo=now.tzinfo)
    Retainer.objects.filter(pk=retainer.pk).update(opened_at=opened)
    turn_the_day(now)
    if story.extra:
        top_up(
            retainer,
            seconds=story.extra * HOUR,
            on=first,
            by=None,
            now=now,
            reason="For the offsite",
        )
    if story.planned:
        text, hours = story.planned
        cycle = retainer.calendar().cycle_of(today)
        ahead = (
            {"starts_on": min(today + timedelta(days=3), cycle.ends_on), "ends_on": cycle.ends_on}
            if cycle
            else {}
        )
        plan_work(retainer, text=text, amount=hours * HOUR, by=None, now=now, **ahead)
    if story.has_emergencies:
        WeightRule.objects.create(
            retainer=retainer,
            name="Work at night and on weekends",
            percent=150,
            is_after_hours=True,
        )
        OfficeHours.objects.create(retainer=retainer, holidays="GB-ENG")
        OverageTerms.objects.create(
            retainer=retainer, soft_limit=90, emergency_rate=165_00, emergency_ceiling=8 * HOUR
        )
    if story.asks:
        hours, rate, reason = story.asks
        decider = Contact.objects.create(
            client=retainer.client, name="R. Amin", email="amin@fernhill.example", role="approver"
        )
        cycle = retainer.calendar().cycle_of(today)
        wish = Wish(
            "extra",
            hours * HOUR,
            today,
            max(today, cycle.ends_on) if cycle else today,
            reason,
            rate,
        )
        ask(retainer, wish, [decider], decide_by=now + timedelta(days=3), by=None, now=now)
    Contact.objects.get_or_create(
        client=retainer.client, name="The person who pays", defaults={"role": Contact.Role.SPONSOR}
    )
    return share([retainer], by=None, shows_people=story.shows_people, shows_projects=True)


def _work(start: date, line: str) -> Work:
    days, amount, category, person, text, *scope = (part.strip() for part in line.split("|"))
    values: dict[str, Any] = {
        "category": category,
        "person": person,
        "description": text,
        "scope": scope[0] if scope else "retainer",
    }
    on = start + timedelta(days=int(days))
    friday = on - timedelta(days=max(0, on.weekday() - 4))
    return Work(max(start, friday), parse(amount), **values)
