"""The ledger: pure values and functions. No Django, no clock, no I/O. See README.md."""
