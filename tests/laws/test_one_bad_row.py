"""Every job of the schedule does what can be done: one bad row in the middle stops nobody else's,
is tried again later, and is reported until it is done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from hourtab.accounts.models import Member, Role, User, Workspace
from hourtab.accounts.services import open_workspace
from hourtab.alerts.models import Watch
from hourtab.alerts.watching import watch_retainers
from hourtab.archive.deletion import delete_due, warn_of_deletions
from hourtab.clients.models import Contact
from hourtab.core.amounts import HOUR
from hourtab.demo.living import keep_up
from hourtab.demo.stories import STORIES
from hourtab.imports.drafts import work_on_files
from hourtab.imports.jobs import forget_drafts
from hourtab.imports.models import Import
from hourtab.ledger.jobs import turn_the_day
from hourtab.ledger.models import Entry
from hourtab.operating.doctor import look_over
from hourtab.operating.jobs import beat, forget_expired
from hourtab.outbox.jobs import forget_old
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from hourtab.overage import services
from hourtab.overage.jobs import draft_at_soft_limits, remind_and_expire
from hourtab.overage.models import OverageTerms, Request
from hourtab.overage.services import Wish
from hourtab.retainers.models import Retainer
from hourtab.schedule import SCHEDULE, send_mails
from hourtab.sharing import subscriptions
from hourtab.sharing.models import Subscription
from hourtab.sharing.services import forget_former, share
from hourtab.sharing.subscriptions import forget_unconfirmed
from hourtab.showing.digest import queue_digests
from hourtab.worker.models import Stumble
from tests.builders import NOW, a_retainer, log

AT_ONCE = {forget_old, forget_unconfirmed, forget_former, forget_drafts, forget_expired}
"""Jobs of one statement: they go over no rows."""


@dataclass(frozen=True)
class Case:
    """`prepare` makes three rows and returns what tells them apart; `done` says for which of them
    the job did its work. The database refuses `refuses` of the second.
    """

    job: Callable[[datetime], int]
    prepare: Callable[[Workspace], list[int]]
    done: Callable[[], set[int]]
    refuses: tuple[str, str, str]
    now: datetime = NOW


def three_retainers(workspace: Workspace) -> list[Retainer]:
    return [a_retainer(workspace, name) for name in ("Acme", "Beta", "Cobalt")]


def keys_of(rows: list[Any]) -> list[int]:
    return [row.pk for row in rows]


def with_days_to_turn(workspace: Workspace) -> list[int]:
    return keys_of(three_retainers(workspace))


def of_the_demo(workspace: Workspace) -> list[int]:
    Workspace.objects.filter(pk=workspace.pk).update(is_demo=True)
    told = {(story.client, story.name): story for story in STORIES}
    return keys_of([a_retainer(workspace, *names) for names in list(told)[:3]])


def with_soft_limits(workspace: Workspace) -> list[int]:
    rows = three_retainers(workspace)
    for row in rows:
        OverageTerms.objects.create(retainer=row, soft_limit=50)
        log(row, "2027-06-21", "15h")
    return keys_of(rows)


def with_news(workspace: Workspace) -> list[int]:
    rows = three_retainers(workspace)
    for row in rows:
        log(row, "2027-06-21", "15h")
    return keys_of(rows)


def requests_over(workspace: Workspace) -> list[int]:
    rows = []
    for retainer in three_retainers(workspace):
        carl = Contact.objects.create(
            client=retainer.client, name="Carl", email="carl@acme.example", role="approver"
        )
        wish = Wish("extra", HOUR, NOW.date(), NOW.date(), "Cohort", 9000)
        until = NOW + timedelta(days=2)
        rows.append(services.ask(retainer, wish, [carl], decide_by=until, by=None, now=NOW))
    return keys_of(rows)


def digests_due(workspace: Workspace) -> list[int]:
    link = share([a_retainer(workspace)], by=None)
    for name in ("carl", "cora", "cem"):
        subscriptions.ask(link, f"{name}@acme.example", "week", now=NOW)
    rows = list(Subscription.objects.order_by("pk"))
    assert all(subscriptions.confirm(row, "week", now=NOW) for row in rows)
    return keys_of(rows)


def mails_waiting(workspace: Workspace) -> list[int]:
    for about in (1, 2, 3):
        to = "carl@acme.example"
        queue(workspace, Delivery.Kind.DIGEST, about=about, occasion="week", target=to, now=NOW)
    return keys_of(list(Delivery.objects.order_by("pk")))


def files_to_read(workspace: Workspace) -> list[int]:
    return keys_of(
        [
            Import.objects.create(
                workspace=workspace, file_name=name, task=Import.Task.EXAMINE, content=b"no table"
            )
            for name in ("a.csv", "b.csv", "c.csv")
        ]
    )


def workspaces_to_delete(_workspace: Workspace) -> list[int]:
    rows = [open_workspace(name, zone="UTC") for name in ("Eastlight", "Southlight", "Westlight")]
    Workspace.objects.filter(pk__in=keys_of(rows)).update(delete_after=NOW + timedelta(days=1))
    return keys_of(rows)


def owned_workspaces_to_delete(workspace: Workspace) -> list[int]:
    keys = workspaces_to_delete(workspace)
    for key in keys:
        user = User.objects.create(email=f"owner{key}@northlight.example")
        Member.objects.create(workspace_id=key, user=user, role=Role.OWNER)
    return keys


def the(rows: Any, name: str = "pk") -> Callable[[], set[int]]:
    """Return what asks for these rows anew, each time."""
    return lambda: set(rows.all().values_list(name, flat=True))


class AllBut:
    """Which of the rows that were there are gone."""

    def __init__(self, rows: Any, all_rows: range) -> None:
        self.rows, self.all_rows = rows, all_rows

    def __call__(self) -> set[int]:
        return set(self.all_rows) - set(self.rows.all().values_list("pk", flat=True))


CASES = (
    Case(
        turn_the_day,
        with_days_to_turn,
        the(Retainer.objects.filter(balanced_on=NOW.date() + timedelta(days=1))),
        ("UPDATE", "retainers_retainer", "id"),
        NOW + timedelta(days=1),
    ),
    Case(
        watch_retainers,
        with_news,
        the(Watch.objects.filter(seen_on=NOW.date()), "retainer_id"),
        ("INSERT", "alerts_watch", "retainer_id"),
    ),
    Case(
        draft_at_soft_limits,
        with_soft_limits,
        the(Request.objects, "retainer_id"),
        ("INSERT", "overage_request", "retainer_id"),
    ),
    Case(
        remind_and_expire,
        requests_over,
        the(Request.objects.filter(state="expired")),
        ("UPDATE", "overage_request", "id"),
        NOW + timedelta(days=3),
    ),
    Case(
        queue_digests,
        digests_due,
        the(Delivery.objects.filter(kind="digest"), "about"),
        ("INSERT", "outbox_delivery", "about"),
        NOW + timedelta(days=7),
    ),
    Case(
        send_mails,
        mails_waiting,
        the(Delivery.objects.exclude(state="waiting")),
        ("UPDATE", "outbox_delivery", "id"),
    ),
    Case(
        keep_up,
        of_the_demo,
        lambda: set(Entry.objects.values_list("retainer", flat=True)),
        ("INSERT", "ledger_entry", "retainer_id"),
    ),
    Case(
        work_on_files,
        files_to_read,
        the(Import.objects.filter(task="")),
        ("UPDATE", "imports_import", "id"),
    ),
    Case(
        warn_of_deletions,
        owned_workspaces_to_delete,
        the(Delivery.objects.filter(kind="deletion"), "workspace_id"),
        ("INSERT", "outbox_delivery", "workspace_id"),
    ),
    Case(
        delete_due,
        workspaces_to_delete,
        AllBut(Workspace.objects, range(10_000)),
        ("DELETE", "accounts_workspace", "id"),
        NOW + timedelta(days=2),
    ),
)


def test_every_job_that_goes_over_rows_is_here() -> None:
    jobs = {job.do for job in SCHEDULE if not isinstance(job.do, partial)}
    assert jobs - AT_ONCE == {case.job for case in CASES}
    assert {job.do.func for job in SCHEDULE if isinstance(job.do, partial)} == {beat}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.job.__name__)
def test_one_bad_row_stops_nobody_else_and_is_tried_again(case: Case, northlight, refuse) -> None:
    first, bad, last = case.prepare(northlight)

    def run(now: datetime) -> set[int]:
        with time_machine.travel(now, tick=False):
            case.job(now)
        return case.done() & {first, bad, last}

    with refuse(*case.refuses, bad):
        assert run(case.now) == {first, last}
        stumble = Stumble.objects.get()
        assert (stumble.times, stumble.since) == (1, case.now)
        # Left out until its pause is over, then tried after all others.
        run(case.now + timedelta(seconds=30))
        assert Stumble.objects.get().times == 1
        run(case.now + timedelta(minutes=4))
        assert Stumble.objects.get().times == 2
        found = {finding.about: finding for finding in look_over(case.now)}["jobs"]
        assert found.level == "look"
        assert f"{stumble.job}: row {stumble.row}" in found.said
    assert run(case.now + timedelta(minutes=10)) == {first, bad, last}
    assert not Stumble.objects.exists()
