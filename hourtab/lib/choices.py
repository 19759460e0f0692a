"""Lists to choose from: zones, locales, currencies."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LOCALES = (
    "en-GB",
    "en-US",
    "en-AU",
    "en-CA",
    "de-DE",
    "de-AT",
    "de-CH",
    "fr-FR",
    "es-ES",
    "it-IT",
    "nl-NL",
    "pt-PT",
    "pt-BR",
    "sv-SE",
    "da-DK",
)
CURRENCIES = (
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "AUD",
    "CAD",
    "NZD",
    "SEK",
    "DKK",
    "NOK",
    "PLN",
    "CZK",
    "JPY",
    "INR",
    "BRL",
    "SGD",
    "ZAR",
)
WEEKDAYS = tuple(
    enumerate(
        (
            _("Monday"),
            _("Tuesday"),
            _("Wednesday"),
            _("Thursday"),
            _("Friday"),
            _("Saturday"),
            _("Sunday"),
        )
    )
)
HOUR_FORMATS = (("hm", _("6 h 30 m")), ("decimal", _("6.5 h")))


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones that stand for a place, and UTC."""
    return (
        "UTC",
        *sorted(
            zone
            for zone in available_timezones()
            if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/"))
        ),
    )


def zone_choices() -> list[tuple[str, str]]:
    """Return the zones as a form shows them."""
    return [(zone, zone.replace("_", " ")) for zone in zones()]


def locale_choices() -> list[tuple[str, str]]:
    """Return the locales as a form shows them."""
    return [(code, Locale.parse(code, sep="-").get_display_name("en") or code) for code in LOCALES]


def validate_zone(name: str) -> None:
    """Raise `ValidationError` for a zone that does not exist."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValidationError(
            _("“%(zone)s” is not a time zone. Write for example Europe/Berlin."),
            params={"zone": name},
        ) from None


def validate_web(address: str) -> None:
    """Raise `ValidationError` for an address that is no page of the web."""
    if not address.startswith(("https://", "http://")):
        raise ValidationError(_("Write an address like https://example.com/imprint."))
