"""How a workspace's public pages look: its colour and its logo, each named in an address by what it is."""

import hashlib
from dataclasses import dataclass

from hourtab.accounts.models import Workspace
from hourtab.lib.colours import HEX


@dataclass(frozen=True, slots=True)
class Look:
    """The six hex digits of the colour, and the tag of the logo; empty where there is none."""

    colour: str
    logo: str


def look_of(workspace: Workspace) -> Look:
    """Return the look of a workspace."""
    colour = workspace.colour[1:].lower() if HEX.fullmatch(workspace.colour) else ""
    return Look(colour, hashlib.sha256(bytes(workspace.logo)).hexdigest()[:12] if workspace.logo else "")
