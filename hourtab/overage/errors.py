"""Why a request or a decision is refused."""

from hourtab.deciding.errors import DecidingError


class OverageError(DecidingError):
    """A rule of requests stands against this; the message says which. Nothing was stored."""
