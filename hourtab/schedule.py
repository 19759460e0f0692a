"""Every recurring job, in human time, with its lane. A job finds what is due and does it; twice or
by two workers at once is safe.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from hourtab.alerts.mails import alert_mail
from hourtab.alerts.watching import watch_retainers
from hourtab.archive.deletion import delete_due, warn_of_deletions
from hourtab.archive.mails import deletion_mail
from hourtab.demo.living import keep_up
from hourtab.imports.drafts import work_on_files
from hourtab.imports.jobs import forget_drafts
from hourtab.ledger.jobs import turn_the_day
from hourtab.operating.jobs import beat, forget_expired
from hourtab.outbox.channels import mail
from hourtab.outbox.channels.mail import Renderer
from hourtab.outbox.jobs import deliver, forget_old
from hourtab.outbox.models import Delivery
from hourtab.overage.jobs import draft_at_soft_limits, remind_and_expire
from hourtab.overage.mails import code_mail, news, receipt, request_mail
from hourtab.sharing.services import forget_former
from hourtab.sharing.subscriptions import forget_unconfirmed
from hourtab.showing.digest import confirmation, digest, queue_digests
from hourtab.team.mails import invitation_mail
from hourtab.worker.lanes import Job, Lane

MAILS: Mapping[str, Renderer] = {
    Delivery.Kind.CONFIRM: confirmation,
    Delivery.Kind.DIGEST: digest,
    Delivery.Kind.REQUEST: request_mail,
    Delivery.Kind.REMINDER: request_mail,
    Delivery.Kind.CODE: code_mail,
    Delivery.Kind.RECEIPT: receipt,
    Delivery.Kind.NEWS: news,
    Delivery.Kind.ALERT: alert_mail,
    Delivery.Kind.INVITE: invitation_mail,
    Delivery.Kind.DELETION: deletion_mail,
}
"""What is said by each kind of mail."""


def send_mails(now: datetime) -> int:
    """Send what waits in the outbox."""
    return deliver(Delivery.Channel.MAIL, partial(mail.send, MAILS), now)


SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

SCHEDULE: tuple[Job, ...] = (
    *(Job(f"say that {lane} is alive", lane, MINUTE, partial(beat, lane=lane)) for lane in Lane),
    Job("let the demo go on", Lane.CLOCK, 15 * MINUTE, keep_up),
    Job("make balances ready for the new day", Lane.CLOCK, MINUTE, turn_the_day),
    Job("remind of requests, and note those over", Lane.CLOCK, MINUTE, remind_and_expire),
    Job("look at what was written, for alerts", Lane.WATCH, 5 * SECOND, watch_retainers),
    Job("draft requests at soft limits", Lane.WATCH, 30 * SECOND, draft_at_soft_limits),
    Job("queue the digests that are due", Lane.WATCH, 5 * MINUTE, queue_digests),
    Job("send mail", Lane.MAIL, SECOND, send_mails),
    Job("read and apply long files", Lane.IMPORTS, SECOND, work_on_files),
    Job(
        "warn of workspaces that are deleted soon",
        Lane.HOUSEKEEPING,
        15 * MINUTE,
        warn_of_deletions,
    ),
    Job("delete workspaces whose time is over", Lane.HOUSEKEEPING, 15 * MINUTE, delete_due),
    Job("forget mail of long ago", Lane.HOUSEKEEPING, 6 * HOUR, forget_old),
    Job("forget addresses that did not confirm", Lane.HOUSEKEEPING, HOUR, forget_unconfirmed),
    Job("forget former addresses of links", Lane.HOUSEKEEPING, HOUR, forget_former),
    Job(
        "forget limits and sessions that have expired",
        Lane.HOUSEKEEPING,
        5 * MINUTE,
        forget_expired,
    ),
    Job("forget files that were never applied", Lane.HOUSEKEEPING, 15 * MINUTE, forget_drafts),
)
