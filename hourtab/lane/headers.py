"""Headers of everything public, from one table: the lane and Django send the same."""

from django.conf import settings

CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

CHECKED = "private, no-cache"
"""The caching of what carries an ETag: it may be kept, and is asked about every time. Anything else
is not kept at all.
"""

PUBLIC = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": CONTENT_SECURITY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def public() -> dict[str, str]:
    """Return the table, with the promise of TLS where the site has it: this page is all that many
    browsers ever open of it.
    """
    seconds = getattr(settings, "SECURE_HSTS_SECONDS", 0)
    return PUBLIC | ({"Strict-Transport-Security": f"max-age={seconds}"} if seconds else {})


def raw(**more: str) -> list[tuple[bytes, bytes]]:
    """Return the table as ASGI takes it; `more` adds to it or replaces."""
    table = public() | {name.replace("_", "-"): value for name, value in more.items()}
    return [(name.lower().encode(), value.encode()) for name, value in table.items()]
