"""How the lane finds out whether there is anything at an address, before it lets Django answer: one
indexed read. Whoever asks for what is there is never refused for what others tried.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.apps import apps

from hourtab.lane.places import IN_LANE
from hourtab.lib import tokens
from hourtab.lib.addressed import Addressed


@dataclass(frozen=True, slots=True)
class Lookup:
    """A query with one value, which `value_of` takes from an address. Where it finds the address
    itself, `is_exact`; else only a part of it, and Django has the last word.
    """

    query: str
    value_of: Callable[[str], str]
    is_exact: bool = True


_LINK = """
WITH asked(digest) AS (SELECT CAST(%s AS varchar(64)))
SELECT 1 FROM sharing_sharelink, asked WHERE token_digest = digest AND revoked_at IS NULL
UNION ALL SELECT 1 FROM sharing_formeraddress, asked WHERE token_digest = digest
"""


def lookups() -> dict[str, Lookup]:
    """Return how to look at each place of the lane, by its prefix."""
    found = {
        "/r/": Lookup(_LINK, tokens.digest_of),
        "/s/": Lookup(
            "SELECT 1 FROM retainers_retainer WHERE ref = %s",
            lambda address: address.partition("-")[0],
            is_exact=False,
        ),
    }
    for rows in apps.get_models():
        if issubclass(rows, Addressed) and rows.PLACE in IN_LANE:
            found[rows.PLACE] = Lookup(
                f"SELECT 1 FROM {rows._meta.db_table} WHERE token_digest = %s",  # noqa: S608
                tokens.digest_of,
            )
    return found
