"""The table of public places: it names every place that asks for no sign-in, and everything that
has to know of one reads it.
"""

from collections.abc import Iterator

import pytest
from django.urls import get_resolver

from hourtab.lane.places import (
    ANONYMOUS,
    IN_LANE,
    KB,
    MB,
    PLACES,
    Answers,
    largest_body,
    place_of,
    robots,
    secret_prefixes,
)
from hourtab.lib.logs import masked

TOKEN = "AbCdEfGhIjKlMnOpQrStUv"
SECRETS = ("token", "address", "key")
"""How the parts of routes are named that open something."""


def addresses() -> Iterator[tuple[str, str]]:
    """Yield the name of every view, and an address of it."""
    found = get_resolver().reverse_dict
    for name in found:
        for ways, _pattern, _defaults, converters in found.getlist(name):
            for said, parts in ways:
                filled = {part: a_value(part, converters.get(part)) for part in parts}
                yield str(name), f"/{said % filled}"


def a_value(part: str, converter: object) -> str:
    if part in SECRETS:
        return TOKEN
    if part == "colour":
        return "aabbcc"
    return "abc" if converter is None or "String" in type(converter).__name__ else "1"


@pytest.mark.django_db
def test_every_place_that_asks_for_no_sign_in_is_in_the_table(carl) -> None:
    seen = 0
    for name, path in addresses():
        seen += 1
        if path != "/" and any(is_open(carl, path)):
            assert place_of(path) is not None, f"{name}: {path} is open to all and in no place"
    assert seen > 100


def is_open(stranger, path: str) -> Iterator[bool]:
    """Say of each method whether it is answered without asking for a sign-in."""
    for answer in (stranger.get(path), stranger.post(path)):
        yield answer.status_code != 405 and "/accounts/login/" not in answer.get("Location", "")


def test_every_place_of_the_table_leads_somewhere() -> None:
    paths = [path for _route, path in addresses()]
    for place in PLACES:
        if place.prefix != "/static/":
            assert any(path.startswith(place.prefix) for path in paths), place.prefix


@pytest.mark.parametrize("prefix", sorted(secret_prefixes()))
def test_what_opens_something_is_in_no_log(prefix) -> None:
    encoded = f"{prefix}{TOKEN}".replace("/", "%2F")
    for text in (f"{prefix}{TOKEN}", f"https://x.example{prefix}{TOKEN}/y", f"next={encoded}"):
        assert TOKEN not in masked(text)
    assert masked(f"{prefix}{TOKEN}/y") == f"{prefix}…/y"


def test_every_address_with_a_token_is_a_secret_one() -> None:
    for _route, path in addresses():
        if TOKEN in path:
            assert place_of(path).is_secret, path


def test_only_what_the_lane_answers_is_in_the_lane_and_it_looks_at_no_session() -> None:
    for place in PLACES:
        assert (place.prefix in IN_LANE) == (place.answers is not Answers.SITE)
        if place.prefix in IN_LANE:
            assert place.prefix in ANONYMOUS
            assert place.is_secret


def test_search_engines_may_look_at_the_front_page_and_those_per_profession_alone() -> None:
    assert robots() == "User-agent: *\nAllow: /$\nAllow: /for/\nDisallow: /\n"


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/imports/", 21 * MB),
        ("/retainers/abc/import", 21 * MB),
        ("/api/v1/imports", 21 * MB),
        ("/settings", 512 * KB),
        ("/imports/abc/apply", 256 * KB),
        ("/retainers/abc/import/x", 256 * KB),
        ("/api/v1/log", 256 * KB),
        ("/log", 256 * KB),
        ("/accounts/login/", 64 * KB),
        (f"/r/{TOKEN}", 64 * KB),
        (f"/join/{TOKEN}", 64 * KB),
        ("/nowhere", 256 * KB),
    ],
)
def test_each_address_takes_as_much_as_it_needs(path, most) -> None:
    assert largest_body(path) == most
