"""Why something could not be delivered. The message is what the other side said."""


class NotTaken(Exception):
    """The other side did not take it; it is tried again."""


class Refused(NotTaken):
    """The other side refuses it for good; it is not tried again."""


class PeerDown(NotTaken):
    """The other side does not answer; whatever else goes there waits as well."""
