"""Colours that people choose, kept readable."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

HEX = re.compile("#[0-9a-fA-F]{6}")
_READABLE = 4.5
"""The contrast of text, WCAG 2.2 AA."""
_PAPER = 0.94
"""The luminance of the light paper, which is not quite white, and of tracks upon it."""
_DARK_PAPER = [0x1C, 0x20, 0x27]
"""A little lighter than the dark paper and sheet of `tokens.css`."""


def validate_colour(text: str) -> None:
    """Refuse what is no colour like `#2f5d50`."""
    if not HEX.fullmatch(text):
        raise ValidationError(_("Write a colour like #2f5d50."))


def readable_on_white(colour: str) -> str:
    """Return the colour, darkened until it can be read on white."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    while (_PAPER + 0.05) / (_luminance(parts) + 0.05) < _READABLE:
        parts = [part * 95 // 100 for part in parts]
    return "#" + "".join(f"{part:02x}" for part in parts)


def readable_on_dark(colour: str) -> str:
    """Return the colour, lightened until it can be read on the dark paper."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    while (_luminance(parts) + 0.05) / (_luminance(_DARK_PAPER) + 0.05) < _READABLE:
        parts = [part + (255 - part) * 8 // 100 + 1 for part in parts]
    return "#" + "".join(f"{min(part, 255):02x}" for part in parts)


def stylesheet(colour: str) -> str:
    """Return the rules that make a colour the accent of a page, on light and on dark paper."""
    light, dark = readable_on_white(colour), readable_on_dark(colour)
    return (
        f"@layer utilities{{:root{{--accent:{light};--on-accent:#fff}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:#111318}}}}"
        f"@media print{{:root{{--accent:{light};--on-accent:#fff}}}}}}"
    )


def _luminance(parts: list[int]) -> float:
    linear = [
        (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4)
        for v in (part / 255 for part in parts)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
