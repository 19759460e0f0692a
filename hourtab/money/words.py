"""Money as one reader's locale writes it."""

from copy import copy

from babel import Locale

from hourtab.money.minor import decimal, places


def written(minor: int, currency: str, locale: Locale) -> str:
    """Write minor units with their currency and exactly its places: `€180.50`, `¥250`."""
    # Babel's own table of places differs from ISO 4217 for some currencies.
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (places(currency), places(currency))
    amount = decimal(minor, currency)
    return str(pattern.apply(amount, locale, currency=currency, currency_digits=False))
