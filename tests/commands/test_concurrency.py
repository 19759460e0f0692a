"""Eight processes at once, and one that is killed: no second is lost or doubled, nothing is half
done.
"""

import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import TOGGL, toggl

PROCESSES = 8


def test_eight_processes_log_and_import_at_once(installation, tmp_path) -> None:
    ref, _ = installation.open(start="2027-06-01")
    tools = []
    for n in range(PROCESSES // 2):
        path = tmp_path / f"week-{n}.csv"
        path.write_bytes(
            toggl(*(f"06-0{n + 1} 09:00 0:{minute:02d} Line {minute}" for minute in range(10, 30)))
        )
        tools.append(str(path))
    running = [installation.start("import", path, "--retainer", ref, "--json") for path in tools]
    running += [
        installation.start("log", "call, 10m", "@acme", "2027-06-10") for _ in range(PROCESSES // 2)
    ]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    expected = sum(range(10, 30)) * 60 * (PROCESSES // 2) + 600 * (PROCESSES // 2)
    assert installation.json("balance", ref, "--on", "2027-06-30")["used"] == expected
    assert installation.json("verify")["findings"] == {}


def test_the_same_file_from_several_processes_counts_once(installation, tmp_path) -> None:
    ref, _ = installation.open(start="2027-06-01")
    path = tmp_path / "week.csv"
    path.write_bytes(toggl(*(f"06-01 09:00 0:{minute:02d} Line" for minute in range(10, 40))))
    running = [
        installation.start("import", str(path), "--retainer", ref, "--json")
        for _ in range(PROCESSES)
    ]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert (
        installation.json("balance", ref, "--on", "2027-06-30")["used"] == sum(range(10, 40)) * 60
    )
    assert installation.json("verify")["findings"] == {}


@pytest.mark.parametrize("delay", [0.5, 0.9, 1.4])
def test_a_process_killed_in_mid_import_leaves_it_whole_or_not_there(
    installation, tmp_path, delay
) -> None:
    ref, _ = installation.open(start="2027-01-01")
    path = tmp_path / "year.csv"
    rows = (
        f"Mara,m@x.example,Acme,P,,Line {i},Yes,2027-{i % 12 + 1:02d}-{i % 28 + 1:02d},09:00:00,,,00:06:00,,"
        for i in range(12_000)
    )
    path.write_text("\n".join([TOGGL, *rows]))
    process = installation.start("import", str(path), "--retainer", ref)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    used = sum(
        installation.json("balance", ref, "--on", f"2027-{month:02d}-28")["used"]
        for month in range(1, 13)
    )
    assert used in (0, 12_000 * 360)
    assert installation.json("verify")["findings"] == {}
    again = installation.json("import", str(path), "--retainer", ref)
    assert again["rows"]["new"] + again["rows"]["unchanged"] == 12_000
    assert again["seconds"]["stored"] == 12_000 * 360


def test_several_workers_close_every_cycle_once_after_months_of_downtime(installation) -> None:
    today = datetime.now(UTC).date()
    start = (today - timedelta(days=200)).replace(day=1)
    ref, _ = installation.open(start=start.isoformat())
    installation.run("log", f"call, 45m @acme {start.isoformat()}")
    opened = (
        f"Retainer.objects.update(opened_at='{start.isoformat()}T00:00:00+00:00', balanced_on=None)"
    )
    installation.run(
        "shell", "-v", "0", "-c", f"from hourtab.retainers.models import Retainer; {opened}"
    )
    running = [installation.start("worker", "--once") for _ in range(4)]
    for process in running:
        _out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    counted = "from hourtab.ledger.models import Statement; print(list(Statement.objects.values_list('number', 'version')))"
    closed = installation.run("shell", "-v", "0", "-c", counted).strip()
    months = (today.year - start.year) * 12 + today.month - start.month
    due = months if today.day >= 11 else months - 1
    assert closed == str([(number, 1) for number in range(1, due + 1)])
    assert installation.json("verify", ref)["findings"] == {}


CAST = """
from hourtab.accounts.models import *; from hourtab.accounts.services import open_workspace
workspace = open_workspace('Northlight')
for name in ('ada', 'ben'):
    Member.objects.create(workspace=workspace, user=User.objects.create_user(f'{name}@firm.example', name=name.title()), role='owner')
"""
AT_ONCE = """
import sys, time, django
from hourtab.accounts.models import *; from hourtab.team import services as team
from hourtab.accounts.plans import PlanError; from hourtab.ledger.errors import LedgerError
from datetime import datetime, timedelta, UTC
Workspace.objects.count()
time.sleep(max(0, {at} - time.time()))
now = datetime.now(UTC)
try:
    {do}
    print('done')
except (team.TeamError, PlanError) as error:
    print('refused')
"""


def at_once(installation, *jobs: str) -> list[str]:
    """Do each of these in a process of its own, all at the same moment; return what became of
    them.
    """
    at = time.time() + 4
    running = [
        installation.start("shell", "-v", "0", "-c", AT_ONCE.format(at=at, do=job)) for job in jobs
    ]
    said = []
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
        said.append(out.strip().splitlines()[-1])
    return sorted(said)


def test_two_owners_who_demote_and_remove_each_other_at_the_same_moment_leave_one(
    installation,
) -> None:
    installation.run("migrate", "-v", "0")
    installation.run("shell", "-v", "0", "-c", CAST)
    member = "Member.objects.select_related('workspace', 'user').get(user__name='{}')"
    said = at_once(
        installation,
        f"team.change_member({member.format('Ada')}, 'viewer', None)",
        f"team.change_member({member.format('Ben')}, 'editor', None)",
        f"team.end_membership({member.format('Ada')}, now=now)",
        f"team.end_membership({member.format('Ben')}, now=now)",
    )
    assert said.count("refused") >= 1
    owners = "from hourtab.accounts.models import *; print(Member.objects.standing().filter(role='owner').count())"
    assert installation.run("shell", "-v", "0", "-c", owners).split()[-1] == "1"


def test_an_invitation_is_taken_once_and_a_plan_is_full_once_however_many_come_at_once(
    installation,
) -> None:
    installation.environment["PLAN"] = "free"
    installation.run("migrate", "-v", "0")
    installation.run("shell", "-v", "0", "-c", CAST)
    opening = (
        "from hourtab.retainers.services import open_retainer; from hourtab.core.terms import Terms; from datetime import date; "
        "open_retainer(Workspace.objects.get(), client='Acme {}', name='Advice', terms=Terms(date(2026, 1, 1), 36000, 'month', date(2026, 1, 1)))"
    )
    assert at_once(installation, *(opening.format(n) for n in range(4))) == [
        "done",
        "refused",
        "refused",
        "refused",
    ]
    installation.run("plan", "unlimited")
    make = (
        "from datetime import datetime, UTC; from hourtab.accounts.models import *; from hourtab.team import services as team; "
        "User.objects.create_user('dora@firm.example'); team.invite(Workspace.objects.get(), 'dora@firm.example', 'editor', None, by=None, now=datetime.now(UTC))"
    )
    installation.run("shell", "-v", "0", "-c", make)
    accept = "team.accept(Invitation.objects.select_related('workspace').get(), User.objects.get(email='dora@firm.example'), now=now)"
    assert at_once(installation, *[accept] * 4) == ["done", "refused", "refused", "refused"]
