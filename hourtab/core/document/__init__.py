"""The ledger as JSON: read, written, checked, and proven."""
