"""What one revision of an entry says, as a value; its digest, and its way into `core`."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from hourtab.core.entries import Entry as CoreEntry
from hourtab.ledger.models import Revision


@lru_cache(maxsize=8192)
def iso(value: date | time | None) -> str:
    """Return a date or time as ISO text, as fast as a log repeats few of them."""
    return str(value)


class Work(NamedTuple):
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
        return cls(*(getattr(revision, name) for name in cls._fields))

    def withdrawn(self) -> "Work":
        """Return the tombstone of this line."""
        return self._replace(is_withdrawn=True)

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
        on, started, amount, weight, scope, category, project, person, description, outcome, is_withdrawn = self
        texts = sha256(f"{salt}\0{category}\0{project}\0{person}\0{description}".encode()).hexdigest()
        figures = f"{iso(on)}|{iso(started)}|{amount}|{weight}|{scope}|{outcome}|{is_withdrawn:d}|{texts}"
        return sha256(figures.encode()).hexdigest()

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
    """Return a digest that tells nothing about `content` to whoever lacks the workspace's `secret`."""
    return hashlib.blake2b(content.encode(), key=secret, digest_size=16).hexdigest()
