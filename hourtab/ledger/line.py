"""What one revision of an entry says, as a value; its digest, and its way into `core`."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import date, time
from typing import Any, NamedTuple

from hourtab.core.document import chain
from hourtab.core.document.chain import iso
from hourtab.core.entries import Entry as CoreEntry
from hourtab.ledger.models import Revision


class Work(NamedTuple):
    """One line of work. `amount` is whole seconds, or hundredths of a counted unit; signed in a
    correction.

    `weight` is in percent, decided when the line is stored, by the rule that `weighted_by` names
    (ledger §2). `posted` is the start of the cycle a late line posts in, None where that is the
    cycle of `on`.
    """

    on: date
    amount: int
    started: time | None = None
    weight: int = 100
    scope: str = "retainer"
    category: str = ""
    project: str = ""
    person: str = ""
    description: str = ""
    outcome: str = ""
    weighted_by: str = ""
    is_withdrawn: bool = False
    posted: date | None = None

    @classmethod
    def of(cls, revision: Revision) -> "Work":
        """Return what `revision` says."""
        return cls(*(getattr(revision, name) for name in cls._fields))

    def withdrawn(self) -> "Work":
        """Return the tombstone of this line."""
        return self._replace(is_withdrawn=True)

    @property
    def weighed_by(self) -> tuple[date, time | None, str]:
        """What decides its weight."""
        return (self.on, self.started, self.category)

    def like(self, before: "Work") -> "Work":
        """Return it with the weight of `before`, where nothing changed that decides it: its day,
        start and kind of work.
        """
        if self.weighed_by != before.weighed_by:
            return self
        return self._replace(weight=before.weight, weighted_by=before.weighted_by)

    @property
    def content(self) -> str:
        """Everything that makes two lines the same line, as one text."""
        return "\0".join(
            (self.on.isoformat(), str(self.started or ""), str(self.amount), *self.texts)
        )

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """The parts that say what, for what, who and how."""
        return (self.category, self.project, self.person, self.description)

    @property
    def figures(self) -> dict[str, Any]:
        """What decides what it charges, as plain values."""
        return {name: getattr(self, name) for name in FIGURES}

    @property
    def began(self) -> int:
        """The microseconds of the day after which it began; -1 where that is unknown, which sorts
        first.
        """
        at = self.started
        return (
            -1
            if at is None
            else ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond
        )

    @property
    def posts_on(self) -> date:
        """A day of the cycle it posts in."""
        return self.posted or self.on

    def texts_digest(self, salt: str) -> str:
        """Return the salted digest of the texts that may have to be erased one day."""
        return chain.texts_digest(salt, self.project, self.person, self.description)

    def digest(self, key: str, number: int, texts: str, corrects: str = "") -> str:
        """Return the digest of this as revision `number` of the entry `key`; `texts` is the digest
        of its texts.
        """
        return chain.revision_digest(
            key,
            number,
            corrects,
            iso(self.on),
            iso(self.started),
            self.amount,
            self.weight,
            self.scope,
            self.outcome,
            self.is_withdrawn,
            iso(self.posted),
            self.category,
            texts,
            self.weighted_by,
        )

    def as_core(self, key: str, corrects: str | None = None) -> CoreEntry:
        """Return it as the calculation takes it."""
        scope: Any = self.scope
        outcome: Any = self.outcome or None
        return CoreEntry(
            key,
            self.on,
            self.amount,
            self.started,
            self.weight,
            scope,
            *self.texts,
            outcome=outcome,
            posted=self.posted,
            corrects=corrects,
        )


FIGURES = ("amount", "weight", "scope", "outcome", "is_withdrawn")


def new_salt() -> str:
    """Return the salt of one revision."""
    return secrets.token_hex(16)


def key_of(content: str, secret: bytes, occurrence: int) -> str:
    """Return the key an entry keeps for ever: the keyed digest of its first content, then its
    occurrence number.
    """
    return numbered(keyed_digest(content, secret), occurrence)


def numbered(digest: str, occurrence: int) -> str:
    """Return the key of the entry with this first digest and occurrence number."""
    return f"{digest}-{occurrence:05d}"


def digester(secret: bytes) -> Callable[[str], str]:
    """Return `keyed_digest` for many contents under one secret."""
    keyed = hashlib.blake2b(key=secret, digest_size=16)

    def digest(content: str) -> str:
        one = keyed.copy()
        one.update(content.encode())
        return one.hexdigest()

    return digest


def keyed_digest(content: str, secret: bytes) -> str:
    """Return a digest that tells nothing about `content` to whoever lacks the workspace's
    `secret`.
    """
    return hashlib.blake2b(content.encode(), key=secret, digest_size=16).hexdigest()
