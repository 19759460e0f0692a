"""Why a link does not decide."""


class DecidingError(ValueError):
    """The link does not decide, or not yet; the message says why. Nothing was decided."""
