"""A mail as it is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hourtab.outbox.models import Message


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject and text in plain and in HTML, with headers of its own; `sender` is a name beside the
    site's address.

    A mail with a sender speaks for the workspace: under the name it wants, with answers to where it
    wants them.
    """

    subject: str
    text: str
    html: str
    sender: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


type Renderer = Callable[[Message], Mail | None]
