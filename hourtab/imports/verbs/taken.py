"""A delivery on its way into the log: its source, its rules, and the retainers it feeds."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from hourtab.accounts.models import Workspace
from hourtab.accounts.plans import PlanError, check_day, earliest_day
from hourtab.imports.errors import Refusal
from hourtab.imports.matching import routing
from hourtab.imports.matching.deliveries import Delivery, Progress, deliver, place_of
from hourtab.imports.matching.planning import Order, make_plan
from hourtab.imports.matching.plans import Plan
from hourtab.imports.matching.redaction import Redaction
from hourtab.imports.models import Import
from hourtab.imports.reading.uploads import Upload, lines_in
from hourtab.ledger.book import Book
from hourtab.ledger.models import Source
from hourtab.ledger.writing import cache, freeze, record
from hourtab.retainers.models import Retainer


class Taken:
    """A delivery with its source and its rules."""

    def __init__(
        self,
        given: Upload | Delivery,
        workspace: Workspace,
        retainer: Retainer | None,
        now: datetime,
        progress: Progress,
    ) -> None:
        self.workspace, self.retainer, self.progress = workspace, retainer, progress
        if isinstance(given, Upload):
            given = deliver(given, workspace, now, retainer, progress)
        self.delivery = given
        self.today = place_of(workspace, retainer, now)[1]
        self.locked: Sequence[Retainer] = ()
        self.see(given.source)

    def see(self, source: Source | None = None) -> None:
        """See the source, unless that was found just now, its rules and the retainers."""
        self.source = source or self.delivery.source_in(self.workspace)
        locked_now = {row.pk: row for row in self.locked}
        self.retainers = [locked_now.get(row.pk, row) for row in routing.targets_of(self.workspace)]
        stored, delivery = routing.rules_of(self.source), self.delivery
        self.routing = routing.Routing(stored, delivery.said, self.retainer, delivery.reading)
        self.router = self.routing.router(self.retainers, delivery.reading, delivery.answers)

    def fed(self) -> list[Retainer]:
        """Return the retainers that rows go to, and those whose lines are withdrawn without one."""
        if self.retainer:
            return [self.retainer]
        route = self.router.route
        refs = {route(line).retainer for line in self.delivery.reading.lines} | _absent(
            self.delivery
        )
        return [retainer for retainer in self.retainers if retainer.ref in refs]

    def lock(self, retainers: Sequence[Retainer], now: datetime) -> None:
        """Lock these, close what is due there, and see everything as it is now."""
        self.locked = record.lock_all(retainers)
        for retainer in self.locked:
            book = Book(retainer, retainer.today(now))
            freeze.close_due(book, now)
            if retainer.balanced_on != book.today:
                cache.refresh(book, book.today)
        if self.retainer:
            self.retainer = next(iter(self.locked))
        self.see()

    def plan(self) -> Plan:
        """Compare the delivery with what is there now."""
        self.progress("comparing")
        fed = [self.retainer] if self.retainer else self.retainers
        redaction = Redaction(self.workspace.private_words.splitlines())
        secret = bytes(self.workspace.digest_key)
        plan = make_plan(
            self.delivery.reading, fed, self.source, self.router, self._order(), redaction, secret
        )
        self._check_months(plan)
        return plan

    def _check_months(self, plan: Plan) -> None:
        """Refuse new rows of days further back than the workspace's plan goes; what is stored
        already stays as it is.
        """
        if (first := earliest_day(self.workspace, self.today)) is None:
            return
        early = [
            outcome
            for outcome in plan.outcomes
            if outcome.kind == "new" and outcome.on and outcome.on < first
        ]
        if early:
            try:
                check_day(self.workspace, early[0].on or first, self.today)
            except PlanError as error:
                raise Refusal(
                    _("%(error)s Bring it in from that day on.") % {"error": error},
                    line=early[0].line,
                ) from None

    def _order(self) -> Order:
        answers = self.delivery.answers
        return Order(
            self.delivery.name,
            answers,
            only_add=answers.get("only_add") == "yes",
            absent=_absent(self.delivery),
            publish=_lines(answers.get("publish", "")),
            withhold=_lines(answers.get("withhold", ""))
            if answers.get("publish") != "leave_out"
            else None,
            rules_changed=self._rules_changed(),
            takes_late=answers.get("late") != "leave_out",
            corrects=answers.get("closed") == "correct",
        )

    def _rules_changed(self) -> bool:
        """Say whether the rules are others than when this source was imported last."""
        if self.source is None:
            return False
        last = (
            Import.objects.filter(source=self.source, state=Import.State.APPLIED)
            .order_by("-applied_at", "-pk")
            .values_list("rules_digest", flat=True)
            .first()
        )
        return last is not None and last != routing.digest_of(self.routing.rules)


def _absent(delivery: Delivery) -> frozenset[str]:
    """Return the retainers whose lines are withdrawn although nothing that arrived is for them."""
    return frozenset(filter(None, delivery.answers.get("absent", "").split(",")))


def _lines(text: str) -> frozenset[int] | None:
    """Return the lines of `2,5`; None, which means all, for `yes`."""
    if text == "yes":
        return None
    return lines_in(text)
