"""Text as it may be stored."""

_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), " ")


def clean(text: str) -> str:
    """Replace control characters, which no database takes alike, by spaces; line breaks and tabs stay."""
    return text.translate(_CONTROLS)
