"""Decisions under fire: many at once, guesses by the thousand, processes that are killed. One
grant, and a receipt for each side.
"""

import http.client
import json
import random
import secrets
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.commands.test_processes import several
from tests.mailbox import smtp_peer, subject_of

FIND = """
import json
from datetime import *
from django.utils import timezone
from hourtab.accounts.models import Member
from hourtab.clients.models import Contact
from hourtab.ledger.models import *
from hourtab.ledger.reading.cycles import current_cycle
from hourtab.outbox.models import Delivery
from hourtab.overage import services
from hourtab.overage.models import *
from hourtab.retainers.models import Retainer
now = timezone.now()
r = Retainer.objects.get(ref={ref!r})
"""
ASK = """
today = r.today(now)
ada = Member.objects.filter(workspace=r.workspace).first()
people = [Contact.objects.create(client=r.client, name=f"Approver {{n}}", email=f"a{{n}}@acme.example", role="approver") for n in range({people})]
for n in range({count}):
    wish = services.Wish("extra", 5 * 3600, today, today + timedelta(days=9), f"Request {{n}}", 9000)
    services.ask(r, wish, people, decide_by=now + timedelta(days=2), by=ada, now=now)
print(json.dumps([[row.number, [a.path for a in row.approvers.all()]] for row in r.requests.order_by("number")]))
"""
STATE = """
cycle = current_cycle(r, r.today(now))
print(json.dumps({"states": list(r.requests.order_by("number").values_list("state", flat=True)), "grants": list(r.authorisations.order_by("key").values_list("key", flat=True)),
  "amounts": list(r.authorisations.order_by("key").values_list("amount", flat=True)), "approved": [row.approved for row in r.requests.order_by("number")],
  "authorised": cycle.authorised if cycle else 0, "waiting": Delivery.objects.filter(state="waiting").count()}))
"""


def opened(installation) -> str:
    """Open a retainer of two hours a month, this month; return its reference."""
    return installation.open("Acme", "2", f"{datetime.now(UTC):%Y-%m}-01")[0]


def run(installation, ref: str, script: str, **values: Any) -> Any:
    text = FIND.format(ref=ref) + (script.format(**values) if values else script)
    return json.loads(installation.run("shell", "-v", "0", "-c", text).strip().splitlines()[-1])


def decide(port: int, path: str, **form: str) -> int:
    link = http.client.HTTPConnection("localhost", port, timeout=60)
    body = urlencode({"do": "approve", "name": "Carl", "amount": "5"} | form)
    link.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
    status = link.getresponse().status
    link.close()
    return status


def test_whoever_decides_at_once_and_how_often_one_request_is_granted_once(installation) -> None:
    ref = opened(installation)
    asked = run(installation, ref, ASK, people=2, count=6)
    chance = random.Random(7)
    clicks = [
        (
            path,
            {
                "amount": str(chance.randint(1, 5)),
                "name": f"Carl {i}",
                "do": chance.choice(["approve", "approve", "approve", "decline"]),
            },
        )
        for _number, paths in asked
        for path in paths
        for i in range(4)
    ]
    chance.shuffle(clicks)
    with several(installation) as (_site, port, _keeper), ThreadPoolExecutor(12) as pool:
        logs = [installation.start("log", "Beyond the hours, 4h", f"@{ref}") for _ in range(3)]
        statuses = list(pool.map(lambda click: decide(port, click[0], **click[1]), clicks))
        for process in logs:
            said = process.communicate(timeout=60)
            assert process.returncode == 0, said
    assert statuses.count(303) == len(asked)
    assert set(statuses) <= {303, 409, 200}
    state = run(installation, ref, STATE)
    assert all(status in ("approved", "declined") for status in state["states"])
    approved = [
        f"q{number:03d}"
        for (number, _paths), amount in zip(asked, state["approved"], strict=True)
        if amount
    ]
    assert state["grants"] == approved
    assert state["amounts"] == [amount for amount in state["approved"] if amount]
    assert state["authorised"] == min(10 * 3600, sum(state["amounts"]))
    assert installation.json("verify")["findings"] == {}


def test_thousands_of_guesses_find_nothing_and_stand_in_nobodys_way(installation) -> None:
    ref = opened(installation)
    ((_number, (path,)),) = run(installation, ref, ASK, people=1, count=1)
    with installation.serve() as site:
        port = int(site.rpartition(":")[2])
        link = http.client.HTTPConnection("localhost", port, timeout=60)
        link.request("GET", path)
        assert link.getresponse().read()
        answers: dict[int, int] = {}
        for i in range(10_000):
            link.request("POST" if i % 2 else "GET", f"/a/{secrets.token_urlsafe(16)}")
            answer = link.getresponse()
            answer.read()
            answers[answer.status] = answers.get(answer.status, 0) + 1
            if answer.will_close:
                link.close()
        assert set(answers) == {404, 429}
        assert answers[404] < 200
        link.close()
        assert decide(port, path) == 303
    assert run(installation, ref, STATE)["grants"] == ["q001"]


def settle(installation, ref: str, box) -> None:
    """Let the workers that are left finish: what a dead one held is free when its lease is over."""
    over = "Delivery.objects.filter(state='waiting').update(leased_until=None, due_at=now); print('{}')"
    for _ in range(20):
        run(installation, ref, over)
        installation.run("worker", "--once")
        if not run(installation, ref, STATE)["waiting"]:
            return
    raise AssertionError("the outbox does not get empty")


@pytest.mark.parametrize("delay", [0.5, 1.1, 1.7])
def test_a_worker_killed_at_any_moment_leaves_one_grant_and_at_least_one_receipt(
    installation, delay
) -> None:
    ref = opened(installation)
    run(installation, ref, ASK, people=1, count=1)
    settle_by = "row = r.requests.get(); services.decide(row, approver=row.approvers.get(), name='Carl', amount=row.amount, now=now); print('{}')"
    with smtp_peer() as (box, url):
        installation.environment["EMAIL_URL"] = url
        deciding = installation.start("shell", "-v", "0", "-c", FIND.format(ref=ref) + settle_by)
        worker = installation.start("worker")
        time.sleep(delay)
        for process in (deciding, worker):
            process.send_signal(signal.SIGKILL)
            process.communicate()
        before = run(installation, ref, STATE)
        assert (before["states"] == ["approved"]) == (before["grants"] == ["q001"])
        if before["states"] == ["pending"]:
            run(installation, ref, settle_by)
        settle(installation, ref, box)
        receipts = [
            mail
            for mail in box.mails
            if mail["To"] == "a0@acme.example" and "Approved" in subject_of(mail)
        ]
        assert len(receipts) >= 1
        assert len({mail["Message-ID"] for mail in receipts}) == 1
    after = run(installation, ref, STATE)
    assert (after["states"], after["grants"], after["amounts"]) == (
        ["approved"],
        ["q001"],
        [5 * 3600],
    )
    assert installation.json("verify")["findings"] == {}
