"""Telling the user what happened, with a way back where there is one."""

from django.contrib import messages
from django.http import HttpRequest


def tell(request: HttpRequest, text: str, *, action: tuple[str, str] | None = None) -> None:
    """Show `text` on the next page; `action` is a button's label and the address it posts to."""
    messages.success(request, text, extra_tags="|".join(action) if action else "")


def warn(request: HttpRequest, text: str) -> None:
    """Show on the next page why something was not done."""
    messages.error(request, text)
