"""Why the ledger refuses."""


class LedgerError(ValueError):
    """A rule of the ledger stands against this; the message says which. Nothing was stored."""
