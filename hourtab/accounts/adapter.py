"""How allauth behaves here."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.utils.translation import gettext as _

from hourtab.lib.notices import warn

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Addresses are kept in lower case, so that one person cannot sign up twice; a mail server that is down is said."""

    def clean_email(self, email: str) -> str:
        """Return the address as it is stored."""
        return str(super().clean_email(email)).lower()

    def send_mail(self, template_prefix: str, email: str, context_: dict[str, Any]) -> None:
        """Send a mail; where the server does not take it, say so on the page instead of breaking it."""
        try:
            super().send_mail(template_prefix, email, context_)
        except (OSError, SMTPException):
            log.exception("A mail could not be sent.")
            if context.request is not None:
                warn(context.request, _("The mail could not be sent just now. Ask for it again in a few minutes."))

    def get_user_search_fields(self) -> list[str]:
        """Search people by what is known of them."""
        return ["email", "name"]

    def populate_username(self, request: Any, user: Any) -> None:
        """Do nothing: people have no user name."""
