"""What should not be published by accident: addresses, telephone numbers, credentials, and words a
workspace keeps to itself.
"""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from hourtab.lib.text import folded

_ADDRESS = re.compile(r"[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b")
_PHONE = re.compile(
    r"(?<![\w.,:/+-])(?:"
    r"(?:\+|00)[1-9]\d{0,2}[ ./-]?(?:\(0?\d{1,5}\)[ ./-]?)?\d(?:[ ./-]?\d){5,12}"
    r"|\(0?\d{2,5}\)[ ./-]?\d{3}(?:[ ./-]?\d){2,8}"
    r"|\d{3}[ .-]\d{3}[ .-]\d{4}"
    r"|0[1-9]\d{1,4}[ /-]\d{3,4}(?:[ -]?\d){2,6}"
    r")(?![\w:]|[./,-]\d)",
    re.ASCII,
)
_MAY_BE_PHONE = re.compile(r"\d[\d ()./-]{5}", re.ASCII)
_SIGNS_OF_CREDENTIALS = ("://", "=", "pass", "pwd", "kennwort", "contrase", "senha", "wachtwoord")
_CREDENTIALS = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:]{1,200}:[^\s/@]{1,200}@"
    r"|[?&](?:token|access_token|api_?key|key|password|passwd|pwd|secret|sig|signature)=[^\s&]+"
    r"|\b(?:password|passwort|passphrase|kennwort|pwd|mot de passe|contraseña|senha|wachtwoord)\s{0,3}[:=]\s{0,3}\S",
    re.IGNORECASE,
)


class Redaction:
    """The check of one workspace, with its own list of words."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        listed = sorted({folded(word) for word in words if word.strip()}, key=len, reverse=True)
        self.words = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?!\w)") if listed else None
        )

    def why(self, *texts: str) -> str:
        """Return what in these texts should be looked at before they are published; empty where
        nothing should.
        """
        for text in texts:
            if not text:
                continue
            if "@" in text and _ADDRESS.search(text):
                return _("holds an e-mail address")
            if (
                (":" in text or "=" in text)
                and _may_hold_credentials(text)
                and _CREDENTIALS.search(text)
            ):
                return _("holds credentials")
            if _MAY_BE_PHONE.search(text) and _PHONE.search(text):
                return _("holds a telephone number")
            if self.words and (found := self.words.search(folded(text))):
                return _("holds “%(word)s”, which is on your list of private words") % {
                    "word": found[0]
                }
        return ""


def _may_hold_credentials(text: str) -> bool:
    """Say whether the slow look is worth it."""
    small = text.lower()
    return any(sign in small for sign in _SIGNS_OF_CREDENTIALS)
