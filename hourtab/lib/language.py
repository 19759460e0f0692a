"""Which language to speak to somebody nobody knows."""

from django.conf import settings


def language_of(accepted: str) -> str:
    """Return the language for an `Accept-Language` header: the first of it that there is a
    catalogue for, else English.
    """
    known = dict(settings.LANGUAGES)
    wanted = (
        part.partition(";")[0].strip().partition("-")[0].lower()
        for part in accepted[:200].split(",")
    )
    return next((language for language in wanted if language in known), "en")
