"""Things in domain words."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hourtab.accounts.models import Workspace
from hourtab.core.amounts import HOUR, Rounding, parse
from hourtab.core.terms import Overage, Rollover, Terms
from hourtab.ledger.line import Work
from hourtab.ledger.models import Entry
from hourtab.ledger.verbs import log as ledger
from hourtab.retainers.models import Retainer
from hourtab.retainers.services import open_retainer

NOW = datetime(2027, 6, 22, 14, 5, tzinfo=UTC)


def a_retainer(
    workspace: Workspace,
    client: str = "Acme",
    name: str = "Coaching",
    *,
    hours: float = 20,
    starts: str = "2027-06-01",
    rollover: int | None = 0,
    policy: Any = "ask",
    rounding: Rounding | None = None,
    categories: tuple[str, ...] = (),
    zone: str = "",
    grace: int = 10,
    rate: int | None = None,
) -> Retainer:
    start = date.fromisoformat(starts)
    terms = Terms(
        start,
        int(hours * HOUR),
        "month",
        start,
        rollover=Rollover(rollover),
        overage=Overage(policy, rate=rate),
        rounding=rounding or Rounding(),
        grace_days=grace,
    )
    return open_retainer(
        workspace, client=client, name=name, terms=terms, categories=categories, zone=zone
    )


def work(on: str, amount: str, description: str = "Work", **more: Any) -> Work:
    return Work(date.fromisoformat(on), parse(amount), description=description, **more)


def log(
    retainer: Retainer,
    on: str,
    amount: str,
    description: str = "Work",
    now: datetime = NOW,
    **more: Any,
) -> Entry:
    return ledger.log_time(retainer, work(on, amount, description, **more), by=None, now=now)


TOGGL = "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,Amount (EUR)"


def toggl(*lines: str) -> bytes:
    """A Toggl report of lines like `06-03 09:00 1:30 Prep call`, optionally `… | client | project |
    no`.
    """
    rows = [TOGGL]
    for line in lines:
        said, *rest = (part.strip() for part in line.split("|"))
        day, start, amount, *words = said.split(" ")
        client, project, billable = [*rest, "Acme", "Programme", "Yes"][: len(rest)] + [
            "Acme",
            "Programme",
            "Yes",
        ][len(rest) :]
        begin = datetime.combine(date(2027, int(day[:2]), int(day[3:])), time.fromisoformat(start))
        end = begin + timedelta(seconds=parse(amount))
        seconds = parse(amount)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        text = " ".join(words).replace('"', '""')
        rows.append(
            f'Mara,mara@northlight.example,{client},{project},,"{text}",{billable},{begin:%Y-%m-%d},{begin:%H:%M:%S},{end:%Y-%m-%d},{end:%H:%M:%S},{clock},,'
        )
    return ("\ufeff" + "\r\n".join(rows) + "\r\n").encode()
