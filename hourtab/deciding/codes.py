"""One-time codes: how many there are, how long one is good, and how often it may be typed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.deciding.errors import DecidingError
from hourtab.deciding.models import DecidingLink
from hourtab.lib.locking import locked

LASTS = timedelta(minutes=15)
MOST, MOST_IN_AN_HOUR = 10, 5
"""So many are sent for one thing to decide in all, and within an hour, however many are asked."""
MOST_TRIES = 5
"""So many wrong codes may be typed for each that was sent: fifty guesses in a million in all."""


def check_may_send(sent_at: Sequence[datetime], now: datetime) -> None:
    """Raise `DecidingError` where too many codes were sent; `sent_at` says when, of all links to
    what is to be decided, which is locked.
    """
    if len(sent_at) >= MOST:
        raise DecidingError(_("No more codes are sent for this request. Ask for a new request."))
    if len([at for at in sent_at if at > now - timedelta(hours=1)]) >= MOST_IN_AN_HOUR:
        raise DecidingError(_("Too many codes were sent. Try again in an hour."))


def renew[L: DecidingLink](link: L, now: datetime) -> L:
    """Give a link its next code, which alone is valid from now on."""
    row = locked(type(link)._default_manager.all()).get(pk=link.pk)
    row.codes, row.code_at, row.tries = row.codes + 1, now, 0
    row.save(update_fields=["codes", "code_at", "tries"])
    return row


def check(link: DecidingLink, code: str, now: datetime, note_wrong: Callable[[], None]) -> None:
    """Raise `DecidingError` for a code that is not the one sent last, is too old, or was guessed at
    too often.

    Each try counts before the next one is looked at. So up to five wrong ones at the same instant
    leave a right one valid; after that it is refused, as nobody can tell it from a lucky guess.
    """
    with transaction.atomic():
        row = locked(type(link)._default_manager.all()).get(pk=link.pk)
        is_fresh = row.code_at is not None and now - row.code_at <= LASTS and row.tries < MOST_TRIES
        if is_fresh and "".join(code.split()) == row.code:
            return
        if is_fresh:
            row.tries += 1
            row.save(update_fields=["tries"])
            note_wrong()
    if not is_fresh:
        raise DecidingError(_("This code is no longer valid. Have another one sent."))
    raise DecidingError(_("This is not the code that was sent last."))
