"""Addresses of links, as people send them."""

from django.conf import settings

from hourtab.sharing.models import ShareLink


def url_of(link: ShareLink) -> str:
    """Return the whole address."""
    return f"{settings.SITE_URL}{link.path}"
