"""Minor units: how many make one of a currency, and money as it is typed. Nothing is a float."""

import re
from decimal import Decimal

_NO_PLACES = frozenset(
    (
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    )
)
_THREE_PLACES = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
MOST = 10**11
"""No price has as many minor units as this; a larger one is a slip of the keyboard."""
_PRICE = re.compile(r"(\d{1,12})(?:([.,])(\d{1,3}))?", re.ASCII)
_SPACES = str.maketrans("", "", " \u00a0\u202f")


class MoneyError(ValueError):
    """The text is no price in this currency, or could mean two."""


def places(currency: str) -> int:
    """Return how many decimal places a currency has (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    if not currency:
        raise ValueError("money without its currency")
    return 0 if currency in _NO_PLACES else 3 if currency in _THREE_PLACES else 2


def parse(text: str, currency: str) -> int:
    """Read `180`, `180.50` or `180,50` as minor units of a currency.

    Raises `MoneyError` for more places than the currency has, and for `1,500` where it has three:
    the comma could part thousands.
    """
    match = _PRICE.fullmatch(text.translate(_SPACES))
    if match is None:
        raise MoneyError(text)
    whole, mark, parts = match[1], match[2], match[3] or ""
    if len(parts) > places(currency) or (mark == "," and len(parts) == 3):
        raise MoneyError(text)
    minor = int(whole + parts.ljust(places(currency), "0"))
    if minor >= MOST:
        raise MoneyError(text)
    return minor


def decimal(minor: int, currency: str) -> Decimal:
    """Return minor units as a number of the currency, with exactly its places."""
    return Decimal(minor).scaleb(-places(currency))


def plain(minor: int, currency: str) -> str:
    """Write minor units as they may be typed: `180.50`, `180` yen."""
    return f"{decimal(minor, currency):f}"
