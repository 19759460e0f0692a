"""What a question to the site costs of the budget that an address has a minute. What reads a whole
log costs more than what reads a page of it.
"""

from typing import Any
from urllib.parse import parse_qsl

A_DOCUMENT = 12
"""A file, a check, a year: ten of them use up the 120 that an address has a minute."""
A_SEARCH = 4
COSTLY_AT_ONCE = 2
WAITS_SECONDS = 10.0
"""So many questions that cost more than one are answered at once in a process; others wait as long
as this.
"""
_KINDS = {"as": A_DOCUMENT, "check": A_DOCUMENT, "year": A_DOCUMENT, "all": A_DOCUMENT}
_SEARCHES = {"q": A_SEARCH, "hours": A_SEARCH}


def cost_of(scope: Any) -> int:
    """Return what a request costs."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = [name for name, _value in query]
    costs = [(_KINDS | _SEARCHES).get(name, 1) for name in names]
    return max([A_SEARCH if scope["path"].startswith("/s/") else 1, *costs])
