"""Why a request or a decision is refused."""


class OverageError(ValueError):
    """A rule of requests stands against this; the message says which. Nothing was stored."""
