"""The professions HourTab is made for: what their sponsors do not see, and what a retainer of
theirs usually looks like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Text = str | Promise


@dataclass(frozen=True, slots=True)
class Profession:
    """One profession: its page under `/for/<slug>`, and the preset it opens a retainer with.

    `unseen` are lines of work with their minutes, as a month of it would log them. `terms` are
    initial values of the form that opens a retainer.
    """

    slug: str
    name: Text
    title: Text
    lead: Text
    pain: Text
    answer: Text
    sponsor: Text
    unseen: Sequence[tuple[Text, int]]
    retainer: Text
    categories: Sequence[Text]
    terms: Mapping[str, Any]

    def initial(self) -> dict[str, Any]:
        """Return what the form that opens a retainer begins with."""
        categories = ", ".join(str(name) for name in self.categories)
        return {"name": str(self.retainer), "categories": categories} | dict(self.terms)


PROFESSIONS = (
    Profession(
        "executive-coaches",
        _("Executive coaches"),
        _("The session is ninety minutes. The work around it is not."),
        _(
            "Your coachee sees the conversation. The HR leader who pays sees a calendar entry and, at the end of the "
            "month, an invoice."
        ),
        _(
            "Reading the 360, calls with the line manager, notes after each session, a message on Sunday night before the"
            " board meeting: none of it shows. So the second invoice is questioned, politely, and you start to leave "
            "things out."
        ),
        _(
            "With HourTab the sponsor has one page for each coachee or for all of them: hours agreed, used and left, and "
            "a line for everything that was done. What was said in the room stays there; a link shows the kind of work, "
            "and only if you want to, a word more."
        ),
        _("the HR leader"),
        (
            (_("Session 4: delegating the pricing decision"), 90),
            (_("Session prep: stakeholder feedback read, notes of session 3"), 45),
            (_("Call with the line manager: what has changed since March"), 30),
            (_("Follow-up: summary, two exercises, one article"), 40),
            (_("Sponsor check-in: progress against the goals, no contents"), 25),
        ),
        _("Executive coaching"),
        (
            _("Session"),
            _("Session prep"),
            _("Follow-up"),
            _("Stakeholder call"),
            _("Sponsor check-in"),
        ),
        {"hours": "8h", "rollover": "1", "rollover_max": "4h"},
    ),
    Profession(
        "learning-and-development-consultants",
        _("L&D consultants"),
        _("A workshop is one day. Designing it took five."),
        _(
            "Your client buys a programme and sees the days in the room. Interviews, design, dry runs, logistics and "
            "evaluation happen at your desk."
        ),
        _(
            "When the third module needs twice the design time, nobody has a number to talk about. The budget owner hears"
            " of it from the invoice, and next year's programme begins with a negotiation about this year's."
        ),
        _(
            "HourTab keeps the balance of the programme where everybody can see it: by module or by kind of work, with "
            "the hours that are planned for the onboarding week already hatched into the bar."
        ),
        _("the head of people"),
        (
            (_("Module 2: interviews with four team leads"), 180),
            (_("Module 2: storyline, exercises, trainer guide"), 420),
            (_("Workshop in Antwerp, eleven team leads"), 450),
            (_("Dates, rooms and materials for the second round"), 75),
            (_("Evaluation of module 1, recommendations"), 120),
        ),
        _("Leadership programme"),
        (_("Needs analysis"), _("Design"), _("Workshop"), _("Coordination"), _("Evaluation")),
        {"hours": "60h", "cadence": "quarter", "rollover": "1"},
    ),
    Profession(
        "it-project-managers",
        _("IT project managers"),
        _("Nobody sees coordination. Everybody sees when it is missing."),
        _(
            "You hold three vendors, two plants and one go-live date together, a few hours a week. The CTO sees status "
            "reports."
        ),
        _(
            "Vendor calls, test schedules, the risk that did not become a problem: it takes 20 hours in a quiet month and"
            " 50 in the month of the go-live. Without a shared number, that conversation happens after the work."
        ),
        _(
            "HourTab shows the CTO the hours left in this month, what they went into, and about when they run out at the "
            "present pace. The question of extra hours comes up two weeks before the go-live instead of two weeks after "
            "it."
        ),
        _("the CTO"),
        (
            (_("Vendor A: weekly call and change order review"), 75),
            (_("Requirements: integration points mapped"), 180),
            (_("Integration test schedule agreed with the warehouse team"), 90),
            (_("Go/no-go meeting: preparation, decision log, follow-up"), 150),
            (_("Status report and risk review"), 75),
        ),
        _("IT project management"),
        (_("Discovery"), _("Vendor coordination"), _("Reporting"), _("Go-live")),
        {"hours": "20h", "rollover": "1", "rollover_max": "5h"},
    ),
    Profession(
        "it-providers",
        _("IT providers"),
        _("When everything works, it looks as if nobody did anything."),
        _(
            "Your client pays for ten hours of support a month and remembers one call about a printer. The patch night, "
            "the restored backup and the blocked sign-ins happened while they slept."
        ),
        _(
            "The tickets are in your PSA tool, where the office manager never looks. So the renewal talk is about the one"
            " bad morning, and the office move that was billed apart turns into an argument about what is included."
        ),
        _(
            "Import the time entries of ConnectWise, Autotask, HaloPSA or any time tracker once a week. The page tells "
            "support that is included from projects that are not, and the hours that are left from those that are over."
        ),
        _("the office manager"),
        (
            (_("Patch night: servers and the booking system"), 90),
            (_("Phishing mail: mailbox checked, staff informed, filter rule"), 120),
            (_("New laptop, data moved"), 75),
            (_("Clinic B offline: failover to LTE, return to fibre"), 180),
            (_("Backup restored as a test"), 60),
        ),
        _("IT support"),
        (_("Helpdesk"), _("Maintenance"), _("Security"), _("Advice")),
        {"hours": "10h", "rounding": "15"},
    ),
)

BY_SLUG = {profession.slug: profession for profession in PROFESSIONS}
CHOICES = [
    *((profession.slug, profession.name) for profession in PROFESSIONS),
    ("", _("something else")),
]
