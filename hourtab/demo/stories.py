"""What the demo tells: five clients of four professions, in every state a balance can be in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hourtab.core.amounts import HOUR, MINUTE, Rounding, parse
from hourtab.core.terms import Cadence, Overage, Rollover
from hourtab.ledger.line import Work


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

    def lines_of(self, start: date, cycle: int) -> Iterator[Work]:
        """Return the lines of a cycle that starts then, in order; cycles are counted from the first
        one the story tells, and it begins anew after its last.
        """
        told = [lines for lines in (*self.before, self.now) if lines]
        for line in told[cycle % len(told)].splitlines():
            if line.strip():
                yield _work(start, line)


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
