"""What reaches a log: lines, or JSON for machines. Never a token, a key, or what somebody wrote."""

import json
import logging
import os
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from hourtab.lane import places

type Raised = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)

LONGEST = 2_000
"""Characters of a message that are logged: whoever sends a long header fills no disk with it."""

_PLACES = "|".join(prefix.replace("/", "(?:/|%2F)") for prefix in places.secret_prefixes())
# Whatever is asked for ends up here, so each of these must take time in proportion to the text. The
# last begins at the beginning of a word only, and gives nothing back (`++`).
_SECRETS = (
    (re.compile(rf"({_PLACES})[^\s/?#,\"'<>]+", re.IGNORECASE), r"\1…"),
    (re.compile(r"\bht_[A-Za-z0-9_-]{8,}"), "ht_…"),
    (re.compile(r"(?<=[\w/…])\?[^\s\"'<>]+"), "?…"),
    (
        re.compile(r"(?<![^\s@<>\"'(),:;])[^\s@<>\"'(),:;]++@[^\s@<>\"'(),:;]+\.\w+"),
        "…@…",
    ),
)
_HOUSE = str(Path(__file__).parent.parent)
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def masked(text: str) -> str:
    """Return a text without the secret part of addresses, keys, query strings and e-mail
    addresses.
    """
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def shortened(text: str) -> str:
    """Return the beginning of a text; a word is not cut in two, as half an address would not be
    known for one.
    """
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST]
    whole = kept.rstrip() if text[LONGEST].isspace() else kept.rpartition(" ")[0]
    return f"{whole} … ({len(text)} characters)"


def told(error: BaseException) -> str:
    """Return the kind of an exception and where it came from, as a traceback: our own frames, and
    the one it was raised in.

    Its message is left out, whatever its kind: even an `AttributeError` may name what somebody
    sent. Of what the system refused its number is told in the system's own words.
    """
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    parts = []
    for one in reversed(chain):
        found = traceback.extract_tb(one.__traceback__)
        ours = [frame for frame in found[:-1] if frame.filename.startswith(_HOUSE)]
        frames = "".join(traceback.format_list([*ours, *found[-1:]]))
        kind = f"{type(one).__module__}.{type(one).__qualname__}".removeprefix("builtins.")
        parts.append(f"Traceback (most recent call last):\n{frames}{kind}{_of_the_system(one)}")
    return "\n\n".join(parts)


def _of_the_system(error: BaseException) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return f": {os.strerror(number)}" if isinstance(number, int) and number > 0 else ""


def message_of(record: logging.LogRecord) -> str:
    """Return what a record says. asyncio goes on with the exception itself, and what that says."""
    said = record.getMessage()
    return said.partition("\n")[0] if record.name == "asyncio" else said


class Masked(logging.Formatter):
    """A line for people, masked."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line without what follows it."""
        record.message = message_of(record)
        return masked(shortened(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return a traceback without the message of the exception."""
        return masked(told(ei[1])) if ei[1] is not None else ""


class Json(logging.Formatter):
    """One JSON object a line: `at` (UTC), `level`, `logger`, `message`, `error` with its traceback,
    and what `extra` named.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(shortened(message_of(record))),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = masked(told(record.exc_info[1]))
        more = {name: value for name, value in vars(record).items() if name not in _OWN}
        said |= {
            name: value for name, value in more.items() if isinstance(value, int | float | bool)
        }
        said |= {
            name: masked(shortened(value)) for name, value in more.items() if isinstance(value, str)
        }
        return json.dumps(said, ensure_ascii=False)
