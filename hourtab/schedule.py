"""Every recurring job, in human time. A job finds what is due and does it; twice or by two workers
at once is safe.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from hourtab.alerts.mails import alert_mail
from hourtab.alerts.watching import watch_retainers
from hourtab.archive.deletion import delete_due, warn_of_deletions
from hourtab.archive.mails import deletion_mail
from hourtab.demo.living import keep_up
from hourtab.imports.drafts import work_on_files
from hourtab.imports.jobs import forget_drafts
from hourtab.ledger.jobs import turn_the_day
from hourtab.operating.jobs import beat, forget_expired
from hourtab.outbox.jobs import deliver, forget_old
from hourtab.outbox.mail import Renderer
from hourtab.outbox.models import Message
from hourtab.overage.jobs import draft_at_soft_limits, remind_and_expire
from hourtab.overage.mails import code_mail, news, receipt, request_mail
from hourtab.sharing.digest import confirmation, digest, queue_digests
from hourtab.sharing.services import forget_former
from hourtab.sharing.subscriptions import forget_unconfirmed
from hourtab.team.mails import invitation_mail

type Job = Callable[[datetime], int]

MAILS: Mapping[str, Renderer] = {
    Message.Kind.CONFIRM: confirmation,
    Message.Kind.DIGEST: digest,
    Message.Kind.REQUEST: request_mail,
    Message.Kind.REMINDER: request_mail,
    Message.Kind.CODE: code_mail,
    Message.Kind.RECEIPT: receipt,
    Message.Kind.NEWS: news,
    Message.Kind.ALERT: alert_mail,
    Message.Kind.INVITE: invitation_mail,
    Message.Kind.DELETION: deletion_mail,
}
"""What is said by each kind of mail."""


def send_mails(now: datetime) -> int:
    """Send what waits in the outbox."""
    return deliver(MAILS, now)


SCHEDULE: tuple[tuple[str, timedelta, Job], ...] = (
    ("say that a worker is alive", timedelta(minutes=1), beat),
    ("read and apply long files", timedelta(seconds=1), work_on_files),
    ("send mail", timedelta(seconds=1), send_mails),
    ("look at what was written, for alerts", timedelta(seconds=5), watch_retainers),
    ("draft requests at soft limits", timedelta(seconds=30), draft_at_soft_limits),
    ("remind of requests, and note those that expired", timedelta(minutes=1), remind_and_expire),
    ("queue the digests that are due", timedelta(minutes=5), queue_digests),
    ("let the demo go on", timedelta(minutes=15), keep_up),
    ("make balances ready for the new day", timedelta(minutes=1), turn_the_day),
    ("warn of workspaces that are deleted soon", timedelta(minutes=15), warn_of_deletions),
    ("delete workspaces whose waiting time is over", timedelta(minutes=15), delete_due),
    ("forget mail of long ago", timedelta(hours=6), forget_old),
    ("forget addresses that did not confirm", timedelta(hours=1), forget_unconfirmed),
    ("forget former addresses of links", timedelta(hours=1), forget_former),
    ("forget limits and sessions that have expired", timedelta(minutes=5), forget_expired),
    ("forget files that were never applied", timedelta(minutes=15), forget_drafts),
)
