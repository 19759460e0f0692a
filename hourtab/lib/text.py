"""Text as it may be stored, and as it is compared."""

import unicodedata

_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), " ")


def clean(text: str) -> str:
    """Replace control characters, which no database takes alike, by spaces; line breaks and tabs stay."""
    return text.translate(_CONTROLS)


def folded(text: str) -> str:
    """Return a text as names are compared: lower case, without accents, single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())
