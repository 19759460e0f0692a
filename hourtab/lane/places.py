"""The places of the site that are open to whoever has an address, and how much each takes.

One line a place. The lane, the middleware, the bridge, the log's mask and robots.txt read it, so a
place that is added here is limited, masked and kept from search engines at once. A test walks the
site map and fails where a place that asks for no sign-in is not here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

KB, MB = 1024, 1024 * 1024
READ = ("GET", "HEAD")
ACT = ("GET", "HEAD", "POST")


class Answers(Enum):
    """Who answers at a place."""

    PAGE = "the lane, from a stored page"
    LIMITED = "Django, behind the limits of the lane"
    SITE = "Django"


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses that begin alike.

    `is_secret`: what follows opens something, and is never logged. `parts` may follow an address
    after a slash. `posted` is the one query that may be posted where all else is only read.
    `knows_who`: it looks at the session. `is_listed`: search engines may come. `takes_any_host`: a
    monitor asks under whatever name it knows.
    """

    prefix: str
    answers: Answers = Answers.SITE
    is_secret: bool = False
    methods: tuple[str, ...] = ACT
    parts: tuple[str, ...] = ()
    posted: bytes = b""
    a_minute: int = 120
    largest_body: int = 64 * KB
    knows_who: bool = False
    is_listed: bool = False
    takes_any_host: bool = False


PLACES = (
    Place("/r/", Answers.PAGE, True, READ, parts=("live",), posted=b"subscribe"),
    Place("/s/", Answers.LIMITED, True, READ),
    Place("/d/", Answers.LIMITED, True, parts=("end",)),
    Place("/a/", Answers.LIMITED, True),
    Place("/m/", Answers.LIMITED, True),
    Place("/join/", is_secret=True, knows_who=True),
    Place("/accounts/password/reset/key/", is_secret=True, knows_who=True),
    Place("/accounts/confirm-email/", is_secret=True, knows_who=True),
    Place("/accounts/", knows_who=True),
    Place("/api/", largest_body=256 * KB),
    Place("/look/", methods=READ),
    Place("/static/", methods=READ),
    Place("/for/", methods=READ, knows_who=True, is_listed=True),
    Place("/demo", knows_who=True),
    Place("/robots.txt", methods=READ),
    Place("/healthz", methods=READ, takes_any_host=True),
    Place("/readyz", methods=READ, takes_any_host=True),
    Place("/metrics", methods=READ, takes_any_host=True),
)

FORM = 256 * KB
"""The largest form of a member."""
PASTED = 2 * MB
"""The most that a form may hold beside its files: rows that were pasted."""
LARGEST_BODY = 21 * MB
"""A file of 20 MB, and what a form has beside it."""
_UPLOADS = re.compile(r"/imports/|/retainers/[^/]{1,50}/import|/api/v1/imports")
_PICTURES = frozenset({"/settings"})
_PICTURE = 512 * KB

IN_LANE = tuple(place.prefix for place in PLACES if place.answers is not Answers.SITE)
ANONYMOUS = tuple(place.prefix for place in PLACES if not place.knows_who)
FROM_ANY_HOST = tuple(place.prefix for place in PLACES if place.takes_any_host)


def place_of(path: str) -> Place | None:
    """Return the place of a path, the first that fits; None for what asks for a sign-in."""
    return next((place for place in PLACES if path.startswith(place.prefix)), None)


def largest_body(path: str) -> int:
    """Return how many bytes may be sent to a path."""
    if _UPLOADS.fullmatch(path):
        return LARGEST_BODY
    if path in _PICTURES:
        return _PICTURE
    place = place_of(path)
    return place.largest_body if place else FORM


def secret_prefixes() -> Iterator[str]:
    """Yield the beginnings after which a secret follows."""
    return (place.prefix for place in PLACES if place.is_secret)


def robots() -> str:
    """Return robots.txt: the front page and what is listed may be looked at, nothing else."""
    listed = "".join(f"Allow: {place.prefix}\n" for place in PLACES if place.is_listed)
    return f"User-agent: *\nAllow: /$\n{listed}Disallow: /\n"
