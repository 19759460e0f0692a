"""A mail as it is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hourtab.outbox.models import Message


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject and text in plain and in HTML, with headers of its own; `sender` is a name beside the site's address."""

    subject: str
    text: str
    html: str
    sender: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


type Renderer = Callable[[Message], Mail | None]
