"""Two editors at once, for every verb of the ledger: nothing is lost, nobody waits for ever, and who
comes later builds on the earlier change or is told why not.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from types import ModuleType

import pytest

from hourtab.core.amounts import HOUR
from hourtab.ledger.line import Work, keyed_digest
from hourtab.ledger.models import Entry, Hold, Source, Write
from hourtab.ledger.quick import log as quick_log
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import agree as agreement
from hourtab.ledger.verbs import approve as approvals
from hourtab.ledger.verbs import bring_in as batches
from hourtab.ledger.verbs import categorise as categories
from hourtab.ledger.verbs import close as statements
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs import erase as erasing
from hourtab.ledger.verbs import log as services
from hourtab.ledger.verbs import plan as holds
from hourtab.retainers.models import Category, Retainer
from tests.builders import log, work
from tests.laws.at_once import at_once, overtaken
from tests.ledger.test_statements import FEBRUARY, JANUARY, MARCH, a_january, at

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("03-05")
APRIL = date(2027, 4, 1)
MODULES = (
    services,
    categories,
    agreement,
    approvals,
    holds,
    statements,
    batches,
    erasing,
    quick_log,
)


@dataclass
class Stage:
    """A retainer in which every verb has something to do: January is closed, February is over and
    went beyond its hours, March runs and has other terms.
    """

    retainer: Retainer
    line: Entry
    old: Entry
    gone: Entry
    brought: Entry
    hold: Hold
    source: Source
    listings: list[batches.Listing]
    terms: int
    fingerprint: str


def a_stage(workspace, client: str) -> Stage:
    retainer = a_january(workspace, client=client, name=client)
    old, line = retainer.entries.order_by("on")
    gone = log(retainer, "2027-02-04", "1h", "Gone: not ours", now=NOW)
    services.withdraw_entry(gone, by=None, now=NOW)
    log(retainer, "2027-02-05", "9h", "Beyond the hours", now=NOW)
    log(retainer, "2027-01-28", "1h", "Late", now=NOW)
    hold = holds.plan_work(
        retainer,
        text="Plan",
        amount=HOUR,
        starts_on=NOW.date(),
        ends_on=MARCH.replace(day=9),
        **ANY,
    )
    terms = replace(retainer.versions()[0], effective_on=APRIL, cap=30 * HOUR)
    agreement.change_terms(retainer, terms, **ANY)
    source = Source.objects.create(workspace=workspace, tool="toggl", name=client)
    batch = batches.Batch("first", source, add=[a_row("Brought in")])
    listings = batches.apply_batch(retainer, batch, tool="toggl", **ANY)
    return Stage(
        Retainer.objects.get(pk=retainer.pk),
        line,
        old,
        gone,
        retainer.entries.get(source=source),
        hold,
        source,
        listings,
        agreement.mark(retainer),
        statements.reopening(retainer, JANUARY, NOW)[1],
    )


ANY = {"by": None, "now": NOW}


def a_row(text: str) -> batches.SourceRow:
    return batches.SourceRow(work("2027-02-10", "1h", text), 2, keyed_digest(text, b"key"))


@dataclass(frozen=True)
class Verb:
    """What an editor does, how often it can be done by two at once, and the line it is about."""

    do: Callable[[Stage, str], object]
    both: bool = True
    about: str = "line"


def longer(amount: Work) -> Work:
    return amount._replace(amount=amount.amount + HOUR)


VERBS = {
    "log_time": Verb(
        lambda on, who: services.log_time(on.retainer, work("2027-03-02", "1h", who), **ANY)
    ),
    "log_line": Verb(lambda on, who: quick_log.log_line(f"{who}, 1h", [on.retainer], **ANY)),
    "edit_entry": Verb(
        lambda on, who: services.edit_entry(
            on.line, work("2027-02-03", "4h", who), seen=1, reason=who, **ANY
        ),
        both=False,
    ),
    "edit_entry in a closed cycle": Verb(
        lambda on, who: services.edit_entry(
            on.old, work("2027-01-05", "4h", "January's work"), seen=1, reason=who, **ANY
        ),
        both=False,
        about="old",
    ),
    "change_entry": Verb(lambda on, who: services.change_entry(on.line, longer, **ANY)),
    "change_entry in a closed cycle": Verb(
        lambda on, who: services.change_entry(on.old, longer, **ANY), about="old"
    ),
    "withdraw_entry": Verb(
        lambda on, who: services.withdraw_entry(on.line, reason=who, **ANY), both=False
    ),
    "withdraw_entry in a closed cycle": Verb(
        lambda on, who: services.withdraw_entry(on.old, reason=who, **ANY), both=False, about="old"
    ),
    "restore_entry": Verb(
        lambda on, who: services.restore_entry(on.gone, **ANY), both=False, about="gone"
    ),
    "convert_to_project": Verb(
        lambda on, who: services.convert_to_project([on.line, on.old], reason=who, **ANY)
    ),
    "adopt_category": Verb(lambda on, who: categories.adopt_category(on.gone, **ANY), about="gone"),
    "top_up": Verb(lambda on, who: services.top_up(on.retainer, seconds=HOUR, on=FEBRUARY, **ANY)),
    "transfer": Verb(
        lambda on, who: services.transfer(on.retainer, seconds=HOUR, on=FEBRUARY, **ANY)
    ),
    "change_cap_now": Verb(
        lambda on, who: agreement.change_cap_now(
            on.retainer, {"ada": 25, "ben": 30}[who] * HOUR, on=MARCH, is_prorated=False, **ANY
        )
    ),
    "decide": Verb(
        lambda on, who: services.decide(
            on.retainer, cycle_on=FEBRUARY, amount=2 * HOUR, outcome="bill", rate=9000, **ANY
        ),
        both=False,
    ),
    "authorise": Verb(
        lambda on, who: approvals.authorise(
            on.retainer,
            key=who,
            amount=HOUR,
            rate=9000,
            starts_on=FEBRUARY,
            ends_on=MARCH,
            approved_by="Carl",
            **ANY,
        )
    ),
    "change_terms": Verb(
        lambda on, who: agreement.change_terms(
            on.retainer,
            replace(on.retainer.versions()[0], effective_on=APRIL, cap=40 * HOUR),
            seen=on.terms,
            **ANY,
        ),
        both=False,
    ),
    "withdraw_terms": Verb(
        lambda on, who: agreement.withdraw_terms(on.retainer, APRIL, **ANY), both=False
    ),
    "pause": Verb(lambda on, who: agreement.pause(on.retainer, MARCH, **ANY), both=False),
    "end_retainer": Verb(
        lambda on, who: agreement.end_retainer(on.retainer, date(2027, 4, 30), **ANY)
    ),
    "plan_work": Verb(
        lambda on, who: holds.plan_work(
            on.retainer, text=who, amount=HOUR, starts_on=NOW.date(), ends_on=NOW.date(), **ANY
        )
    ),
    "clear_hold": Verb(lambda on, who: holds.clear_hold(on.hold, **ANY)),
    "close_cycles": Verb(
        lambda on, who: statements.close_cycles(on.retainer, FEBRUARY, **ANY), both=False
    ),
    "reopen_cycle": Verb(
        lambda on, who: statements.reopen_cycle(
            on.retainer, JANUARY, reason=who, expect=on.fingerprint, **ANY
        ),
        both=False,
        about="old",
    ),
    "apply_batch": Verb(
        lambda on, who: batches.apply_batch(
            on.retainer, batches.Batch(who, on.source, add=[a_row(who)]), tool="toggl", **ANY
        )
    ),
    "undo_batch": Verb(
        lambda on, who: batches.undo_batch(on.retainer, "first", on.listings, **ANY),
        both=False,
        about="brought",
    ),
    "erase_texts": Verb(lambda on, who: erasing.erase_texts(on.line, on.old, **ANY)),
    "take_out_person": Verb(lambda on, who: erasing.take_out_person(on.line, on.old, **ANY)),
}


@pytest.mark.parametrize("name", VERBS)
def test_two_who_do_the_same_at_once_lose_nothing(northlight, name) -> None:
    stage, verb = a_stage(northlight, "Acme"), VERBS[name]
    outcomes = at_once(
        [stage.retainer], lambda: verb.do(stage, "ada"), lambda: verb.do(stage, "ben")
    )
    assert outcomes.count("done") == (2 if verb.both else 1), outcomes
    everything_fits(stage)


@pytest.mark.parametrize("name", VERBS)
def test_a_change_that_came_in_between_stays(northlight, name) -> None:
    stage, verb = a_stage(northlight, "Acme"), VERBS[name]
    line = getattr(stage, verb.about)
    before = corrections.standing_work(line).amount
    outcome = overtaken(
        [stage.retainer],
        lambda: services.change_entry(line, longer, reason="Ben's", **ANY),
        lambda: verb.do(stage, "ada"),
    )
    once_more = HOUR if name.startswith("change_entry") else 0
    after = corrections.standing_work(Entry.objects.get(pk=line.pk)).amount
    assert after == before + HOUR + once_more, outcome
    everything_fits(stage)


def everything_fits(stage: Stage) -> None:
    """What is stored is what the record gives, and every write went on from the one before."""
    retainer = Retainer.objects.get(pk=stage.retainer.pk)
    assert findings(retainer, NOW) == []
    links = list(Write.objects.filter(retainer=retainer).order_by("number"))
    assert [link.number for link in links] == list(range(1, len(links) + 1))
    assert all(one.after == two.before for one, two in pairwise(links) if one.at == NOW)


def test_two_changes_of_one_line_add_up(northlight) -> None:
    stage = a_stage(northlight, "Acme")
    at_once([stage.retainer], *[lambda: services.change_entry(stage.line, longer, **ANY)] * 3)
    assert corrections.standing_work(stage.line).amount == 6 * HOUR


def test_the_hours_of_the_cycle_are_those_of_who_came_last(northlight) -> None:
    stage = a_stage(northlight, "Acme")
    change = VERBS["change_cap_now"].do
    at_once([stage.retainer], lambda: change(stage, "ada"), lambda: change(stage, "ben"))
    last = Write.objects.filter(kind="transfer").latest("number")
    cycle = cycles.current_cycle(Retainer.objects.get(pk=stage.retainer.pk), NOW.date())
    assert cycle.available == last.after + cycle.used
    assert cycle.available in (25 * HOUR, 30 * HOUR)


def test_a_kind_of_work_is_known_once(northlight) -> None:
    stage = a_stage(northlight, "Acme")
    at_once([stage.retainer], *[lambda: categories.adopt_category(stage.gone, **ANY)] * 2)
    assert Category.objects.filter(retainer=stage.retainer, name="Gone").count() == 1
    assert corrections.standing_work(stage.gone).description == "not ours"


def test_every_verb_stands_here() -> None:
    told = {name.partition(" ")[0] for name in VERBS}
    assert {name for module in MODULES for name in verbs_of(module)} == told


def verbs_of(module: ModuleType) -> list[str]:
    """The public functions of a module that write, by somebody and at an instant."""
    return [
        name
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__
        and not name.startswith("_")
        and {"by", "now"} <= set(inspect.signature(found).parameters)
    ]
