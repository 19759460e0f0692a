"""Money is whole minor units, with the places its currency has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hourtab.lib.words import Words
from hourtab.money.minor import MOST, MoneyError, parse, places, plain

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "ISK", "KWD", "BHD", "CHF"])


@pytest.mark.parametrize(
    ("currency", "count"),
    [("EUR", 2), ("CHF", 2), ("HUF", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3)],
)
def test_a_currency_has_its_own_places(currency, count) -> None:
    assert places(currency) == count


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("180", "EUR", 18_000),
        ("180.5", "EUR", 18_050),
        ("180,50", "EUR", 18_050),
        ("1 180.50", "EUR", 118_050),
        ("1\u00a0180", "EUR", 118_000),
        ("0", "EUR", 0),
        ("250", "JPY", 250),
        ("25000", "JPY", 25_000),
        ("1.5", "KWD", 1_500),
        ("1.234", "KWD", 1_234),
        ("12", "BHD", 12_000),
    ],
)
def test_a_price_is_read_with_the_places_of_its_currency(text, currency, minor) -> None:
    assert parse(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("250.50", "JPY"),
        ("250.0", "JPY"),
        ("1.505", "EUR"),
        ("1,500", "EUR"),
        ("1,500", "KWD"),
        ("1.2345", "KWD"),
        ("1,234.50", "EUR"),
        ("-1", "EUR"),
        ("1e3", "EUR"),
        ("1_000", "EUR"),
        ("NaN", "EUR"),
        ("١٢", "EUR"),
        ("lots", "EUR"),
        ("", "EUR"),
        (str(MOST), "JPY"),
    ],
)
def test_what_is_no_price_or_could_be_two_is_refused(text, currency) -> None:
    with pytest.raises(MoneyError):
        parse(text, currency)


@given(st.integers(0, MOST - 1), CURRENCIES)
def test_what_a_form_shows_is_read_back_as_the_same_amount(minor, currency) -> None:
    assert parse(plain(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "written"),
    [
        (18_050, "EUR", "en-GB", "€180.50"),
        (1_234_567, "EUR", "de-DE", "12.345,67\u00a0€"),
        (250, "JPY", "en-US", "¥250"),
        (25_000, "JPY", "en-GB", "JP¥25,000"),
        (1_234, "KWD", "en-GB", "KWD1.234"),
        (1_500, "IQD", "en-GB", "IQD1.500"),
        (5, "EUR", "en-GB", "€0.05"),
        (-5, "EUR", "en-GB", "-€0.05"),
    ],
)
def test_money_is_written_with_the_places_of_its_currency(minor, currency, locale, written) -> None:
    assert Words(locale).money(minor, currency) == written
