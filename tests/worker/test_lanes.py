"""Lanes of a real worker: none is held up by another, and all end within seconds."""

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hourtab.operating.doctor import look_over
from hourtab.operating.models import Mark
from hourtab.schedule import SCHEDULE
from hourtab.worker.lanes import Lane
from tests.mailbox import smtp_peer

INVITE = """
import json
from django.utils import timezone
from hourtab.accounts.models import Workspace
from hourtab.outbox.models import Delivery
from hourtab.retainers.models import Retainer
from hourtab.team.services import invite
for n in range({count}):
    invite(Workspace.objects.get(), f"new{{n}}@northlight.example", "editor", None, by=None, now=timezone.now())
Retainer.objects.update(balanced_on=None)
print("{{}}")
"""
STATE = """
import json
from hourtab.outbox.models import Delivery
from hourtab.retainers.models import Retainer
print(json.dumps([Retainer.objects.get().balanced_on is not None, list(Delivery.objects.values_list("state", flat=True))]))
"""


def run(installation, script: str) -> Any:
    said = installation.run("shell", "-v", "0", "-c", script).strip()
    return json.loads(said.splitlines()[-1])


@contextmanager
def silent_peer() -> Iterator[tuple[threading.Event, str]]:
    """A mail server that takes a call and never says a word; yields when it was called, and its
    EMAIL_URL.
    """
    called, lines = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    lines.append(server.accept()[0])
                except OSError:
                    return
                called.set()

        thread = threading.Thread(target=answer)
        thread.start()
        yield called, f"smtp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for line in lines:
        line.close()


def test_a_mail_server_that_is_silent_holds_up_no_midnight_and_no_end(installation) -> None:
    installation.open()
    run(installation, INVITE.format(count=1))
    with silent_peer() as (called, url):
        worker = installation.start("worker", EMAIL_URL=url)
        try:
            assert called.wait(30), worker.stderr
            for _ in range(8):
                has_turned, states = run(installation, STATE)
                if has_turned:
                    break
            assert (has_turned, states) == (True, ["waiting"])
        finally:
            asked_at = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            _out, err = worker.communicate(timeout=30)
        assert time.monotonic() - asked_at < 9
        assert (worker.returncode, "Traceback" in err) == (0, False)


def test_two_workers_send_each_mail_once(installation) -> None:
    installation.open()
    run(installation, INVITE.format(count=12))
    with smtp_peer() as (box, url):
        workers = [installation.start("worker", EMAIL_URL=url) for _ in range(2)]
        try:
            box.wait_for(12)
            time.sleep(2)
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
            said = [worker.communicate(timeout=30)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert "Traceback" not in "".join(said)
    assert len(box.mails) == len({mail["Message-ID"] for mail in box.mails}) == 12


def test_a_worker_may_be_told_its_lanes(installation) -> None:
    installation.open()
    run(installation, INVITE.format(count=1))
    installation.run("worker", "--once", "--lane", "clock", "--lane", "imports")
    assert run(installation, STATE) == [True, ["waiting"]]


def test_every_lane_has_a_pulse_and_something_to_do() -> None:
    for lane in Lane:
        assert len([job for job in SCHEDULE if job.lane == lane]) >= 2


@pytest.mark.django_db
def test_the_doctor_names_a_lane_that_stands_still() -> None:
    now = timezone.now()
    Mark.leave("worker", now)
    for lane in Lane:
        late = timedelta(minutes=30 if lane == Lane.IMPORTS else 0)
        Mark.leave(f"worker {lane}", now - late)
    found = {finding.about: finding for finding in look_over(now)}["worker"]
    assert (found.level, "imports" in found.said, "mail" in found.said) == ("look", True, False)
