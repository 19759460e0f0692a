"""One retainer of a link with what was read of it, once, for the page and for the document behind
it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from hourtab.core.results import CycleTotals
from hourtab.ledger.models import Hold
from hourtab.ledger.reading import cycles, log, terms
from hourtab.ledger.reading.breakdown import Breakdown, breakdown_at
from hourtab.ledger.reading.log import LogLine
from hourtab.ledger.saying.coverage import Coverage
from hourtab.ledger.saying.words import Correction, before_of, facts_of
from hourtab.ledger.verbs.plan import standing_holds
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.overage.models import OverageTerms
from hourtab.overage.words import emergency_terms
from hourtab.retainers.models import OfficeHours, Retainer
from hourtab.retainers.weights import weights_in_words
from hourtab.retainers.words import agreement, coming_changes
from hourtab.sharing.models import ShareLink
from hourtab.showing.balance.requests import PageRequest, requests_on_page
from hourtab.showing.log import corrections_shown, scopes_of

LONG = 1_000
"""A cycle of more lines shows its fingerprint on a page of its own: making it would hold up the
first reader.
"""


def words_of(link: ShareLink, retainer: Retainer) -> Words:
    """Return how the readers of this link read."""
    workspace = link.workspace
    return Words(
        link.locale or workspace.locale, link.hour_format or workspace.hour_format, retainer.unit
    )


class Part:
    """A retainer as its link shows it at `now`; `cycle` is the present one, or the last, None
    before the start.
    """

    def __init__(self, retainer: Retainer, link: ShareLink, now: datetime) -> None:
        self.retainer, self.link, self.now = retainer, link, now
        self.today = retainer.today(now)
        self.words = words_of(link, retainer)
        self.cycles = cycles.cycles_of(retainer, self.today)
        self.cycle: CycleTotals | None = self.cycles[-1] if self.cycles else None
        self.terms = terms.terms_at(
            retainer, min(self.today, self.cycle.ends_on) if self.cycle else retainer.starts_on
        )
        self.breakdown = (
            breakdown_at(retainer, self.cycle, self.today) if self.cycle else Breakdown()
        )

    @cached_property
    def holds(self) -> Sequence[Hold]:
        """What is planned in the present cycle without an entry."""
        if self.cycle is None or self.cycle.state not in ("open", "paused"):
            return []
        ends_on = self.cycle.ends_on
        return [
            hold for hold in standing_holds(self.retainer, self.today) if hold.starts_on <= ends_on
        ]

    @cached_property
    def coverage(self) -> Coverage | None:
        """What paid for the lines of the present cycle."""
        return (
            Coverage(self.retainer, self.cycle, self.words, self.terms.rounding)
            if self.cycle
            else None
        )

    @cached_property
    def facts(self) -> Sequence[tuple[str, str]]:
        """What stands under the bar: the reset, the forecast, what was carried, planned, added, and
        would expire.
        """
        if self.cycle is None:
            return []
        plans = [
            visible(hold.text) for hold in self.holds if hold.text and self.link.shows_descriptions
        ]
        before = before_of(self.retainer, self.cycles, self.today, self.words)
        known = list(dict.fromkeys(plans))
        return facts_of(
            self.retainer, self.cycle, self.today, self.words, before, self.breakdown.charged, known
        )

    @property
    def count(self) -> int:
        """How many lines of the present cycle the link shows."""
        return sum(self.breakdown.counts.get(scope, 0) for scope in scopes_of(self.link))

    @property
    def is_long(self) -> bool:
        """Is its log too long to be read whole for every page?"""
        return self.count > LONG

    @cached_property
    def lines(self) -> Sequence[LogLine]:
        """All lines of the present cycle that the link shows, newest first."""
        return self.some_lines(0, None)

    def some_lines(self, offset: int, limit: int | None) -> Sequence[LogLine]:
        """Return some of them."""
        if self.cycle is None:
            return []
        rows = log.lines_of(self.retainer, self.cycle, scopes_of(self.link))
        return log.log_lines(rows, self.cycle, self.terms, self.today, offset=offset, limit=limit)

    @cached_property
    def planned(self) -> Sequence[LogLine]:
        """The lines that are dated later, in order."""
        if self.cycle is None:
            return []
        return log.planned(
            log.lines_of(self.retainer, self.cycle, scopes_of(self.link)),
            self.terms,
            self.today,
        )

    @cached_property
    def corrections(self) -> dict[int, list[Correction]]:
        """What was corrected of its lines, or by them."""
        return corrections_shown(self.retainer, self.lines, self.link)

    @cached_property
    def agreement(self) -> Sequence[str]:
        """The terms in words, a sentence each."""
        retainer, words = self.retainer, self.words
        rules = list(retainer.weight_rules.all())
        hours = OfficeHours.objects.filter(retainer=retainer).first() if rules else None
        beyond = OverageTerms.objects.filter(retainer=retainer).select_related("retainer").first()
        emergency = emergency_terms(beyond, words) if beyond else ""
        agreed = agreement(self.terms, words, retainer.currency, retainer.notice_hours)
        return [
            *agreed,
            *weights_in_words(rules, hours, words),
            *([emergency] if emergency else []),
        ]

    @cached_property
    def requests(self) -> Sequence[PageRequest]:
        """What more hours were asked for in the present cycle, and what became of it."""
        first = self.cycle.starts_on if self.cycle else self.retainer.starts_on
        return requests_on_page(self.retainer, self.link, first, self.now, self.words)

    @cached_property
    def coming(self) -> Sequence[tuple[str, str]]:
        """What is agreed for later."""
        return coming_changes(
            self.retainer, self.today if self.cycle else self.retainer.starts_on, self.words
        )
