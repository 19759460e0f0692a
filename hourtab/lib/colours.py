"""Colours that people choose, kept readable."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_READABLE = 4.5
"""The contrast of text, WCAG 2.2 AA."""


def validate_colour(text: str) -> None:
    """Refuse what is no colour like `#2f5d50`."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ValidationError(_("Write a colour like #2f5d50."))


def readable_on_white(colour: str) -> str:
    """Return the colour, darkened until it can be read on white."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    while 1.05 / (_luminance(parts) + 0.05) < _READABLE:
        parts = [part * 95 // 100 for part in parts]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _luminance(parts: list[int]) -> float:
    linear = [(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4) for v in (part / 255 for part in parts)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
