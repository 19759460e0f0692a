"""Tokens of public links: `base64url(HMAC-SHA256(LINK_KEY, nonce)[:16])`.

The database keeps the nonce and the token's SHA-256; without the key, which lies elsewhere, neither
opens a page.
"""

import base64
import hashlib
import hmac
import re

from django.conf import settings

PATTERN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def token_of(nonce: bytes, sealed: bytes = bytes(16)) -> str:
    """Return the token that belongs to `nonce`; `sealed` is what `seal` returned for another
    one.
    """
    own = _pad(nonce)
    return (
        base64.urlsafe_b64encode(bytes(a ^ b for a, b in zip(own, sealed, strict=True)))
        .rstrip(b"=")
        .decode()
    )


def seal(token: str, nonce: bytes) -> bytes:
    """Return what lets a link with this `nonce` have a given `token`; it tells nothing to whoever
    lacks the key.

    `nonce` is used for one link alone. Raises `ValueError` for what is no token.
    """
    wanted = base64.urlsafe_b64decode(token + "==")
    return bytes(a ^ b for a, b in zip(_pad(nonce), wanted, strict=True))


def _pad(nonce: bytes) -> bytes:
    return hmac.new(settings.LINK_KEY.encode(), nonce, hashlib.sha256).digest()[:16]


def digest_of(token: str) -> str:
    """Return what the database knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def code_of(nonce: bytes) -> str:
    """Return the six digits that belong to `nonce`."""
    return f"{int.from_bytes(_pad(nonce)[:8]) % 1_000_000:06d}"
