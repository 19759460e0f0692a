"""Rows that somebody reaches by a secret address of their own, without signing in."""

import secrets
from typing import Any, ClassVar, Self

from django.db import models

from hourtab.lib import tokens


def new_nonce() -> bytes:
    """Return what a token follows from."""
    return secrets.token_bytes(16)


class Addressed(models.Model):
    """A row with an address. The row alone reveals no working one (see `tokens`).

    `PURPOSE` keeps the tokens of one kind apart from those of another; `PLACE` is where their
    addresses begin.
    """

    PURPOSE: ClassVar[bytes]
    PLACE: ClassVar[str]

    nonce = models.BinaryField(default=new_nonce, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row, a new one with the digest of its token."""
        self.addressed()
        super().save(*args, **kwargs)

    def addressed(self) -> Self:
        """Return the row with the digest of its token: what stores many at once calls."""
        self.token_digest = self.token_digest or tokens.digest_of(self.token)
        return self

    @property
    def token(self) -> str:
        """The secret part of the address, derived anew each time."""
        return tokens.token_of(self.PURPOSE + bytes(self.nonce))

    @property
    def path(self) -> str:
        """The address without the site."""
        return f"{self.PLACE}{self.token}"


def reached_by[M: Addressed](token: str, rows: models.QuerySet[M]) -> M | None:
    """Return which of `rows` a token belongs to; None for any other."""
    if not tokens.PATTERN.fullmatch(token):
        return None
    return rows.filter(token_digest=tokens.digest_of(token)).first()
