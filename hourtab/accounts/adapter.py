"""How allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Addresses are kept in lower case, so that one person cannot sign up twice."""

    def clean_email(self, email: str) -> str:
        """Return the address as it is stored."""
        return str(super().clean_email(email)).lower()

    def get_user_search_fields(self) -> list[str]:
        """Search people by what is known of them."""
        return ["email", "name"]

    def populate_username(self, request: Any, user: Any) -> None:
        """Do nothing: people have no user name."""
