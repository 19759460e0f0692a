"""Codes of an authenticator app, each taken once.

allauth remembers a code for half a minute, and takes it for one and a half; it remembers it in the
cache, which may forget. So the last half minute that was used is kept with the authenticator
itself, and nothing up to it is taken again (RFC 6238, 5.2).
"""

from typing import Any, cast

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.db import transaction

from hourtab.lib.locking import locked

USED = "used"


class SignInForm(AuthenticateForm):  # type: ignore[misc]
    """A code at signing in."""

    def clean_code(self) -> str:
        """Return the code; refuse one that was used before."""
        return _unused(self, super().clean_code())


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """A code before what cannot be undone."""

    def clean_code(self) -> str:
        """Return the code; refuse one that was used before."""
        return _unused(self, super().clean_code())


def _unused(form: Any, code: str) -> str:
    is_of_an_app = form.authenticator.type == Authenticator.Type.TOTP
    if is_of_an_app and not spend(form.authenticator, code):
        raise get_adapter().validation_error("incorrect_code")
    return code


@transaction.atomic
def spend(authenticator: Authenticator, code: str) -> bool:
    """Use up a code of an app and those before it; False where that was done already."""
    row = locked(Authenticator.objects.all()).get(pk=authenticator.pk)
    data = cast(dict[str, Any], row.data)
    secret = decrypt(data["secret"])
    for counter in yield_hotp_counters_from_time():
        if counter > data.get(USED, -1) and compare_user_code(
            actual=code, expected=format_hotp_value(hotp_value(secret, counter))
        ):
            data[USED] = counter
            row.save(update_fields=["data"])
            return True
    return False
