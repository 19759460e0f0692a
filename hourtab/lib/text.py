"""Text as it may be stored, and as it is compared."""

import unicodedata

_UNSEEN = dict.fromkeys(
    (
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0x200B,
        0x2060,
        0xFEFF,
        0x180E,
        *range(0xE0000, 0xE0080),
    )
)
"""Bidirectional embeddings, overrides and isolates; spaces without width; tags."""
_NO_LETTERS = frozenset({"Cc", "Cn", "Cs", "Zl", "Zp"})
"""Controls, unassigned, halves of pairs; separators of lines."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing."""
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), " ")


def clean(text: str) -> str:
    """Replace control characters, which no database takes alike, by spaces; line breaks and tabs
    stay.
    """
    return text.translate(_CONTROLS)


def visible(text: str) -> str:
    """Return a text without what steers or hides letters when it is shown: bidirectional overrides,
    zero-width spaces.

    The joiners and marks that scripts and pictograms need stay.
    """
    return text.translate(_UNSEEN)


def named(text: str) -> str:
    """Return a text as a name: one line, single spaces, nothing that steers letters or hides among
    them; empty where nobody could see anything of it.
    """
    plain = "".join(
        " " if unicodedata.category(letter) in _NO_LETTERS else letter for letter in visible(text)
    )
    name = " ".join(plain.split())
    return name if any(_is_seen(letter) for letter in name) else ""


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANK


def folded(text: str) -> str:
    """Return a text as names are compared: lower case, without accents, single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(
        "".join(letter for letter in plain if not unicodedata.combining(letter)).split()
    )
