"""A link for one person and one decision, and what it decides."""

from django.db import models

from hourtab.lib import tokens
from hourtab.lib.addressed import Addressed


class DecidingLink(Addressed):
    """Somebody who was asked to decide, with a link for that alone.

    `codes` counts the one-time codes that were sent, each of which follows from the nonce; `tries`
    those typed since.
    """

    name = models.CharField(max_length=100)
    to = models.EmailField()
    opened_at = models.DateTimeField(null=True)
    codes = models.PositiveIntegerField(default=0)
    code_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def code(self) -> str:
        """The one-time code that was sent last."""
        return tokens.code_of(b"code" + bytes(self.nonce) + self.codes.to_bytes(4))


class Decidable(models.Model):
    """Something that is decided by such links, once. `late` counts the decisions that came when
    there was nothing to decide any more.
    """

    late = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True
