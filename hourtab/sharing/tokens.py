"""Tokens of public links: `base64url(HMAC-SHA256(LINK_KEY, nonce)[:16])`.

The database keeps the nonce and the token's SHA-256; without the key, which lies elsewhere, neither opens a page.
"""

import base64
import hashlib
import hmac
import re

from django.conf import settings

PATTERN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def token_of(nonce: bytes) -> str:
    """Return the token that belongs to `nonce`."""
    mac = hmac.new(settings.LINK_KEY.encode(), nonce, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()


def digest_of(token: str) -> str:
    """Return what the database knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
