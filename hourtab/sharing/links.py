"""Links as people send them, and what depends on the site they are on."""

from django.conf import settings

from hourtab.sharing.models import ShareLink


def url_of(link: ShareLink) -> str:
    """Return the whole address."""
    return f"{settings.SITE_URL}{link.path}"


def takes_subscribers(link: ShareLink) -> bool:
    """Does the page offer a digest: is it wanted, and does mail go out (in a demo it lands in a
    folder)?

    A former address takes nobody: a digest names the address the link has now.
    """
    goes_out = bool(settings.EMAIL_URL) or link.workspace.is_demo
    return link.takes_subscribers and goes_out and not link.is_former
