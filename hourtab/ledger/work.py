"""What one revision of an entry says, as a value; its digest, and its way into `core`."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from hourtab.core.entries import Entry as CoreEntry
from hourtab.ledger.models import Revision


@dataclass(frozen=True, slots=True)
class Work:
    """One line of work. `amount` is whole seconds, or hundredths of a counted unit."""

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
    is_withdrawn: bool = False

    @classmethod
    def of(cls, revision: Revision) -> "Work":
        """Return what `revision` says."""
        return cls(**{name: getattr(revision, name) for name in cls.__slots__})

    def withdrawn(self) -> "Work":
        """Return the tombstone of this line."""
        return replace(self, is_withdrawn=True)

    @property
    def content(self) -> str:
        """Everything that makes two lines the same line, as one text."""
        return "\0".join((self.on.isoformat(), str(self.started or ""), str(self.amount), *self.texts))

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """The parts that say who and what, and may have to be erased one day."""
        return (self.category, self.project, self.person, self.description)

    def digest(self, salt: str) -> str:
        """Return the digest the record keeps: the figures, and the texts as a salted digest of their own."""
        texts = hashlib.sha256("\0".join((salt, *self.texts)).encode()).hexdigest()
        figures = f"{self.on}|{self.started}|{self.amount}|{self.weight}|{self.scope}|{self.outcome}|{self.is_withdrawn:d}|"
        return hashlib.sha256((figures + texts).encode()).hexdigest()

    def as_core(self, key: str) -> CoreEntry:
        """Return it as the calculation takes it."""
        scope: Any = self.scope
        outcome: Any = self.outcome or None
        return CoreEntry(key, self.on, self.amount, self.started, self.weight, scope, *self.texts, outcome=outcome)


def new_salt() -> str:
    """Return the salt of one revision."""
    return secrets.token_hex(16)


def key_of(content: str, secret: bytes, occurrence: int) -> str:
    """Return the key an entry keeps for ever: the keyed digest of its first content, then its occurrence number."""
    return f"{keyed_digest(content, secret)}-{occurrence:05d}"


def keyed_digest(content: str, secret: bytes) -> str:
    """Return a digest that tells nothing about `content` to whoever lacks the workspace's `secret`."""
    return hashlib.blake2b(content.encode(), key=secret, digest_size=16).hexdigest()
