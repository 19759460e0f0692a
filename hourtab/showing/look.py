"""How a workspace's public pages look: colour and logo, each named in an address by what it is, and
their foot.
"""

import hashlib
from dataclasses import dataclass

from hourtab.accounts.models import Workspace
from hourtab.lib.colours import HEX
from hourtab.lib.text import visible


@dataclass(frozen=True, slots=True)
class Look:
    """The six hex digits of the colour, the tag of the logo, and the foot: a line of text, and the
    addresses of two pages.

    Empty where there is none.
    """

    colour: str
    logo: str
    footer: str
    imprint: str
    privacy: str


def look_of(workspace: Workspace) -> Look:
    """Return the look of a workspace."""
    colour = workspace.colour[1:].lower() if HEX.fullmatch(workspace.colour) else ""
    logo = hashlib.sha256(bytes(workspace.logo)).hexdigest()[:12] if workspace.logo else ""
    return Look(
        colour, logo, visible(workspace.footer), workspace.imprint_url, workspace.privacy_url
    )
